// Judges a ticket race: what the racers were told, what the rows say, what the provider counted.
// Pure.
#pragma once

#include "race/board.hpp"
#include "race/result.hpp"
#include "systems/tickets/audit.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace tiebreak::race {

/// Every order is approved so often, at once.
inline constexpr int approvals_of_an_order = 5;

/// In `request_slot::acknowledged`: the client was told that the payment failed or was declined.
inline constexpr std::int64_t told_no_payment = -1;

struct ticket_findings {
    audit_counts counts{};
    /// "1/4/0" (approved/refused/failed) and how many orders ended so.
    std::map<std::string, std::int64_t> per_order{};
};

/// \param rows  `slot.subject` is the order's id
/// \param killed  servers were killed: a payment may have been asked for again by its key
[[nodiscard]] ticket_findings audit_tickets(systems::tickets::audit_report const& rows,
                                            std::span<request_slot const> slots,
                                            provider_faults const& faults,
                                            bool killed = false);

}  // namespace tiebreak::race
