/// \file
/// Runs: work of many tenants, done by workers that can die or be paused at any moment.
///
/// | status            | claim             | heartbeat(e)   | release(e)    | reap       | cancel |
/// |-------------------|-------------------|----------------|---------------|------------|--------|
/// | QUEUED            | PROCESSING, e + 1 | `requeued`     | lost          | -          | (3)    |
/// | PROCESSING        | -                 | `extended` (1) | QUEUED, e + 1 | QUEUED (2) | (3)    |
/// | COMPLETED, FAILED | -                 | `finished`     | lost          | -          | (4)    |
/// | CANCELLED         | -                 | `cancelled`    | lost          | -          | (5)    |
///
/// (1) the version stays; another epoch: `taken_over`, and release is lost. (2) e + 1; only if the
/// lease has expired and the run is not CLAIMED. (3) CANCELLED, e + 1, unless CLAIMED: then (4).
/// (4) `already_finalized`. (5) replayed.
///
/// How a run ends: finalize.hpp. What it costs: budget.hpp. Lease time is the database's; a worker
/// trusts its lease on its own clock (`keep_alive`) and may stop early, never late. Losing is a
/// value, and a warning in the log with the run and what was expected. Functions take the database
/// and are one transaction each; not to be called inside a running unit.
#pragma once

#include <tiebreak/database.hpp>
#include <tiebreak/lease.hpp>
#include <tiebreak/redis.hpp>

#include "systems/invalid_field.hpp"
#include "systems/runs/budget.hpp"
#include "systems/runs/entities.hpp"
#include "systems/runs/finalize.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak::systems::runs {

/// Payloads and results are at most this long.
inline constexpr std::size_t text_bytes_max = 1'000'000;

/// A run to be done.
struct new_run {
    std::string tenant_id{};
    std::string payload{};    ///< at most `text_bytes_max` of UTF-8
    std::int64_t budget = 0;  ///< the most it may cost: 0 to `amount_max`
    std::int32_t priority = 0;
};

/// Nothing was reserved and there is no run.
struct budget_exhausted {
    std::int64_t available = 0;
};

using submit_result = std::variant<run, budget_exhausted, tenant_not_found, invalid_field>;

/// Reserves the budget and queues the run, both or neither. Five statements.
[[nodiscard]] submit_result submit(database& in, new_run const& of);

/// One statement.
[[nodiscard]] std::optional<run>
find_run(database& in, std::string_view tenant_id, std::int64_t run_id);

/// How a claim is decided. All three are exact; the last two are there to be compared.
enum class claim_way : std::uint8_t {
    conditional,  ///< one conditional update for each run that was seen
    pessimistic,  ///< SELECT … FOR UPDATE: the rows are held before they are taken
    redis_cas,    ///< compare-and-set in Redis keeps rivals away, the conditional update decides
};
BOOST_DESCRIBE_ENUM(claim_way, conditional, pessimistic, redis_cas)

struct claim_request {
    std::string worker{};  ///< 1 to 200 bytes of UTF-8; unique to this process, never reused
    int limit = 1;         ///< runs at most; 1 to 1000
    std::optional<std::string> tenant_id{};  ///< only of this tenant; of all when absent
    lease_options lease{};                   ///< 120 s, renewed every 30 s
    isolation level = isolation::engine_default;
    claim_way how = claim_way::conditional;
    redis const* cache = nullptr;  ///< for `redis_cas`; away, it decides nothing
};

/// A run that is the caller's until the lease ends.
struct claimed_run {
    run work{};
    std::chrono::steady_clock::time_point claimed_at{};  ///< a time before the claim was sent
};

/// Takes queued runs, highest priority first, then oldest: each is taken by exactly one worker.
/// Fewer than `limit`, also none, when there are no more. One statement when nothing is queued,
/// else two to look and two for each run.
/// \throws std::invalid_argument: the limit, the worker's name or the lease are out of range, or
///   there is no Redis for `redis_cas`
[[nodiscard]] std::vector<claimed_run> claim(database& in, claim_request const& request);

