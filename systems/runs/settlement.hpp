/// \file
/// The end of a reservation: the ledger decides that it happens once, the tenant's row comes last.
#pragma once

#include <tiebreak/unit_of_work.hpp>

#include "systems/runs/entities.hpp"
#include "systems/runs/finalize.hpp"

#include <functional>

namespace tiebreak::systems::runs::detail {

/// Opens the books of a new run.
void reserve(unit_of_work& work, run const& of);

/// CHARGE of `amount` and RELEASE of the rest; `lost`: the run was charged or voided before.
[[nodiscard]] tiebreak::outcome charge(unit_of_work& work,
                                       run const& of,
                                       std::int64_t amount,
                                       std::function<void(step)> const& reached);

/// VOID of the whole reserve; `lost`: the run was charged or voided before.
[[nodiscard]] tiebreak::outcome
annul(unit_of_work& work, run const& of, std::function<void(step)> const& reached);

/// Whichever of the two an outcome asks for: a failed run that cost nothing is voided.
[[nodiscard]] tiebreak::outcome settle(unit_of_work& work,
                                       run const& of,
                                       run_outcome ended,
                                       std::int64_t amount,
                                       std::function<void(step)> const& reached);

}  // namespace tiebreak::systems::runs::detail
