/// \file
/// Ending a run and paying for it, exactly once.
///
/// | strategy    | transactions                                            | promise |
/// |-------------|---------------------------------------------------------|---------|
/// | `fenced`    | one: run (by id, epoch and status), ledger, tenant      | exact   |
/// | `two_phase` | three: PENDING → CLAIMED, the charge, → COMMITTED       | exact   |
/// | `unfenced`  | one, as `fenced`, but the run by id and status only (1) | none    |
///
/// | stage     | `finalize` by the owner | by a past owner | `reap`   | `cancel`  | `recover`     |
/// |-----------|-------------------------|-----------------|----------|-----------|---------------|
/// | PENDING   | goes ahead              | `lease_lost`    | requeues | cancels   | -             |
/// | CLAIMED   | (2)                     | (2)             | -        | (3)       | rolls forward |
/// | COMMITTED | (2)                     | (2)             | -        | (3)       | -             |
///
/// (1) so a worker paused past its lease overwrites its successor: a negative control.
/// (2) the same finalise again is replayed, after rolling a CLAIMED one forward; any other is
/// `already_finalized`. (3) `already_finalized`.
///
/// CLAIMED holds outcome, result and amount, and only rolls forward. Promised: at-least-once
/// execution, exactly-once finalise and charge. Effects elsewhere take the run's id as their
/// idempotency key.
#pragma once

#include <tiebreak/database.hpp>

#include "systems/runs/budget.hpp"
#include "systems/runs/entities.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tiebreak::systems::runs {

/// See the head of this file. Names: `name_of`, `systems::parse<strategy>`.
enum class strategy : std::uint8_t { fenced, two_phase, unfenced };
BOOST_DESCRIBE_ENUM(strategy, fenced, two_phase, unfenced)

/// True for the strategy that decides wrongly on purpose.
[[nodiscard]] constexpr bool is_negative_control(strategy how) noexcept
{
    return how == strategy::unfenced;
}

/// Where a finalise or recovery is; labs and tests kill, pause or look there.
enum class step : std::uint8_t {
    judged,   ///< the run was read and nothing refuses; nothing is written
    claimed,  ///< two_phase: CLAIMED is committed, nothing is charged
    charged,  ///< two_phase: the charge is committed, the run is still CLAIMED
    writing,  ///< a unit is open: run and ledger are written, the tenant's row is not
};
BOOST_DESCRIBE_ENUM(step, judged, claimed, charged, writing)

struct finalize_request {
    std::string tenant_id{};
    std::int64_t run_id = 0;
    std::int64_t epoch = 0;  ///< the tenure under which the work was done
    run_outcome outcome = run_outcome::completed;
    std::string result{};     ///< at most `text_bytes_max` of UTF-8
    std::int64_t amount = 0;  ///< 0 to the reserve; a failed run of amount 0 voids the reserve
};

struct finalize_options {
    strategy how = strategy::fenced;
    /// Instead of the database's.
    std::optional<retry_policy> retry{};
    isolation level = isolation::engine_default;
    /// Called at each step; may be empty.
    std::function<void(step)> reached{};
};

/// The run ended as asked.
struct finalized {
    run as{};
    bool replayed = false;  ///< it had been decided so before this call
};

/// The run ended otherwise; `as` is what is stored.
struct already_finalized {
    run as{};
};

/// The tenure is over, or the run was cancelled: nothing was written. `as` is how it is now.
struct lease_lost {
    run as{};
};

/// Refused before anything is decided; the run is still the caller's.
struct amount_exceeds_budget {
    std::int64_t reserved = 0;
};

using finalize_result = std::variant<finalized,
                                     already_finalized,
                                     lease_lost,
                                     amount_exceeds_budget,
                                     run_not_found,
                                     invalid_field>;

/// Ends a run, or says why not. `fenced`: 7 statements in one transaction; `two_phase`: 11 in three
/// and one more; one less when nothing is released. Losing is logged as a warning. Not to be called
/// inside a running unit.
/// \throws error `commit_unknown`: asking the same again answers how it ended
/// \throws error `unavailable`, `attempts_exhausted`, …: nothing was written by the transaction
///   that failed; what `two_phase` had committed before is rolled forward by the next call or by
///   `recover`
[[nodiscard]] finalize_result
finalize(database& in, finalize_request const& request, finalize_options const& options = {});

/// The steps of `two_phase`, each one transaction, for whoever composes them. Each can be repeated,
/// by anybody, after a death at any point.
namespace two_phase {

/// PENDING → CLAIMED: exactly one winner. `finalized`: the run is CLAIMED by this request.
[[nodiscard]] finalize_result
claim(database& in, finalize_request const& request, finalize_options const& options = {});

/// Writes the charge (or the VOID) of a CLAIMED run; `lost` when it is written already or the run
/// is not CLAIMED.
[[nodiscard]] tiebreak::outcome
charge(database& in, std::int64_t run_id, finalize_options const& options = {});

/// CLAIMED → COMMITTED, status by outcome; `lost` when it is not CLAIMED or not charged.
[[nodiscard]] tiebreak::outcome
commit(database& in, std::int64_t run_id, finalize_options const& options = {});

}  // namespace two_phase

/// Rolls forward up to `runs_max` runs that are CLAIMED, whoever left them; answers how many it
/// completed itself. Safe to run by several processes at once and beside living workers. Call it
/// until it answers 0 to run dry.
std::int64_t
recover(database& in, std::int64_t runs_max = 1'000, finalize_options const& options = {});

}  // namespace tiebreak::systems::runs
