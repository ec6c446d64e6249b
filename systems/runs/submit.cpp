// Queueing a run against a reservation.
#include <tiebreak/conflict.hpp>

#include "systems/runs/rules.hpp"
#include "systems/runs/settlement.hpp"

namespace tiebreak::systems::runs {

namespace {

submit_result submit_in(unit_of_work& work, new_run const& of)
{
    repository<tenant_budget> const budgets(work);
    auto const budget = budgets.find(of.tenant_id);
    if (!budget)
        return tenant_not_found{of.tenant_id};
    if (budget->available() < of.budget)
        return budget_exhausted{budget->available()};

    auto const now = work.database_time();
    auto& row = work.insert(run{.tenant_id = of.tenant_id,
                                .priority = of.priority,
                                .payload = of.payload,
                                .reserve = of.budget,
                                .created_at = now,
                                .updated_at = now});
    detail::reserve(work, row);
    auto const suffices = field<&tenant_budget::limit> - field<&tenant_budget::reserved> -
                              field<&tenant_budget::spent> + field<&tenant_budget::refunded> >=
                          of.budget;
    if (budgets.update_if(of.tenant_id, suffices, field<& tenant_budget::reserved> += of.budget) ==
        tiebreak::outcome::lost)
        // Spent since it was read above: this unit runs again, and then refuses by what it reads.
        throw error(errc::stale_version,
                    conflict{.entity = "tenant_budget",
                             .key = of.tenant_id,
                             .expected_version = budget->version.value()});
    return row;
}

}  // namespace

submit_result submit(database& in, new_run const& of)
{
    if (auto const broken =
            detail::first_broken(detail::broken_rule_of_tenant(of.tenant_id),
                                 detail::broken_rule_of_text("payload", of.payload),
                                 detail::broken_rule_of_amount("budget", of.budget)))
        return *broken;
    return in.transact([&](unit_of_work& work) { return submit_in(work, of); });
}

std::optional<run> find_run(database& in, std::string_view tenant_id, std::int64_t run_id)
{
    return detail::find_own(repository<run>(in), tenant_id, run_id);
}

}  // namespace tiebreak::systems::runs
