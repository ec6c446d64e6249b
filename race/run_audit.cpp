#include "race/run_audit.hpp"

#include <algorithm>
#include <unordered_map>

namespace tiebreak::race {

namespace {

struct winners {
    std::int64_t number = 0;
    std::int64_t epoch = 0;  // of the last one seen
};

std::unordered_map<std::int64_t, winners> winners_by_run(std::span<request_slot const> slots)
{
    std::unordered_map<std::int64_t, winners> result;
    for (auto const& slot : slots) {
        if (slot.state.load() != slot_state::answered || slot.outcome != answer::won)
            continue;
        auto& of_run = result[slot.subject];
        ++of_run.number;
        of_run.epoch = slot.acknowledged;
    }
    return result;
}

}  // namespace

audit_counts audit_runs(systems::runs::run_audit const& found,
                        std::span<systems::runs::run const> rows,
                        std::span<request_slot const> slots,
                        std::int64_t users)
{
    auto const won = winners_by_run(slots);
    std::int64_t finalised_twice = 0;
    std::int64_t denied = 0;  // the winner's result is not the one that is stored
    for (auto const& run : rows) {
        auto const winner = won.find(run.run_id);
        if (winner == won.end())
            continue;
        if (winner->second.number > 1)
            ++finalised_twice;
        // A result of another epoch than the run's own is counted by the system's audit already.
        bool const stale = run.result_epoch && *run.result_epoch != run.lease_epoch;
        if (winner->second.number == 1 && !stale && run.result_epoch != winner->second.epoch)
            ++denied;
    }
    return {.lost_updates =
                found.stale_results + denied + found.wrong_ledgers + found.wrong_budgets,
            .unfilled = found.unfinished + std::max<std::int64_t>(0, users - found.runs),
            .duplicates = std::max(finalised_twice, found.charged_twice)};
}

}  // namespace tiebreak::race
