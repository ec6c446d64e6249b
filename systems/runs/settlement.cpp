// The end of a reservation.
#include "systems/runs/settlement.hpp"

#include <tiebreak/repository.hpp>

namespace tiebreak::systems::runs::detail {

namespace {

ledger_entry entry_of(run const& of, entry_kind kind, std::int64_t amount, time_point now)
{
    return {.run_id = of.run_id,
            .kind = kind,
            .tenant_id = of.tenant_id,
            .amount = amount,
            .created_at = now};
}

// The last statement of the unit: everybody of the tenant waits for this row.
void move_from_reserved(unit_of_work& work, run const& of, std::int64_t spent)
{
    auto const moved =
        repository<tenant_budget>(work).update_if(of.tenant_id,
                                                  field<&tenant_budget::reserved> >= of.reserve,
                                                  field<& tenant_budget::reserved> -= of.reserve,
                                                  field<& tenant_budget::spent> += spent);
    if (moved == tiebreak::outcome::lost)
        throw error(errc::backend_failure,
                    "the tenant's budget does not hold what its run has reserved");
}

void reach(std::function<void(step)> const& reached, step where)
{
    if (reached)
        reached(where);
}

}  // namespace

void reserve(unit_of_work& work, run const& of)
{
    auto entry = entry_of(of, entry_kind::RESERVE, of.reserve, of.created_at);
    repository<ledger_entry>(work).insert(entry);
}

tiebreak::outcome charge(unit_of_work& work,
                         run const& of,
                         std::int64_t amount,
                         std::function<void(step)> const& reached)
{
    repository<ledger_entry> const ledger(work);
    auto const now = work.database_time();
    auto charged = entry_of(of, entry_kind::CHARGE, amount, now);
    if (ledger.insert_if_absent(charged) == tiebreak::outcome::lost)
        return tiebreak::outcome::lost;
    if (auto const rest = of.reserve - amount; rest > 0) {
        auto released = entry_of(of, entry_kind::RELEASE, rest, now);
        ledger.insert(released);
    }
    reach(reached, step::writing);
    move_from_reserved(work, of, amount);
    return tiebreak::outcome::won;
}

tiebreak::outcome annul(unit_of_work& work, run const& of, std::function<void(step)> const& reached)
{
    auto voided = entry_of(of, entry_kind::VOID, of.reserve, work.database_time());
    if (repository<ledger_entry>(work).insert_if_absent(voided) == tiebreak::outcome::lost)
        return tiebreak::outcome::lost;
    reach(reached, step::writing);
    move_from_reserved(work, of, 0);
    return tiebreak::outcome::won;
}

tiebreak::outcome settle(unit_of_work& work,
                         run const& of,
                         run_outcome ended,
                         std::int64_t amount,
                         std::function<void(step)> const& reached)
{
    bool const is_free = ended == run_outcome::failed && amount == 0;
    return is_free ? annul(work, of, reached) : charge(work, of, amount, reached);
}

}  // namespace tiebreak::systems::runs::detail
