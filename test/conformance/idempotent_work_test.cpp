// An effect outside: the claim is committed first, completed by the work's commit, and fenced.
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/idempotent.hpp"

#include <stdexcept>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class IdempotentWork : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        install(db());
        create_shop(db());
        calls_ = std::make_unique<idempotency>(db());
    }

    void TearDown() override
    {
        calls_.reset();
        engine_test::TearDown();
    }

    [[nodiscard]] idempotency const& calls() const { return *calls_; }

    [[nodiscard]] idempotent_work claimed(idempotent_request const& request)
    {
        auto answer = calls().claim(request);
        if (!std::holds_alternative<idempotent_work>(answer))
            throw std::runtime_error("the test could not claim its key");
        return std::get<idempotent_work>(std::move(answer));
    }

    [[nodiscard]] idempotent_result refused(idempotent_request const& request)
    {
        auto answer = calls().claim(request);
        if (!std::holds_alternative<idempotent_result>(answer))
            throw std::runtime_error("the key could be claimed");
        return std::get<idempotent_result>(std::move(answer));
    }

    // A claim, its owner's death, and the takeover.
    [[nodiscard]] std::pair<idempotent_work, idempotent_work> overtaken()
    {
        auto dead = claimed(request_of("k"));
        let_pass(db(), seconds{61});
        auto next = claimed(request_of("k"));
        return {std::move(dead), std::move(next)};
    }

    captured_log log_;
    std::unique_ptr<idempotency> calls_;
};

TEST_P(IdempotentWork, IsClaimedOnceAndAnswersWhileInProgress)
{
    auto const work = claimed(request_of("k", "1"));
    EXPECT_EQ(work.epoch, 1);
    EXPECT_FALSE(work.taken_over);
    EXPECT_EQ(refused(request_of("k", "1")).how, idempotent_outcome::in_progress);
    EXPECT_EQ(refused(request_of("k", "2")).how, idempotent_outcome::reused);
    EXPECT_EQ(calls().run(request_of("k", "1"), must_not_run()).how,
              idempotent_outcome::in_progress);
    EXPECT_EQ(calls().run(request_of("k", "2"), must_not_run()).how, idempotent_outcome::reused);
}

TEST_P(IdempotentWork, IsFinishedByItsCommitAndReplayed)
{
    auto const work = claimed(request_of("k"));
    auto const result = calls().finish(work, adds_setting("a"));
    EXPECT_EQ(result.how, idempotent_outcome::executed);
    EXPECT_EQ(result.answer, answer_of("a"));
    auto const again = refused(request_of("k"));
    EXPECT_EQ(again.how, idempotent_outcome::replayed);
    EXPECT_EQ(again.answer, answer_of("a"));
    EXPECT_EQ(refused(request_of("k", "other")).how, idempotent_outcome::reused);
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentWork, ThatFailsToCommitStaysClaimed)
{
    auto const work = claimed(request_of("k"));
    EXPECT_THROW(static_cast<void>(calls().finish(work,
                                                  [](unit_of_work& unit) -> idempotent_verdict {
                                                      unit.insert(setting{.name = "half"});
                                                      throw std::runtime_error("on purpose");
                                                  })),
                 std::runtime_error);
    EXPECT_EQ(rows_of<setting>(db()), 0);
    EXPECT_EQ(refused(request_of("k")).how, idempotent_outcome::in_progress);
    EXPECT_EQ(calls().finish(work, adds_setting("a")).how, idempotent_outcome::executed);
}

TEST_P(IdempotentWork, ThatIsNotKeptCommitsWhatItWroteAndCanBeClaimedAgain)
{
    auto const work = claimed(request_of("k"));
    auto const result = calls().finish(work, [](unit_of_work& unit) {
        unit.insert(setting{.name = "declined once"});
        return do_not_keep(answer_of("provider away", 502));
    });
    EXPECT_EQ(result.how, idempotent_outcome::executed);
    EXPECT_EQ(result.answer.status, 502);
    EXPECT_TRUE(is_stored<setting>(db(), "declined once"));
    EXPECT_EQ(key_rows(db()), 0);
    EXPECT_EQ(claimed(request_of("k")).epoch, 1);
}

TEST_P(IdempotentWork, CanBeGivenBack)
{
    auto const work = claimed(request_of("k"));
    EXPECT_EQ(calls().release(work), outcome::won);
    EXPECT_EQ(calls().release(work), outcome::lost);
    EXPECT_EQ(key_rows(db()), 0);
    static_cast<void>(claimed(request_of("k")));
    EXPECT_EQ(calls().release(work), outcome::lost);
    EXPECT_EQ(key_rows(db()), 1);
}

