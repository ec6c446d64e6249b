// Comparing runs, ledger and budgets with each other.
#include "systems/runs/audit.hpp"

#include "systems/runs/entities.hpp"

#include <map>
#include <string>
#include <vector>

namespace tiebreak::systems::runs {

namespace {

struct sums {
    std::int64_t reserved = 0;
    std::int64_t charged = 0;
    std::int64_t released = 0;
    std::int64_t voided = 0;
    std::int64_t refunded = 0;
    std::int64_t decisions = 0;  // how many entries charge or void

    void add(ledger_entry const& entry)
    {
        switch (entry.kind) {
        case entry_kind::RESERVE: reserved += entry.amount; break;
        case entry_kind::CHARGE: charged += entry.amount; break;
        case entry_kind::RELEASE: released += entry.amount; break;
        case entry_kind::VOID: voided += entry.amount; break;
        case entry_kind::REFUND: refunded += entry.amount; break;
        }
        if (entry.kind == entry_kind::CHARGE || entry.kind == entry_kind::VOID)
            ++decisions;
    }
};

bool is_finalized(run const& of)
{
    return of.finalize_stage == finalize_stage::committed &&
           (of.status == run_status::completed || of.status == run_status::failed);
}

bool ledger_is_right(run const& of, sums const& booked)
{
    if (booked.reserved != of.reserve || booked.refunded > booked.charged)
        return false;
    auto const moved = booked.charged + booked.released + booked.voided;
    if (of.status == run_status::cancelled)
        return booked.decisions == 1 && booked.voided == of.reserve && moved == of.reserve;
    if (is_finalized(of))
        return booked.decisions == 1 && moved == of.reserve && booked.charged == of.amount;
    if (of.finalize_stage == finalize_stage::claimed)  // charged or not: both are on the way
        return booked.decisions == 0 ? moved == 0 : moved == of.reserve;
    return booked.decisions == 0 && moved == 0;
}

bool budget_is_right(tenant_budget const& of, sums const& booked)
{
    return of.reserved == booked.reserved - booked.charged - booked.released - booked.voided &&
           of.spent == booked.charged && of.refunded == booked.refunded && of.available() >= 0 &&
           of.reserved >= 0;
}

}  // namespace

run_audit audit(database& in)
{
    return in.read([](snapshot& view) {
        run_audit report;
        std::map<std::int64_t, sums> by_run;
        std::map<std::string, sums> by_tenant;
        for (auto const& entry : repository<ledger_entry>(view).select().all()) {
            by_run[entry.run_id].add(entry);
            by_tenant[entry.tenant_id].add(entry);
        }
        for (auto const& one : repository<run>(view).select().all()) {
            auto const& booked = by_run[one.run_id];
            bool const cancelled = one.status == run_status::cancelled;
            ++report.runs;
            report.finalized += is_finalized(one) ? 1 : 0;
            report.cancelled += cancelled ? 1 : 0;
            report.stale_results +=
                !cancelled && one.result_epoch && *one.result_epoch != one.lease_epoch ? 1 : 0;
            report.wrong_ledgers += ledger_is_right(one, booked) ? 0 : 1;
            report.charged_twice += booked.decisions > 1 ? 1 : 0;
        }
        report.unfinished = report.runs - report.finalized - report.cancelled;
        for (auto const& one : repository<tenant_budget>(view).select().all())
            report.wrong_budgets += budget_is_right(one, by_tenant[one.tenant_id]) ? 0 : 1;
        return report;
    });
}

}  // namespace tiebreak::systems::runs
