// A tenant's budget: opening, limits, refunds.
#include "systems/runs/rules.hpp"

namespace tiebreak::systems::runs {

namespace {

// Empty: somebody refunded the run since it was read.
std::optional<refund_result>
refund_in(unit_of_work& work, std::string_view tenant_id, std::int64_t run_id, std::int64_t amount)
{
    if (!detail::find_own(repository<run>(work), tenant_id, run_id))
        return run_not_found{run_id};
    repository<ledger_entry> const ledger(work);
    if (auto const before = ledger.find({run_id, entry_kind::REFUND})) {
        if (before->amount == amount)
            return refunded{amount, true};
        return already_refunded{before->amount};
    }
    auto const charge = ledger.find({run_id, entry_kind::CHARGE});
    if (!charge)
        return nothing_charged{};
    if (amount > charge->amount)
        return amount_exceeds_charge{charge->amount};

    ledger_entry entry{.run_id = run_id,
                       .kind = entry_kind::REFUND,
                       .tenant_id = std::string{tenant_id},
                       .amount = amount,
                       .created_at = work.database_time()};
    if (ledger.insert_if_absent(entry) == tiebreak::outcome::lost)
        return {};
    auto const moved = repository<tenant_budget>(work).update_if(
        entry.tenant_id,
        field<&tenant_budget::spent> - field<&tenant_budget::refunded> >= amount,
        field<& tenant_budget::refunded> += amount);
    if (moved == tiebreak::outcome::lost)
        throw error(errc::backend_failure,
                    "the tenant's budget does not hold what its run was charged");
    return refunded{amount, false};
}

}  // namespace

std::variant<tiebreak::outcome, invalid_field>
open_budget(database& in, std::string_view tenant_id, std::int64_t limit)
{
    if (auto const broken = detail::first_broken(detail::broken_rule_of_tenant(tenant_id),
                                                 detail::broken_rule_of_amount("limit", limit)))
        return *broken;
    tenant_budget row{.tenant_id = std::string{tenant_id}, .limit = limit};
    return repository<tenant_budget>(in).insert_if_absent(row);
}

std::variant<tenant_budget, limit_too_low, tenant_not_found, invalid_field>
set_limit(database& in, std::string_view tenant_id, std::int64_t limit)
{
    if (auto const broken = detail::broken_rule_of_amount("limit", limit))
        return *broken;
    repository<tenant_budget> const budgets(in);
    std::string const id{tenant_id};
    auto const in_use = field<&tenant_budget::reserved> + field<&tenant_budget::spent> -
                        field<&tenant_budget::refunded>;
    for (;;) {
        auto const changed =
            budgets.update_if(id, in_use <= limit, field<& tenant_budget::limit> = limit);
        auto const now = budgets.find(id);
        if (!now)
            return tenant_not_found{id};
        if (changed == tiebreak::outcome::won)
            return *now;
        // Less may be in use now than when the update was refused: then it is tried again.
        if (auto const least = now->limit - now->available(); least > limit)
            return limit_too_low{least};
    }
}

std::optional<tenant_budget> find_budget(database& in, std::string_view tenant_id)
{
    return repository<tenant_budget>(in).find(std::string{tenant_id});
}

std::vector<ledger_entry> ledger_of(database& in, std::string_view tenant_id, std::int64_t run_id)
{
    return repository<ledger_entry>(in)
        .select()
        .where(field<&ledger_entry::run_id> == run_id &&
               field<&ledger_entry::tenant_id> == tenant_id)
        .order_by(field<&ledger_entry::kind>.ascending())
        .all();
}

refund_result
refund(database& in, std::string_view tenant_id, std::int64_t run_id, std::int64_t amount)
{
    if (amount < 1 || amount > amount_max)
        return invalid_field{"amount", "must be 1 to 1000000000000000"};
    for (;;) {
        auto const answer = in.transact(
            [&](unit_of_work& work) { return refund_in(work, tenant_id, run_id, amount); });
        if (answer)
            return *answer;
    }
}

}  // namespace tiebreak::systems::runs