TEST_P(IdempotentWork, OfADeadOwnerIsTakenOverAfterItsDeadline)
{
    auto work = claimed(request_of("k"));
    EXPECT_EQ(calls().note(work, "charged: 42"), outcome::won);
    let_pass(db(), seconds{50});
    EXPECT_EQ(refused(request_of("k")).how, idempotent_outcome::in_progress);
    let_pass(db(), seconds{11});
    EXPECT_EQ(refused(request_of("k", "other")).how, idempotent_outcome::reused);
    auto const next = claimed(request_of("k"));
    EXPECT_TRUE(next.taken_over);
    EXPECT_EQ(next.epoch, 2);
    EXPECT_EQ(next.progress, "charged: 42");
    EXPECT_EQ(next.downstream_key("charge"), work.downstream_key("charge"));
    EXPECT_NE(next.downstream_key("charge"), next.downstream_key("refund"));
    EXPECT_EQ(refused(request_of("k")).how, idempotent_outcome::in_progress);
}

TEST_P(IdempotentWork, OfAnOvertakenOwnerChangesNothing)
{
    auto [dead, next] = overtaken();
    EXPECT_EQ(calls().finish(dead, adds_setting("late")).how, idempotent_outcome::in_progress);
    EXPECT_EQ(calls().note(dead, "late"), outcome::lost);
    EXPECT_EQ(dead.progress, "");
    EXPECT_EQ(calls().extend(dead), outcome::lost);
    EXPECT_EQ(calls().release(dead), outcome::lost);
    EXPECT_FALSE(is_stored<setting>(db(), "late"));
    EXPECT_EQ(calls().finish(next, adds_setting("next")).how, idempotent_outcome::executed);
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentWork, OfAnOvertakenOwnerGetsTheWinnersAnswer)
{
    auto const [dead, next] = overtaken();
    static_cast<void>(calls().finish(next, adds_setting("next")));
    auto const late = calls().finish(dead, adds_setting("late"));
    EXPECT_EQ(late.how, idempotent_outcome::replayed);
    EXPECT_EQ(late.answer, answer_of("next"));
    EXPECT_FALSE(is_stored<setting>(db(), "late"));
}

TEST_P(IdempotentWork, ThatNobodyTookOverCanFinishLate)
{
    auto const work = claimed(request_of("k"));
    let_pass(db(), seconds{3'000});
    EXPECT_EQ(calls().finish(work, adds_setting("a")).how, idempotent_outcome::executed);
    EXPECT_EQ(refused(request_of("k")).answer, answer_of("a"));
}

TEST_P(IdempotentWork, IsKeptByExtendingIt)
{
    auto const work = claimed(request_of("k"));
    let_pass(db(), seconds{61});
    EXPECT_EQ(calls().extend(work), outcome::won);
    EXPECT_EQ(refused(request_of("k")).how, idempotent_outcome::in_progress);
}

TEST_P(IdempotentWork, OfADeadOwnerCanRunInOneTransactionToo)
{
    auto const dead = claimed(request_of("k"));
    let_pass(db(), seconds{61});
    EXPECT_EQ(calls().run(request_of("k"), adds_setting("a")).how, idempotent_outcome::executed);
    EXPECT_EQ(calls().finish(dead, adds_setting("late")).answer, answer_of("a"));
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentWork, IsRecoveredByRouteOldestFirst)
{
    auto elsewhere = request_of("other route");
    elsewhere.route = "POST /refunds";
    static_cast<void>(claimed(elsewhere));
    auto old = claimed(request_of("old"));
    static_cast<void>(calls().note(old, "how far it was"));
    let_pass(db(), seconds{60});
    static_cast<void>(claimed(request_of("middle")));
    let_pass(db(), seconds{61});
    static_cast<void>(claimed(request_of("alive")));
    static_cast<void>(calls().finish(claimed(request_of("done")), adds_setting("done")));

    std::vector<idempotent_work> found;
    auto const collect = [&](idempotent_work const& work) { found.push_back(work); };
    EXPECT_EQ(calls().recover("POST /orders", collect, 1), 1);
    EXPECT_EQ(calls().recover("POST /orders", collect), 1);
    EXPECT_EQ(calls().recover("POST /orders", collect), 0);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].request.key, "old");
    EXPECT_EQ(found[0].progress, "how far it was");
    EXPECT_EQ(found[0].request.fingerprint, request_of("old").fingerprint);
    EXPECT_EQ(found[1].request.key, "middle");
    EXPECT_EQ(calls().finish(found[0], adds_setting("old")).how, idempotent_outcome::executed);
    EXPECT_EQ(refused(request_of("old")).answer, answer_of("old"));
}

