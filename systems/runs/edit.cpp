// Edits by version: cancelling, the checked update, and the update that reads again after losing.
#include <tiebreak/log.hpp>

#include "systems/runs/rules.hpp"
#include "systems/runs/settlement.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace tiebreak::systems::runs {

namespace {

std::optional<cancel_result>
why_not_cancelled(std::optional<run> const& now, std::int64_t run_id, tiebreak::version expected)
{
    if (!now)
        return run_not_found{run_id};
    if (now->status == run_status::cancelled)
        return cancelled{*now, true};
    if (now->finalize_stage != finalize_stage::pending)
        return already_finalized{*now};
    if (now->version != expected)
        return version_conflict{run_id, expected, now->version};
    return {};
}

// Empty: the run changed since it was read.
std::optional<cancel_result> cancel_in(unit_of_work& work,
                                       std::string_view tenant_id,
                                       std::int64_t run_id,
                                       tiebreak::version expected)
{
    repository<run> const runs(work);
    auto const now = detail::find_own(runs, tenant_id, run_id);
    if (auto refusal = why_not_cancelled(now, run_id, expected))
        return refusal;
    // Every step of a finalise bumps the version, so it covers the stage, too.
    auto const answer = runs.update_if(run_id,
                                       expected,
                                       field<& run::status> = run_status::cancelled,
                                       field<& run::lease_epoch> += 1,
                                       field<& run::lease_expires_at> = std::nullopt,
                                       field<& run::updated_at> = database_now());
    if (answer == tiebreak::outcome::lost)
        return {};
    if (detail::annul(work, *now, {}) == tiebreak::outcome::lost)
        throw error(errc::backend_failure, "a run that was not finalised had been paid for");
    return cancelled{runs.find(run_id).value(), false};
}

void check(run_edit const& edit)
{
    if (edit.payload && detail::broken_rule_of_text("payload", *edit.payload))
        throw std::invalid_argument(
            "a payload must be UTF-8 without NUL, of at most 1000000 bytes");
}

void warn_of_loss(std::int64_t run_id, tiebreak::version expected)
{
    auto const id = std::to_string(run_id);
    auto const version = std::to_string(expected.value());
    std::array const fields{log_field{.name = "run_id", .value = id},
                            log_field{.name = "expected_version", .value = version}};
    log(log_level::warning, "run_update_lost", fields);
}

// Conflicts of the series of attempts, as opposed to a database that could not be reached.
bool ended_by_conflict(error const& failure)
{
    if (failure.code() == errc::stale_version)
        return true;
    return failure.last() != nullptr && failure.last()->code() == errc::stale_version;
}

}  // namespace

cancel_result
cancel(database& in, std::string_view tenant_id, std::int64_t run_id, tiebreak::version expected)
{
    for (;;) {
        auto const answer = in.transact(
            [&](unit_of_work& work) { return cancel_in(work, tenant_id, run_id, expected); });
        if (answer)
            return *answer;
    }
}

tiebreak::outcome update(database& in,
                         std::string_view tenant_id,
                         std::int64_t run_id,
                         tiebreak::version expected,
                         run_edit const& edit)
{
    check(edit);
    auto const payload = field<&run::payload>;
    auto const priority = field<&run::priority>;
    auto const answer = repository<run>(in).update_if(
        run_id,
        expected,
        field<&run::tenant_id> == tenant_id,
        edit.payload ? payload = *edit.payload : payload = payload.as_operand(),
        edit.priority ? priority = *edit.priority : priority = priority.as_operand(),
        field<& run::updated_at> = database_now());
    if (answer == tiebreak::outcome::lost)
        warn_of_loss(run_id, expected);
    return answer;
}

modify_result modify(database& in,
                     std::string_view tenant_id,
                     std::int64_t run_id,
                     std::function<run_edit(run const&)> const& edit,
                     retry_policy const& policy)
{
    auto const once = [&](unit_of_work& work) -> modify_result {
        auto* const row = work.find<run>(run_id);
        if (row == nullptr || row->tenant_id != tenant_id)
            return run_not_found{run_id};
        auto const wanted = edit(*row);
        check(wanted);
        row->payload = wanted.payload.value_or(row->payload);
        row->priority = wanted.priority.value_or(row->priority);
        row->updated_at = work.database_time();
        work.flush();
        return *row;
    };
    try {
        return in.transact(once, {.retry = policy});
    } catch (error const& failure) {
        if (!ended_by_conflict(failure))
            throw;
        return concurrent_modification{std::max(failure.attempts(), 1)};
    }
}

}  // namespace tiebreak::systems::runs
