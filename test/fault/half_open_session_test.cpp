// Sessions that the server takes for alive although their client is gone: they hold the commit
// token, and whoever resolves it waits for them, or ends them, but not for ever.
#include "proxied_test.hpp"
#include "support/waiters.hpp"

#include <future>
#include <thread>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;

class HalfOpenSession : public proxied_test {
protected:
    // A unit with this token whose COMMIT waits in the network, and whose client cannot ask.
    std::future<void> strand(std::string const& token)
    {
        lose({.what = fault::hold, .hold = until_told});
        proxy_->refuse_after(0);
        auto how = certain();
        how.token = token;
        auto stranded = std::async(std::launch::async, [this, how] { issue(how); });
        while (proxy_->fired() == 0)
            std::this_thread::yield();
        return stranded;
    }
};

TEST_P(HalfOpenSession, WhoseCommitNeverArrivesIsEndedByItsOwnClient)
{
    lose({.what = fault::hold, .hold = until_told});
    issue(certain());
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(HalfOpenSession, IsEndedAlsoWhenResolvingIsLostTwiceMore)
{
    lose({.what = fault::hold, .hold = until_told});
    proxy_->arm({.when_sent = "", .what = fault::stop});
    proxy_->arm({.when_sent = "tiebreak_commits", .what = fault::drop_reply});
    issue(certain());
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(proxy_->fired(), 3);
}

TEST_P(HalfOpenSession, ThatSomebodyElseAsksAboutIsWaitedForAndCommits)
{
    auto stranded = strand("held");
    auto fate = std::async(std::launch::async, [&] {
        auto other = fresh().open();
        return resolve_commit(other, "held");
    });
    while (!somebody_waits(db()))
        std::this_thread::sleep_for(between_looks);
    proxy_->deliver();
    EXPECT_EQ(fate.get(), commit_fate::committed);
    proxy_->accept_again();
    EXPECT_NO_THROW(stranded.get()) << "its own client finds out, too";
    EXPECT_EQ(issued(), 1);
}

TEST_P(HalfOpenSession, ThatNeverEndsLeavesWhoAsksWithAnAnswerInTime)
{
    auto stranded = strand("held");
    auto const failure =
        error_of([&] { static_cast<void>(resolve_commit(db(), "held", milliseconds{300})); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::commit_unknown);
    proxy_->accept_again();
    auto const given_up = error_of([&] { stranded.get(); });
    ASSERT_TRUE(given_up) << "its own client has ended the session, and the token is used up";
    EXPECT_EQ(given_up->code(), errc::attempts_exhausted);
    EXPECT_EQ(resolve_commit(db(), "held"), commit_fate::never);
    EXPECT_EQ(issued(), 0);
}

TEST_P(HalfOpenSession, OnALinkThatFallsSilentAtCommitIsGivenUpAndEnded)
{
    lose({.what = fault::swallow});
    issue(certain());
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(HalfOpenSession, BehindANetworkThatStaysSilentIsUnknownInTimeAndResolvedLater)
{
    lose({.what = fault::swallow});
    auto how = certain();
    how.retry = retry_policy{.deadline = milliseconds{200}};
    how.token = "lost";
    auto stranded = std::async(std::launch::async, [&] { issue(how); });
    while (proxy_->fired() == 0)
        std::this_thread::yield();
    proxy_->fall_silent();
    auto const failure = error_of([&] { stranded.get(); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::commit_unknown);
    proxy_->accept_again();
    EXPECT_EQ(resolve_commit(db(), "lost"), commit_fate::never);
    EXPECT_EQ(issued(), 0);
}

// The limit is 5 minutes unless somebody sets another; here the unit does.
TEST_P(HalfOpenSession, ThatHoldsARowIsEndedByTheLimitOfIdleTransactions)
{
    auto const limit = db().engine() == "mariadb"
                           ? "SET SESSION idle_transaction_timeout = 1"
                           : "SET SESSION idle_in_transaction_session_timeout = '500ms'";
    std::promise<void> holds;
    std::promise<void> over;
    auto gone = std::async(std::launch::async, [&] {
        return error_of([&] {
            far_->transact(
                [&](unit_of_work& work) {
                    work.execute(limit);
                    work.load<coupon>(row_.id, lock_mode::pessimistic_write).issued_quantity += 100;
                    proxy_->fall_silent();
                    holds.set_value();
                    over.get_future().wait();
                },
                {.retry = retry_presets::once});
        });
    });
    holds.get_future().wait();
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id, lock_mode::pessimistic_write).issued_quantity += 1;
    });
    proxy_->accept_again();
    over.set_value();
    auto const failure = gone.get();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::attempts_exhausted);
    EXPECT_EQ(issued(), 1);
}

TEST_P(HalfOpenSession, OfAUnitThatReadsInVainEndsWithATypedError)
{
    proxy_->fall_silent();
    auto const failure =
        error_of([&] { issue({.retry = retry_policy{.deadline = milliseconds{200}}}); });
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->code() == errc::deadline_exceeded) << failure->what();
    proxy_->accept_again();
    issue({});
    EXPECT_EQ(issued(), 1) << "the dead connection was replaced";
}

TIEBREAK_ON_SERVERS(HalfOpenSession);

}  // namespace

}  // namespace tiebreak::test
