// Who gets a queued run. The conditional update decides; looking first only chooses which.
#include "systems/runs/rules.hpp"

#include <stdexcept>

namespace tiebreak::systems::runs {

namespace {

using std::chrono::steady_clock;

void check(claim_request const& request)
{
    if (request.limit < 1 || request.limit > 1000)
        throw std::invalid_argument("claim_request::limit must be 1 to 1000");
    if (request.worker.empty() || !is_storable_text(request.worker, 200))
        throw std::invalid_argument("claim_request::worker must have 1 to 200 bytes of UTF-8");
}

condition<run> queued(claim_request const& request)
{
    auto waiting = field<&run::status> == run_status::queued;
    return request.tenant_id ? waiting && field<&run::tenant_id> == *request.tenant_id : waiting;
}

struct look {
    std::vector<claimed_run> taken{};
    bool lost = false;  // somebody took one of those seen
};

look take_in(unit_of_work& work, claim_request const& request, lease_options const& lease)
{
    auto const started = steady_clock::now();
    repository<run> const runs(work);
    auto const seen =
        runs.select()
            .where(queued(request))
            .order_by(field<&run::priority>.descending(), field<&run::run_id>.ascending())
            .limit(static_cast<std::size_t>(request.limit))
            .all();
    look result;
    for (auto const& one : seen) {
        auto const answer =
            detail::write_run(runs,
                              one.run_id,
                              field<&run::status> == run_status::queued &&
                                  field<&run::lease_epoch> == one.lease_epoch,
                              field<& run::status> = run_status::processing,
                              field<& run::worker> = request.worker,
                              field<& run::lease_epoch> += 1,
                              field<& run::lease_expires_at> = database_now() + lease.ttl);
        if (answer == tiebreak::outcome::won)
            result.taken.push_back({runs.find(one.run_id).value(), started});
        else
            result.lost = true;
    }
    return result;
}

}  // namespace

std::vector<claimed_run> claim(database& in, claim_request const& request)
{
    check(request);
    auto const lease = checked(request.lease);
    // With a single writer, rivals queue for the turn before they look, instead of losing what
    // they saw; with locks on rows they do not keep each other waiting.
    transact_options const options{.level = request.level,
                                   .pessimistic = !in.supports(capability::row_locks)};
    while (repository<run>(in).select().where(queued(request)).exists()) {
        auto result =
            in.transact([&](unit_of_work& work) { return take_in(work, request, lease); }, options);
        if (!result.taken.empty() || !result.lost)
            return std::move(result.taken);
    }
    return {};
}

}  // namespace tiebreak::systems::runs
