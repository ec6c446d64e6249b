// The strategies of finalising, and rolling forward what two_phase left.
#include "systems/runs/judgement.hpp"
#include "systems/runs/rules.hpp"
#include "systems/runs/settlement.hpp"

#include <stdexcept>

namespace tiebreak::systems::runs {

namespace {

using next = detail::judgement::next;

transact_options transaction_of(finalize_options const& options)
{
    return {.retry = options.retry, .level = options.level};
}

void reach(finalize_options const& options, step where)
{
    if (options.reached)
        options.reached(where);
}

std::optional<invalid_field> broken_rule_of(finalize_request const& request)
{
    return detail::first_broken(detail::broken_rule_of_text("result", request.result),
                                detail::broken_rule_of_amount("amount", request.amount));
}

// What the write of an owner states. Without the epoch it is the negative control.
condition<run> fence_of(finalize_request const& request, strategy how)
{
    auto in_work = field<&run::status> == run_status::processing;
    if (how == strategy::unfenced)
        return in_work;
    return in_work && field<&run::lease_epoch> == request.epoch &&
           field<&run::finalize_stage> == finalize_stage::pending;
}

run_status status_of(run_outcome ended)
{
    return ended == run_outcome::completed ? run_status::completed : run_status::failed;
}

template <class... More>
tiebreak::outcome decide_run(repository<run> const& runs,
                             finalize_request const& request,
                             strategy how,
                             finalize_stage stage,
                             More const&... more)
{
    return detail::write_run(runs,
                             request.run_id,
                             fence_of(request, how),
                             field<&run::finalize_stage> = stage,
                             field<&run::outcome> = request.outcome,
                             field<&run::result> = request.result,
                             field<&run::amount> = request.amount,
                             field<&run::result_epoch> = request.epoch,
                             more...);
}

// Everything in one transaction. Empty: the run changed since it was read.
struct tried {
    next then = next::write;
    std::optional<finalize_result> answer{};
};

tried finalize_in(unit_of_work& work,
                  finalize_request const& request,
                  finalize_options const& options)
{
    repository<run> const runs(work);
    auto const now = detail::find_own(runs, request.tenant_id, request.run_id);
    auto judged = detail::judge(now, request, options.how);
    if (judged.then != next::write)
        return {judged.then, std::move(judged.answer)};
    reach(options, step::judged);

    if (decide_run(runs,
                   request,
                   options.how,
                   finalize_stage::committed,
                   field<& run::status> = status_of(request.outcome),
                   field<& run::lease_expires_at> = std::nullopt) == tiebreak::outcome::lost)
        return {};
    if (detail::settle(work, *now, request.outcome, request.amount, options.reached) ==
        tiebreak::outcome::lost)
        throw error(errc::backend_failure, "a run that was not finalised had been paid for");
    return {next::answer, finalized{runs.find(request.run_id).value(), false}};
}

void roll_forward(database& in, std::int64_t run_id, finalize_options const& options)
{
    // Losing either means that somebody else did it.
    static_cast<void>(two_phase::charge(in, run_id, options));
    reach(options, step::charged);
    static_cast<void>(two_phase::commit(in, run_id, options));
}

finalize_result
finalize_in_one(database& in, finalize_request const& request, finalize_options const& options)
{
    for (;;) {
        auto result =
            in.transact([&](unit_of_work& work) { return finalize_in(work, request, options); },
                        transaction_of(options));
        if (result.answer)
            return *std::move(result.answer);
        if (result.then == next::roll_forward)
            roll_forward(in, request.run_id, options);
    }
}

finalize_result finalize_in_two_phases(database& in,
                                       finalize_request const& request,
                                       finalize_options const& options)
{
    auto answer = two_phase::claim(in, request, options);
    auto* const claimed = std::get_if<finalized>(&answer);
    if (claimed == nullptr || claimed->as.finalize_stage == finalize_stage::committed)
        return answer;
    reach(options, step::claimed);
    roll_forward(in, request.run_id, options);
    claimed->as = repository<run>(in).find(request.run_id).value();
    return answer;
}

}  // namespace

finalize_result
finalize(database& in, finalize_request const& request, finalize_options const& options)
{
    if (auto const broken = broken_rule_of(request))
        return *broken;
    return options.how == strategy::two_phase ? finalize_in_two_phases(in, request, options)
                                              : finalize_in_one(in, request, options);
}

namespace two_phase {

finalize_result
claim(database& in, finalize_request const& request, finalize_options const& options)
{
    if (auto const broken = broken_rule_of(request))
        return *broken;
    for (;;) {
        auto const answer = in.transact(
            [&](unit_of_work& work) -> std::optional<finalize_result> {
                repository<run> const runs(work);
                auto const now = detail::find_own(runs, request.tenant_id, request.run_id);
                auto const judged = detail::judge(now, request, strategy::two_phase);
                if (judged.then == next::roll_forward)
                    return finalized{*now, true};
                if (judged.then == next::answer)
                    return judged.answer;
                reach(options, step::judged);
                if (decide_run(runs, request, strategy::two_phase, finalize_stage::claimed) ==
                    tiebreak::outcome::lost)
                    return {};
                return finalized{runs.find(request.run_id).value(), false};
            },
            transaction_of(options));
        if (answer)
            return *answer;
    }
}

tiebreak::outcome charge(database& in, std::int64_t run_id, finalize_options const& options)
{
    return in.transact(
        [&](unit_of_work& work) {
            auto const now = repository<run>(work).find(run_id);
            // Whether it is still CLAIMED when the charge is written does not matter: the ledger
            // has room for one, and what is to be charged never changes once CLAIMED.
            if (!now || now->finalize_stage != finalize_stage::claimed)
                return tiebreak::outcome::lost;
            return detail::settle(
                work, *now, now->outcome.value(), now->amount.value(), options.reached);
        },
        transaction_of(options));
}

tiebreak::outcome commit(database& in, std::int64_t run_id, finalize_options const& options)
{
    return in.transact(
        [&](unit_of_work& work) {
            repository<run> const runs(work);
            auto const now = runs.find(run_id);
            if (!now || now->finalize_stage != finalize_stage::claimed)
                return tiebreak::outcome::lost;
            bool const paid =
                repository<ledger_entry>(work)
                    .select()
                    .where(field<&ledger_entry::run_id> == run_id &&
                           field<&ledger_entry::kind>.in({entry_kind::CHARGE, entry_kind::VOID}))
                    .exists();
            if (!paid)
                return tiebreak::outcome::lost;
            return detail::write_run(runs,
                                     run_id,
                                     field<&run::finalize_stage> == finalize_stage::claimed,
                                     field<&run::finalize_stage> = finalize_stage::committed,
                                     field<&run::status> = status_of(now->outcome.value()),
                                     field<&run::lease_expires_at> = std::nullopt);
        },
        transaction_of(options));
}

}  // namespace two_phase

std::int64_t recover(database& in, std::int64_t runs_max, finalize_options const& options)
{
    if (runs_max < 1)
        throw std::invalid_argument("runs_max must be 1 or more");
    auto const claimed = repository<run>(in)
                             .select()
                             .where(field<&run::status> == run_status::processing &&
                                    field<&run::finalize_stage> == finalize_stage::claimed)
                             .order_by(field<&run::run_id>.ascending())
                             .limit(static_cast<std::size_t>(runs_max))
                             .all();
    for (auto const& one : claimed)
        roll_forward(in, one.run_id, options);
    return static_cast<std::int64_t>(claimed.size());
}

}  // namespace tiebreak::systems::runs
