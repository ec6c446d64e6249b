/// \file
/// What the rows say after a race of workers: the evidence for "finalised once, by the owner, and
/// paid once". Meant for when reaper and recovery have run dry; changes nothing.
#pragma once

#include <tiebreak/database.hpp>

#include <cstdint>

namespace tiebreak::systems::runs {

struct run_audit {
    std::int64_t runs = 0;
    std::int64_t finalized = 0;  ///< COMPLETED or FAILED, COMMITTED
    std::int64_t cancelled = 0;
    /// QUEUED, PROCESSING or CLAIMED: lost or stuck, when nobody works any more.
    std::int64_t unfinished = 0;
    /// The stored result was written under another epoch than the one that holds the run: a worker
    /// that was not the owner any more overwrote or forestalled its successor.
    std::int64_t stale_results = 0;
    /// Finalised runs without exactly one CHARGE or VOID, or whose ledger does not add up to the
    /// reserve, or with money moved although they are not decided.
    std::int64_t wrong_ledgers = 0;
    /// Runs with more than one CHARGE or VOID.
    std::int64_t charged_twice = 0;
    /// Tenants whose row does not say what the ledger says, or is below zero.
    std::int64_t wrong_budgets = 0;
};

/// Audits all runs and budgets on one snapshot.
[[nodiscard]] run_audit audit(database& in);

}  // namespace tiebreak::systems::runs
