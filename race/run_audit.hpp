// Judges a race of workers: what they were told, what the rows say. Pure.
#pragma once

#include "race/board.hpp"
#include "race/result.hpp"
#include "systems/runs/audit.hpp"
#include "systems/runs/entities.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tiebreak::race {

/// The leases of the workers that race.
inline constexpr std::chrono::milliseconds run_lease{1'000};

/// The words that workers keep on the board for all to see.
enum run_word : std::size_t {
    last_progress_us,  ///< when a try last ended
    repairs_done,      ///< rounds of reaper and recovery: grows while anybody can write
    run_words,
};

/// \param rows   all runs; `slot.subject` is a run's id and `slot.acknowledged` the epoch of a try
/// \param users  so many runs were submitted
[[nodiscard]] audit_counts audit_runs(systems::runs::run_audit const& found,
                                      std::span<systems::runs::run const> rows,
                                      std::span<request_slot const> slots,
                                      std::int64_t users);

}  // namespace tiebreak::race
