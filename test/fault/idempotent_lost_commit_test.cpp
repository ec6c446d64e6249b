// Answers lost between client and server while a call with a key is at work: each call ends with
// the truth, nothing is done twice, and no key is lost or stuck.
#include "proxied_test.hpp"
#include "support/idempotent.hpp"

#include <random>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;

class IdempotentLostCommit : public proxied_test {
protected:
    void SetUp() override
    {
        proxied_test::SetUp();
        calls_ = std::make_unique<idempotency>(*far_);
    }

    void TearDown() override
    {
        calls_.reset();
        proxied_test::TearDown();
    }

    [[nodiscard]] idempotency::work_body issues()
    {
        return [this](unit_of_work& work) {
            work.load<coupon>(row_.id).issued_quantity += 1;
            return keep(answer_of("issued"));
        };
    }

    void expect_executed_once(std::string const& key)
    {
        auto const before = issued();
        auto const result = calls_->run(request_of(key), issues());
        EXPECT_EQ(result.how, idempotent_outcome::executed);
        EXPECT_EQ(result.answer, answer_of("issued"));
        EXPECT_EQ(issued(), before + 1);
        auto const again = calls_->run(request_of(key), must_not_run());
        EXPECT_EQ(again.how, idempotent_outcome::replayed);
        EXPECT_EQ(again.answer, answer_of("issued"));
    }

    std::unique_ptr<idempotency> calls_;
};

