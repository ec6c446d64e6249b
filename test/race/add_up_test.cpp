// From slots to numbers: every request is counted once, whatever became of it.
#include "race/heat.hpp"

#include <gtest/gtest.h>

namespace tiebreak::race {

namespace {

// Takes the next slot of a board, as a lane does.
request_slot& take(board& on)
{
    return on.slots()[static_cast<std::size_t>(on.head().next.fetch_add(1))];
}

void answered(board& on, answer outcome, std::int64_t started_us, std::int64_t latency_us)
{
    auto& slot = take(on);
    slot.outcome = outcome;
    slot.started_us = started_us;
    slot.latency_us = latency_us;
    slot.state.store(slot_state::answered);
}

TEST(AddUp, CountsEveryRequestOnce)
{
    board on(10, 1, 0);
    on.head().started_us = 1'000;
    answered(on, answer::won, 1'000, 200);
    answered(on, answer::won, 1'100, 900);
    answered(on, answer::refused, 1'000, 100);
    answered(on, answer::replayed, 1'000, 100);
    answered(on, answer::failed, 1'000, 500);
    take(on).state.store(slot_state::running);
    take(on).state.store(slot_state::cut_off);
    strategy_result result;
    add_up(on, result);
    EXPECT_EQ(result.answers,
              (answer_counts{
                  .requests = 7, .won = 2, .refused = 1, .replayed = 1, .killed = 2, .failed = 1}));
    EXPECT_EQ(result.elapsed_us, 1'000);
    EXPECT_DOUBLE_EQ(result.decisions_per_s, 4'000);
    EXPECT_EQ(result.latency.max_us, 900);
}

TEST(AddUp, AddsConflictsAndNamesFailuresByFrequency)
{
    board on(10, 1, 0);
    for (auto const* why : {"rare", "often", "often"}) {
        auto& slot = take(on);
        slot.outcome = answer::failed;
        slot.explain(why);
        slot.conflicts = 2;
        slot.retries = 3;
        slot.deadlocks = 1;
        slot.state.store(slot_state::answered);
    }
    strategy_result result;
    add_up(on, result);
    EXPECT_EQ(result.conflicts, 6);
    EXPECT_EQ(result.retries, 9);
    EXPECT_EQ(result.deadlocks, 3);
    EXPECT_EQ(result.notes, (std::vector<std::string>{"2 failed: often", "1 failed: rare"}));
}

TEST(AddUp, ARaceWithoutRequestsIsAllZero)
{
    board const on(10, 1, 0);
    strategy_result result;
    add_up(on, result);
    EXPECT_EQ(result.answers, answer_counts{});
    EXPECT_EQ(result.decisions_per_s, 0);
}

TEST(Board, ADeadRacersRequestsAreCutOffAndNobodyElses)
{
    board on(3, 2, 0);
    for (std::uint16_t const process : {std::uint16_t{0}, std::uint16_t{1}}) {
        auto& slot = take(on);
        slot.process = process;
        slot.state.store(slot_state::running);
    }
    answered(on, answer::won, 0, 1);
    on.slots()[2].process = 1;
    on.cut_off(1);
    EXPECT_EQ(on.slots()[0].state.load(), slot_state::running);
    EXPECT_EQ(on.slots()[1].state.load(), slot_state::cut_off);
    EXPECT_EQ(on.slots()[2].state.load(), slot_state::answered);
}

TEST(Board, LongReasonsAreCutToFit)
{
    board on(1, 1, 0);
    auto& slot = take(on);
    slot.explain(std::string(500, 'x'));
    EXPECT_EQ(std::string{slot.failure.data()}, std::string(95, 'x'));
}

}  // namespace

}  // namespace tiebreak::race
