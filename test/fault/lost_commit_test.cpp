// Commits whose answer is lost between client and server: with a commit token each is told apart,
// never done twice and never reported as failed when it was done.
#include "proxied_test.hpp"

#include <random>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;

class LostCommit : public proxied_test {};

TEST_P(LostCommit, WithoutATokenIsUnknownAndNotRunAgain)
{
    lose({.what = fault::drop_reply});
    EXPECT_EQ(error_of([&] { issue({}); })->code(), errc::commit_unknown);
    EXPECT_EQ(issued(), 1);
    lose({.what = fault::stop});
    EXPECT_EQ(error_of([&] { issue({}); })->code(), errc::commit_unknown);
    EXPECT_EQ(issued(), 1);
    issue({});
    EXPECT_EQ(issued(), 2);
}

TEST_P(LostCommit, WhoseReplyWasLostIsASuccess)
{
    lose({.what = fault::drop_reply});
    issue(certain());
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(LostCommit, ThatNeverArrivedIsRunAgain)
{
    lose({.what = fault::stop});
    issue(certain());
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(LostCommit, ThatArrivesWhileItIsAskedForIsWaitedFor)
{
    lose({.what = fault::hold, .hold = milliseconds{100}});
    issue(certain());
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(LostCommit, WhoseAnswerIsCutAnywhereIsOneSuccess)
{
    for (std::size_t bytes = 0; bytes < 12; ++bytes) {
        lose({.what = fault::cut_reply, .bytes = bytes});
        issue(certain());
        EXPECT_EQ(issued(), static_cast<std::int64_t>(bytes) + 1) << "cut after " << bytes;
    }
}

TEST_P(LostCommit, IsResolvedAlsoWhenThatIsLostTwiceMore)
{
    for (auto const what : {fault::drop_reply, fault::stop}) {
        auto const before = issued();
        lose({.what = what});
        proxy_->arm({.when_sent = "", .what = fault::stop});
        proxy_->arm({.when_sent = "tiebreak_commits", .what = fault::drop_reply});
        issue(certain());
        EXPECT_EQ(issued(), before + 1);
    }
    EXPECT_EQ(proxy_->fired(), 6);
}

TEST_P(LostCommit, WithAGivenTokenCanBeAskedForByAnybody)
{
    lose({.what = fault::drop_reply});
    auto how = certain();
    how.token = "first";
    issue(how);
    EXPECT_EQ(resolve_commit(db(), "first"), commit_fate::committed);
    lose({.what = fault::stop});
    how.token = "second";
    auto const failure = error_of([&] { issue(how); });
    EXPECT_EQ(failure->code(), errc::attempts_exhausted);
    EXPECT_EQ(failure->last()->code(), errc::unavailable);
    EXPECT_EQ(resolve_commit(db(), "second"), commit_fate::never);
    EXPECT_EQ(issued(), 1);
}

TEST_P(LostCommit, BeyondTheDeadlineIsUnknownAndResolvedLater)
{
    lose({.what = fault::drop_reply});
    auto how = certain();
    how.retry = retry_policy{.deadline = milliseconds{200}};
    how.token = "third";
    std::thread cutting([&] {
        while (proxy_->fired() == 0)
            std::this_thread::yield();
        proxy_->refuse();
    });
    auto const failure = error_of([&] { issue(how); });
    cutting.join();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::commit_unknown);
    proxy_->accept_again();
    EXPECT_EQ(resolve_commit(*far_, "third"), commit_fate::committed);
    EXPECT_EQ(issued(), 1);
}

// A connection for later cannot be made: that must not make the commit look like a failure, which
// would be run again.
TEST_P(LostCommit, IsDoneOnceAlsoWhenTheServerIsAwayRightAfterwards)
{
    lose({.what = fault::drop_reply});
    proxy_->refuse_after(1);
    issue(certain());
    EXPECT_EQ(issued(), 1);
    proxy_->accept_again();
    issue(certain());
    EXPECT_EQ(issued(), 2);
}

// Without a word about it in the call: by the database's option, and for repositories, too.
TEST_P(LostCommit, IsFoundOutAboutWhereTheDatabaseAsksForIt)
{
    far_ = std::make_unique<database>(proxy_->through(fresh().url("certainty=commit_token")),
                                      database_options{.connections_max = 2});
    repository<coupon> const coupons(*far_);
    std::int64_t done = 0;
    for (auto const what : {fault::drop_reply, fault::stop}) {
        lose({.what = what});
        issue({});
        EXPECT_EQ(issued(), ++done);
        lose({.what = what});
        EXPECT_EQ(coupons.update_if(row_.id,
                                    field<&coupon::issued_quantity> == done,
                                    field<& coupon::issued_quantity> += 1),
                  outcome::won);
        EXPECT_EQ(issued(), ++done);
    }
    EXPECT_EQ(proxy_->fired(), 4);
    lose({.what = fault::drop_reply});
    EXPECT_EQ(error_of([&] { issue({.certainty = commit_certainty::as_answered}); })->code(),
              errc::commit_unknown);
}

// Faults of every kind at every COMMIT, some of them again while resolving.
TEST_P(LostCommit, InThreeHundredSchedulesNothingIsLostDoubledOrUnknown)
{
    constexpr int schedules = 300;
    std::mt19937 random(20261121);
    auto const below = [&](unsigned n) { return random() % n; };
    int acknowledged = 0;
    int unknown = 0;
    for (int i = 0; i < schedules; ++i) {
        fault_rule rule;
        switch (below(4)) {
        case 0: rule.what = fault::stop; break;
        case 1: rule.what = fault::drop_reply; break;
        case 2:
            rule.what = fault::hold;
            rule.hold = milliseconds{1 + below(30)};
            break;
        default:
            rule.what = fault::cut_reply;
            rule.bytes = below(20);
            break;
        }
        lose(rule);
        for (auto more = below(3); more > 0; --more)
            proxy_->arm({.when_sent = below(2) == 0 ? "" : "tiebreak_commits",
                         .what = below(2) == 0 ? fault::stop : fault::drop_reply});
        try {
            issue(certain());
            ++acknowledged;
        } catch (error const& failure) {
            EXPECT_EQ(failure.code(), errc::commit_unknown) << failure.what();
            ++unknown;
        }
    }
    EXPECT_EQ(unknown, 0);
    EXPECT_EQ(acknowledged, schedules);
    EXPECT_EQ(issued(), acknowledged);
    EXPECT_EQ(stored<coupon>(db(), row_.id).version.value(), acknowledged + 1);
    EXPECT_GE(proxy_->fired(), schedules);
}

TIEBREAK_ON_SERVERS(LostCommit);

}  // namespace

}  // namespace tiebreak::test