TEST_P(IdempotentLostCommit, WhoseReplyWasLostIsASuccess)
{
    lose({.what = fault::drop_reply});
    expect_executed_once("k");
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(IdempotentLostCommit, ThatNeverArrivedIsRunAgain)
{
    lose({.what = fault::stop});
    expect_executed_once("k");
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(IdempotentLostCommit, ThatArrivesLateIsWaitedFor)
{
    lose({.what = fault::hold, .hold = milliseconds{100}});
    expect_executed_once("k");
    EXPECT_EQ(proxy_->fired(), 1);
}

TEST_P(IdempotentLostCommit, OfWorkWithoutAStatementIsResolvedToo)
{
    for (auto const what : {fault::drop_reply, fault::stop, fault::hold}) {
        auto const key = std::to_string(static_cast<int>(what));
        lose({.what = what, .hold = milliseconds{50}});
        auto const result = calls_->run(
            request_of(key), [](unit_of_work&) { return keep(answer_of("refused", 409)); });
        EXPECT_EQ(result.how, idempotent_outcome::executed);
        EXPECT_EQ(calls_->run(request_of(key), must_not_run()).answer, answer_of("refused", 409));
    }
    EXPECT_EQ(key_rows(db()), 3);
}

TEST_P(IdempotentLostCommit, WhoseAnswerIsCutAnywhereIsOneSuccess)
{
    for (std::size_t bytes = 0; bytes < 40; bytes += 3) {
        lose({.what = fault::cut_reply, .bytes = bytes});
        expect_executed_once(std::to_string(bytes));
    }
}

TEST_P(IdempotentLostCommit, OfTheOnlyAttemptThatIsAllowedIsResolved)
{
    idempotency const once(*far_, {.retry = retry_presets::once});
    lose({.what = fault::drop_reply});
    EXPECT_EQ(once.run(request_of("done"), issues()).how, idempotent_outcome::executed);
    EXPECT_EQ(issued(), 1);
    lose({.what = fault::stop});
    auto const failure =
        error_of([&] { static_cast<void>(once.run(request_of("not done"), issues())); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::attempts_exhausted);
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(key_rows(db()), 1);
    EXPECT_EQ(once.run(request_of("not done"), issues()).how, idempotent_outcome::executed);
    EXPECT_EQ(issued(), 2);
}

TEST_P(IdempotentLostCommit, WithoutADatabaseIsUnknownAndTheSameKeyTellsLater)
{
    idempotency const brief(*far_, {.retry = retry_policy{.deadline = milliseconds{200}}});
    lose({.what = fault::drop_reply});
    std::thread cutting([&] {
        while (proxy_->fired() == 0)
            std::this_thread::yield();
        proxy_->refuse();
    });
    auto const failure = error_of([&] { static_cast<void>(brief.run(request_of("k"), issues())); });
    cutting.join();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::commit_unknown);
    proxy_->accept_again();
    auto const later = calls_->run(request_of("k"), must_not_run());
    EXPECT_EQ(later.how, idempotent_outcome::replayed);
    EXPECT_EQ(later.answer, answer_of("issued"));
    EXPECT_EQ(issued(), 1);
}

TEST_P(IdempotentLostCommit, OfAClaimDoesNotMakeItSomebodyElses)
{
    for (auto const what : {fault::drop_reply, fault::stop, fault::hold}) {
        auto const key = "claim" + std::to_string(static_cast<int>(what));
        static_cast<void>(far_->engine_version());
        lose({.what = what, .hold = milliseconds{50}}, key.c_str());
        auto const claimed = calls_->claim(request_of(key));
        ASSERT_TRUE(std::holds_alternative<idempotent_work>(claimed));
        auto const& work = std::get<idempotent_work>(claimed);
        EXPECT_EQ(work.epoch, 1);
        EXPECT_EQ(calls_->finish(work, issues()).how, idempotent_outcome::executed);
    }
    EXPECT_EQ(proxy_->fired(), 3);
    EXPECT_EQ(issued(), 3);
}

TEST_P(IdempotentLostCommit, OfAFinishIsResolvedByTheEpoch)
{
    for (auto const what : {fault::drop_reply, fault::stop, fault::hold}) {
        auto const before = issued();
        auto const key = std::to_string(static_cast<int>(what));
        auto const claimed = calls_->claim(request_of(key));
        lose({.what = what, .hold = milliseconds{50}});
        auto const result = calls_->finish(std::get<idempotent_work>(claimed), issues());
        EXPECT_EQ(result.how, idempotent_outcome::executed);
        EXPECT_EQ(result.answer, answer_of("issued"));
        EXPECT_EQ(issued(), before + 1);
        EXPECT_EQ(std::get<idempotent_result>(calls_->claim(request_of(key))).answer,
                  answer_of("issued"));
    }
}

// Faults of every kind at every COMMIT, more of them at whatever comes next, and clients that send
// the same key again until they have an answer.
TEST_P(IdempotentLostCommit, InTwoHundredSchedulesEveryKeyIsOneEffectAndOneAnswer)
{
    constexpr int schedules = 200;
    std::mt19937 random(20261128);
    auto const below = [&](unsigned n) { return random() % n; };
    int unanswered = 0;
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
            rule.bytes = below(60);
            break;
        }
        lose(rule, below(3) == 0 ? "tiebreak_idempotency" : "COMMIT");
        for (auto more = below(3); more > 0; --more)
            lose({.what = below(2) == 0 ? fault::stop : fault::drop_reply},
                 below(2) == 0 ? "" : "COMMIT");
        auto const request = request_of(std::to_string(i));
        auto const work = [&](unit_of_work& unit) {
            unit.load<coupon>(row_.id).issued_quantity += 1;
            return keep(answer_of(std::to_string(i)));
        };
        for (bool answered = false; !answered;) {
            try {
                auto const result = calls_->run(request, work);
                answered = result.how != idempotent_outcome::in_progress;
                if (answered) {
                    EXPECT_EQ(result.answer, answer_of(std::to_string(i)));
                }
            } catch (error const& failure) {
                EXPECT_EQ(failure.code(), errc::commit_unknown) << failure.what();
                ++unanswered;
            }
        }
        EXPECT_EQ(issued(), i + 1);
    }
    EXPECT_EQ(unanswered, 0);
    EXPECT_EQ(key_rows(db()), schedules);
}

TIEBREAK_ON_SERVERS(IdempotentLostCommit);

}  // namespace

}  // namespace tiebreak::test
