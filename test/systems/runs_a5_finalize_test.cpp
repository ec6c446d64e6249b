// A5: finalising has exactly one winner and charges exactly once, in both strategies; the control
// shows what happens without the fence.
#include "finalize_test.hpp"
#include "support/barrier.hpp"

#include <atomic>
#include <thread>

namespace tiebreak::test {

namespace {

using runs::entry_kind;
using runs::finalize;
using runs::finalize_stage;

TEST_P(A5, TheOwnerEndsTheRunAndIsChargedWhatItCost)
{
    for (auto const how : exact_ways) {
        auto const mine = claimed();
        auto const answer = finalize(db(), finalize_of(mine), {.how = how});
        ASSERT_TRUE(is<runs::finalized>(answer));
        EXPECT_FALSE(std::get<runs::finalized>(answer).replayed);
        auto const now = row_of(db(), mine.run_id);
        EXPECT_EQ(now.status, runs::run_status::completed);
        EXPECT_EQ(now.finalize_stage, finalize_stage::committed);
        EXPECT_EQ(now.result_epoch, mine.lease_epoch);
        EXPECT_EQ(ledger(mine), "CHARGE 60, RELEASE 40, RESERVE 100");
    }
    expect_budget(db(), 0, 120);
    expect_sound(db(), 2);
}

TEST_P(A5, AWholeReserveLeavesNothingToReleaseAndAFailedRunIsVoided)
{
    for (auto const how : exact_ways) {
        auto const whole = claimed();
        ASSERT_TRUE(is<runs::finalized>(finalize(db(), finalize_of(whole, 100), {.how = how})));
        EXPECT_EQ(ledger(whole), "CHARGE 100, RESERVE 100");

        auto const failed = claimed();
        auto request = finalize_of(failed, 0);
        request.outcome = runs::run_outcome::failed;
        ASSERT_TRUE(is<runs::finalized>(finalize(db(), request, {.how = how})));
        EXPECT_EQ(ledger(failed), "RESERVE 100, VOID 100");
        EXPECT_EQ(row_of(db(), failed.run_id).status, runs::run_status::failed);

        auto const free = claimed(0);
        ASSERT_TRUE(is<runs::finalized>(finalize(db(), finalize_of(free, 0), {.how = how})));
        EXPECT_EQ(ledger(free), "CHARGE 0, RESERVE 0");
    }
    expect_budget(db(), 0, 200);
    expect_sound(db(), 6);
}

TEST_P(A5, TheSameFinaliseAgainGetsTheSameAnswerAndIsNotCharged)
{
    for (auto const first : exact_ways) {
        for (auto const second : exact_ways) {
            auto const mine = claimed();
            ASSERT_TRUE(is<runs::finalized>(finalize(db(), finalize_of(mine), {.how = first})));
            auto const again = finalize(db(), finalize_of(mine), {.how = second});
            ASSERT_TRUE(is<runs::finalized>(again));
            EXPECT_TRUE(std::get<runs::finalized>(again).replayed);
            EXPECT_EQ(std::get<runs::finalized>(again).as.result, "done by first");
            EXPECT_EQ(ledger(mine), "CHARGE 60, RELEASE 40, RESERVE 100");
        }
    }
    expect_sound(db(), 4);
}

TEST_P(A5, AnotherFinaliseOfAFinishedRunIsRefused)
{
    for (auto const how : exact_ways) {
        auto const mine = claimed();
        ASSERT_TRUE(is<runs::finalized>(finalize(db(), finalize_of(mine), {.how = how})));
        auto other = finalize_of(mine);
        other.result = "something else";
        auto const answer = finalize(db(), other, {.how = how});
        ASSERT_TRUE(is<runs::already_finalized>(answer));
        EXPECT_EQ(std::get<runs::already_finalized>(answer).as.result, "done by first");
        EXPECT_TRUE(
            is<runs::already_finalized>(finalize(db(), finalize_of(mine, 61), {.how = how})));
    }
    expect_sound(db(), 2);
}

TEST_P(A5, AnAmountAboveTheReserveIsRefusedBeforeAnythingIsDecided)
{
    for (auto const how : exact_ways) {
        auto const mine = claimed();
        auto const answer = finalize(db(), finalize_of(mine, 101), {.how = how});
        ASSERT_TRUE(is<runs::amount_exceeds_budget>(answer));
        EXPECT_EQ(std::get<runs::amount_exceeds_budget>(answer).reserved, 100);
        EXPECT_EQ(row_of(db(), mine.run_id).version, mine.version);
        EXPECT_TRUE(
            is<systems::invalid_field>(finalize(db(), finalize_of(mine, -1), {.how = how})));
        EXPECT_TRUE(is<runs::finalized>(finalize(db(), finalize_of(mine, 100), {.how = how})));
    }
    expect_sound(db(), 2);
}

TEST_P(A5, AWorkerPausedPastItsLeaseChangesNothing)
{
    for (auto const how : exact_ways) {
        auto const paused = claimed();
        auto const owner = taken_over(paused);
        auto const before = row_of(db(), owner.run_id);
        auto const late = finalize(db(), finalize_of(paused), {.how = how});
        ASSERT_TRUE(is<runs::lease_lost>(late));
        EXPECT_EQ(std::get<runs::lease_lost>(late).as.worker, "second");
        EXPECT_EQ(row_of(db(), owner.run_id).version, before.version);
        EXPECT_EQ(ledger(owner), "RESERVE 100");

        ASSERT_TRUE(is<runs::finalized>(finalize(db(), finalize_of(owner), {.how = how})));
        EXPECT_TRUE(is<runs::already_finalized>(finalize(db(), finalize_of(paused), {.how = how})));
        EXPECT_EQ(row_of(db(), owner.run_id).result, "done by second");
    }
    expect_sound(db(), 2);
}

TEST_P(A5, AWorkerThatLosesTheRunBetweenLookingAndWritingChangesNothing)
{
    TIEBREAK_NEEDS(capability::several_processes);  // on one connection nobody can come between
    for (auto const how : exact_ways) {
        auto const paused = claimed();
        runs::run owner;
        auto const answer =
            finalize(db(),
                     finalize_of(paused),
                     {.how = how, .reached = [&](runs::step where) {
                          if (where == runs::step::judged && owner.run_id == 0)
                              owner = as_another_client([&] { return taken_over(paused); });
                      }});
        ASSERT_TRUE(is<runs::lease_lost>(answer));
        EXPECT_EQ(ledger(owner), "RESERVE 100");
        ASSERT_TRUE(is<runs::finalized>(finalize(db(), finalize_of(owner), {.how = how})));
    }
    expect_sound(db(), 2);
}

TEST_P(A5, WithoutTheFenceAPausedWorkerOverwritesItsSuccessor)
{
    auto const paused = claimed();
    auto const owner = taken_over(paused);
    ASSERT_TRUE(is<runs::finalized>(
        finalize(db(), finalize_of(paused), {.how = runs::strategy::unfenced})));
    auto const now = row_of(db(), owner.run_id);
    EXPECT_EQ(now.result, "done by first");
    EXPECT_EQ(now.lease_epoch, owner.lease_epoch);
    EXPECT_EQ(runs::audit(db()).stale_results, 1) << "the audit sees it";
    EXPECT_FALSE(
        is<runs::finalized>(finalize(db(), finalize_of(owner), {.how = runs::strategy::unfenced})));
}

TEST_P(A5, OfManyThreadsExactlyOneFinalises)
{
    constexpr int workers = 10;
    for (auto const how : exact_ways) {
        auto const mine = claimed();
        barrier start(workers);
        std::atomic<int> won = 0;
        std::atomic<int> refused = 0;
        std::vector<std::jthread> threads;
        for (int i = 0; i < workers; ++i) {
            threads.emplace_back([&, i] {
                auto request = finalize_of(mine, i);
                start.wait();
                auto const answer = finalize(db(), request, {.how = how});
                won += is<runs::finalized>(answer) ? 1 : 0;
                refused += is<runs::already_finalized>(answer) ? 1 : 0;
            });
        }
        threads.clear();
        EXPECT_EQ(won, 1);
        EXPECT_EQ(refused, workers - 1);
        auto const now = row_of(db(), mine.run_id);
        EXPECT_EQ(now.finalize_stage, finalize_stage::committed);
    }
    expect_sound(db(), 2);
}

TEST_P(A5, EachPhaseCanBeRepeatedByAnybodyAndOnlyGoesForward)
{
    namespace two_phase = runs::two_phase;
    auto const mine = claimed();
    auto const request = finalize_of(mine);
    EXPECT_EQ(two_phase::charge(db(), mine.run_id), outcome::lost) << "not claimed yet";
    EXPECT_EQ(two_phase::commit(db(), mine.run_id), outcome::lost);
    EXPECT_EQ(ledger(mine), "RESERVE 100");

    ASSERT_TRUE(is<runs::finalized>(two_phase::claim(db(), request)));
    auto const held = row_of(db(), mine.run_id);
    EXPECT_EQ(held.finalize_stage, finalize_stage::claimed);
    EXPECT_EQ(held.status, runs::run_status::processing);
    EXPECT_EQ(held.result, "done by first");
    EXPECT_EQ(held.amount, 60);
    auto const again = two_phase::claim(db(), request);
    EXPECT_TRUE(std::get<runs::finalized>(again).replayed);
    EXPECT_TRUE(is<runs::already_finalized>(two_phase::claim(db(), finalize_of(mine, 1))));
    EXPECT_EQ(two_phase::commit(db(), mine.run_id), outcome::lost) << "not charged yet";

    EXPECT_EQ(two_phase::charge(db(), mine.run_id), outcome::won);
    EXPECT_EQ(two_phase::charge(db(), mine.run_id), outcome::lost);
    EXPECT_EQ(two_phase::commit(db(), mine.run_id), outcome::won);
    EXPECT_EQ(two_phase::commit(db(), mine.run_id), outcome::lost);
    EXPECT_EQ(two_phase::charge(db(), mine.run_id), outcome::lost);
    EXPECT_EQ(ledger(mine), "CHARGE 60, RELEASE 40, RESERVE 100");
    expect_sound(db(), 1);
}

TEST_P(A5, OfManyCommitsThatSawTheSamePaidRunOneWins)
{
    namespace two_phase = runs::two_phase;
    constexpr int workers = 8;
    for (std::int64_t round = 1; round <= 5; ++round) {
        auto const mine = claimed();
        ASSERT_TRUE(is<runs::finalized>(two_phase::claim(db(), finalize_of(mine))));
        ASSERT_EQ(two_phase::charge(db(), mine.run_id), outcome::won);
        auto const paid = row_of(db(), mine.run_id);
        barrier start(workers);
        std::atomic<int> won = 0;
        std::vector<std::jthread> threads;
        for (int i = 0; i < workers; ++i) {
            threads.emplace_back([&] {
                start.wait();
                won += two_phase::commit(db(), mine.run_id) == outcome::won ? 1 : 0;
            });
        }
        threads.clear();
        EXPECT_EQ(won, 1);
        EXPECT_EQ(row_of(db(), mine.run_id).version.value(), paid.version.value() + 1);
        expect_sound(db(), round);
    }
}

TIEBREAK_ON_ALL_ENGINES(A5);

}  // namespace

}  // namespace tiebreak::test