/// What became of a run whose lease was to be extended.
enum class heartbeat_answer : std::uint8_t {
    extended,    ///< the lease lasts a ttl from now, by the database's clock
    finished,    ///< COMPLETED or FAILED, finalised by whomever: stop
    taken_over,  ///< another tenure has it: stop
    requeued,    ///< it was reaped or released: stop
    cancelled,   ///< stop
    not_found,   ///< stop
};
BOOST_DESCRIBE_ENUM(
    heartbeat_answer, extended, finished, taken_over, requeued, cancelled, not_found)

struct heartbeat_result {
    heartbeat_answer answer = heartbeat_answer::not_found;
    std::optional<run> as{};  ///< how it is now, when the answer is not `extended`
};

/// Extends the lease, by run, epoch and status; the version does not change, so a heartbeat whose
/// reply was lost harms nobody. One statement; one more to see what became of it.
[[nodiscard]] heartbeat_result extend_lease(database& in,
                                            std::string_view tenant_id,
                                            std::int64_t run_id,
                                            std::int64_t epoch,
                                            std::chrono::milliseconds ttl);

/// Extends the lease in the background, and says without asking whether it can be trusted. `in`
/// must outlive it.
[[nodiscard]] tiebreak::heartbeat
keep_alive(database& in, claimed_run const& of, lease_options const& lease = {});

/// Gives an unfinished run back to the queue. One statement. `lost`: it was not this tenure's.
[[nodiscard]] tiebreak::outcome
release(database& in, std::string_view tenant_id, std::int64_t run_id, std::int64_t epoch);

/// Returns every run whose lease has expired to the queue, and answers how many: never one that
/// was renewed, CLAIMED or finalised meanwhile. One statement.
std::int64_t reap(database& in);

/// The run is cancelled and its reserve is free again.
struct cancelled {
    run as{};
    bool replayed = false;  ///< it was cancelled before
};

/// The run is not in the version that was stated; nothing was written.
struct version_conflict {
    std::int64_t run_id = 0;
    tiebreak::version expected_version{};
    tiebreak::version actual_version{};
};

using cancel_result = std::variant<cancelled, version_conflict, already_finalized, run_not_found>;

/// Cancels a run in the version stated, also one that a worker is at: its finalise will lose.
/// Six statements in one transaction.
[[nodiscard]] cancel_result
cancel(database& in, std::string_view tenant_id, std::int64_t run_id, tiebreak::version expected);

/// What an edit may change.
struct run_edit {
    std::optional<std::string> payload{};
    std::optional<std::int32_t> priority{};
};

/// The checked update: sets the columns given if run, tenant and version are as stated, bumps the
/// version, and sets `updated_at` to the database's time. `lost`: nothing was written. One
/// statement. \throws std::invalid_argument: the payload cannot be stored
[[nodiscard]] tiebreak::outcome update(database& in,
                                       std::string_view tenant_id,
                                       std::int64_t run_id,
                                       tiebreak::version expected,
                                       run_edit const& edit);

/// Every attempt lost against somebody else; nothing was written.
struct concurrent_modification {
    int attempts = 0;
};

using modify_result = std::variant<run, concurrent_modification, run_not_found>;

/// Reads the run, asks `edit` what to change, and writes it checked; after a conflict reads the new
/// version first. By default 3 attempts, 0.1 s and 0.2 s apart. Answers the run as written.
/// \throws std::invalid_argument: the payload cannot be stored
[[nodiscard]] modify_result
modify(database& in,
       std::string_view tenant_id,
       std::int64_t run_id,
       std::function<run_edit(run const&)> const& edit,
       retry_policy const& policy = retry_presets::three_attempts_100_200_ms);

}  // namespace tiebreak::systems::runs
