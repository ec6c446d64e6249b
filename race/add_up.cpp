// From the slots of the board to the numbers of a result.
#include "race/heat.hpp"
#include "race/percentiles.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace tiebreak::race {

namespace {

void count(request_slot const& slot, answer_counts& to)
{
    ++to.requests;
    if (slot.state.load() != slot_state::answered) {
        ++to.killed;
        return;
    }
    switch (slot.outcome) {
    case answer::won: ++to.won; return;
    case answer::refused: ++to.refused; return;
    case answer::replayed: ++to.replayed; return;
    case answer::failed: ++to.failed; return;
    }
}

// The most frequent reasons of failed requests, one line each.
void note_failures(std::map<std::string, std::int64_t> const& reasons,
                   std::vector<std::string>& notes)
{
    constexpr std::size_t shown = 3;
    std::vector<std::pair<std::int64_t, std::string>> by_number;
    by_number.reserve(reasons.size());
    for (auto const& [reason, number] : reasons)
        by_number.emplace_back(number, reason);
    std::ranges::sort(by_number, std::greater<>{});
    for (std::size_t i = 0; i < by_number.size() && i < shown; ++i)
        notes.push_back(std::to_string(by_number[i].first) + " failed: " + by_number[i].second);
    if (by_number.size() > shown)
        notes.push_back("and failures of other kinds");
}

}  // namespace

void add_up(board const& after, strategy_result& to)
{
    std::vector<std::int64_t> latencies;
    std::map<std::string, std::int64_t> reasons;
    std::int64_t ended_us = after.head().started_us;
    for (auto const& slot : after.used()) {
        count(slot, to.answers);
        to.conflicts += slot.conflicts;
        to.retries += slot.retries;
        to.deadlocks += slot.deadlocks;
        if (slot.state.load() != slot_state::answered)
            continue;
        latencies.push_back(slot.latency_us);
        ended_us = std::max(ended_us, slot.started_us + slot.latency_us);
        if (slot.outcome == answer::failed)
            ++reasons[slot.failure.data()];
    }
    note_failures(reasons, to.notes);
    to.elapsed_us = ended_us - after.head().started_us;
    to.latency = summarise(std::move(latencies));
    auto const decisions = to.answers.won + to.answers.refused + to.answers.replayed;
    if (to.elapsed_us > 0)
        to.decisions_per_s =
            static_cast<double>(decisions) * 1e6 / static_cast<double>(to.elapsed_us);
}

}  // namespace tiebreak::race