TEST_P(IdempotentWork, IsClaimedByOneOfManyThreads)
{
    constexpr int threads = 8;
    for (int round = 0; round < 10; ++round) {
        auto const request = request_of(std::to_string(round));
        for (bool const again : {false, true}) {
            std::atomic<int> won{0};
            run_together(threads, [&](int) {
                auto const answer = calls().claim(request);
                won += std::holds_alternative<idempotent_work>(answer) ? 1 : 0;
            });
            EXPECT_EQ(won, 1) << (again ? "taking over" : "claiming");
            let_pass(db(), seconds{61});
        }
    }
}

TEST_P(IdempotentWork, InsideAUnitIsRefused)
{
    auto const work = claimed(request_of("k"));
    EXPECT_THROW(
        db().transact([&](unit_of_work&) { static_cast<void>(calls().claim(request_of("l"))); }),
        std::logic_error);
    EXPECT_THROW(db().transact([&](unit_of_work&) {
        static_cast<void>(calls().finish(work, must_not_run()));
    }),
                 std::logic_error);
    EXPECT_THROW(db().transact([&](unit_of_work&) { static_cast<void>(calls().release(work)); }),
                 std::logic_error);
}

TIEBREAK_ON_ALL_ENGINES(IdempotentWork);

class IdempotencyPurge : public IdempotentWork {};

TEST_P(IdempotencyPurge, RemovesAnswersWhoseRetentionIsOver)
{
    static_cast<void>(calls().run(request_of("old"), adds_setting("old")));
    let_pass(db(), std::chrono::hours{24});
    static_cast<void>(calls().run(request_of("new"), adds_setting("new")));
    EXPECT_EQ(calls().run(request_of("old"), must_not_run()).how, idempotent_outcome::replayed);
    EXPECT_EQ(purge_idempotency(db()), 1);
    EXPECT_EQ(purge_idempotency(db()), 0);
    EXPECT_EQ(key_rows(db()), 1);
    EXPECT_EQ(calls().run(request_of("new"), must_not_run()).how, idempotent_outcome::replayed);
    EXPECT_EQ(calls().run(request_of("old"), adds_setting("again")).how,
              idempotent_outcome::executed);
}

TEST_P(IdempotencyPurge, KeepsClaimsThatNobodyFinishedForLonger)
{
    static_cast<void>(claimed(request_of("k")));
    let_pass(db(), std::chrono::hours{24 * 30});
    EXPECT_EQ(purge_idempotency(db()), 0);
    EXPECT_EQ(key_rows(db()), 1);
    let_pass(db(), std::chrono::hours{24});
    EXPECT_EQ(purge_idempotency(db()), 1);
    static_cast<void>(claimed(request_of("k")));
    let_pass(db(), std::chrono::hours{24});
    EXPECT_EQ(purge_idempotency(db(), {.abandoned_for = std::chrono::hours{0}}), 1);
}

TEST_P(IdempotencyPurge, WorksInBatchesAndTakesThePartsOfAnswersAlong)
{
    constexpr int keys = 25;
    idempotency const small(db(), {.body_bytes_max = 1024});
    for (int i = 0; i < keys; ++i) {
        auto const name = std::to_string(i);
        static_cast<void>(small.run(request_of(name), [&](unit_of_work&) {
            return keep(answer_of(std::string(2'000, 'x')));
        }));
    }
    auto const parts = [&] {
        return db().read([](snapshot& view) {
            return view.query<std::int64_t>("SELECT COUNT(*) FROM tiebreak_answer_parts").front();
        });
    };
    EXPECT_EQ(parts(), keys);
    let_pass(db(), std::chrono::hours{24});
    EXPECT_EQ(small.run(request_of("0"), must_not_run()).answer.body.size(), 2'000U);
    EXPECT_EQ(purge_idempotency(db(), {.batch = 10}), keys);
    EXPECT_EQ(key_rows(db()), 0);
    let_pass(db(), std::chrono::hours{1});
    EXPECT_EQ(purge_idempotency(db(), {.batch = 10}), 0);
    EXPECT_EQ(parts(), 0);
}

TEST_P(IdempotencyPurge, RefusesOptionsOutOfRange)
{
    EXPECT_THROW((void)purge_idempotency(db(), {.batch = 0}), std::invalid_argument);
    EXPECT_THROW((void)purge_idempotency(db(), {.abandoned_for = std::chrono::hours{-1}}),
                 std::invalid_argument);
}

TIEBREAK_ON_ALL_ENGINES(IdempotencyPurge);

}  // namespace

}  // namespace tiebreak::test
