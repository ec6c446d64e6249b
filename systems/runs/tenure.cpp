// A worker's tenure: making it longer, giving it up, and ending it when nobody made it longer.
#include "systems/runs/rules.hpp"

namespace tiebreak::systems::runs {

namespace {

condition<run> tenure(std::string_view tenant_id, std::int64_t epoch)
{
    return field<&run::tenant_id> == tenant_id && field<&run::lease_epoch> == epoch &&
           field<&run::status> == run_status::processing;
}

heartbeat_answer why_not(std::optional<run> const& now)
{
    if (!now)
        return heartbeat_answer::not_found;
    switch (now->status) {
    case run_status::queued: return heartbeat_answer::requeued;
    case run_status::processing: return heartbeat_answer::taken_over;
    case run_status::completed:
    case run_status::failed: return heartbeat_answer::finished;
    case run_status::cancelled: return heartbeat_answer::cancelled;
    }
    return heartbeat_answer::not_found;
}

}  // namespace

heartbeat_result extend_lease(database& in,
                              std::string_view tenant_id,
                              std::int64_t run_id,
                              std::int64_t epoch,
                              std::chrono::milliseconds ttl)
{
    auto const lease = checked({.ttl = ttl});
    repository<run> const runs(in);
    // Only the lease's end is written, so the version stays.
    auto const extended =
        runs.update_if(run_id,
                       tenure(tenant_id, epoch),
                       field<& run::lease_expires_at> = database_now() + lease.ttl);
    if (extended == tiebreak::outcome::won)
        return {.answer = heartbeat_answer::extended};
    auto now = detail::find_own(runs, tenant_id, run_id);
    auto const answer = why_not(now);
    return {answer, std::move(now)};
}

tiebreak::heartbeat keep_alive(database& in, claimed_run const& of, lease_options const& lease)
{
    auto const options = checked(lease);
    return {[&in,
             tenant_id = of.work.tenant_id,
             run_id = of.work.run_id,
             epoch = of.work.lease_epoch,
             ttl = options.ttl] {
                auto const result = extend_lease(in, tenant_id, run_id, epoch, ttl);
                return result.answer == heartbeat_answer::extended ? tiebreak::outcome::won
                                                                   : tiebreak::outcome::lost;
            },
            of.claimed_at,
            options};
}

tiebreak::outcome
release(database& in, std::string_view tenant_id, std::int64_t run_id, std::int64_t epoch)
{
    return detail::write_run(repository<run>(in),
                             run_id,
                             tenure(tenant_id, epoch) &&
                                 field<&run::finalize_stage> == finalize_stage::pending,
                             field<&run::status> = run_status::queued,
                             field<&run::lease_epoch> += 1,
                             field<&run::lease_expires_at> = std::nullopt);
}

std::int64_t reap(database& in)
{
    // One statement: what is renewed or CLAIMED while it runs does not match any more.
    return repository<run>(in).update_where(field<&run::status> == run_status::processing &&
                                                field<&run::finalize_stage> ==
                                                    finalize_stage::pending &&
                                                field<&run::lease_expires_at> <= database_now(),
                                            field<&run::status> = run_status::queued,
                                            field<&run::lease_epoch> += 1,
                                            field<&run::lease_expires_at> = std::nullopt,
                                            field<&run::updated_at> = database_now());
}

}  // namespace tiebreak::systems::runs
