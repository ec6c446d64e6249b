// What a finalise may do.
#include "systems/runs/judgement.hpp"

namespace tiebreak::systems::runs::detail {

namespace {

bool decided_by(finalize_request const& request, run const& now)
{
    return now.result_epoch == request.epoch && now.outcome == request.outcome &&
           now.amount == request.amount && now.result == request.result;
}

bool is_owner(finalize_request const& request, run const& now, strategy how)
{
    if (now.status != run_status::processing)
        return false;
    return how == strategy::unfenced || now.lease_epoch == request.epoch;
}

judgement end(finalize_result answer)
{
    return {judgement::next::answer, std::move(answer)};
}

}  // namespace

judgement judge(std::optional<run> const& now, finalize_request const& request, strategy how)
{
    if (!now)
        return end(run_not_found{request.run_id});
    switch (now->finalize_stage) {
    case finalize_stage::committed:
        if (decided_by(request, *now))
            return end(finalized{*now, true});
        return end(already_finalized{*now});
    case finalize_stage::claimed:
        if (decided_by(request, *now))
            return {judgement::next::roll_forward, {}};
        return end(already_finalized{*now});
    case finalize_stage::pending: break;
    }
    if (!is_owner(request, *now, how))
        return end(lease_lost{*now});
    if (request.amount > now->reserve)
        return end(amount_exceeds_budget{now->reserve});
    return {};
}

}  // namespace tiebreak::systems::runs::detail
