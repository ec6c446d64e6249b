/// \file
/// What the rows say after a race, beside what the provider counted: the evidence for "approved
/// once, paid once, nothing left over".
#pragma once

#include "systems/tickets/stand_in_provider.hpp"
#include "systems/tickets/tickets.hpp"

#include <cstdint>
#include <vector>

namespace tiebreak::systems::tickets {

/// One order with everything that belongs to it.
struct order_audit {
    std::int64_t order_id = 0;
    order_status status = order_status::waiting;
    std::int64_t approvals = 0;  ///< how often it became COMPLETE
    std::int64_t bills = 0;
    std::int64_t tickets = 0;
    std::int64_t charges_standing = 0;  ///< over all payment keys sent for this order
    std::int64_t calls = 0;             ///< likewise
};

/// All orders, and how many break which promise. All counts but the first are 0 in a sound system.
struct audit_report {
    std::vector<order_audit> orders{};        ///< by order id
    std::int64_t approved_twice = 0;          ///< orders that became COMPLETE more than once
    std::int64_t left_pending = 0;            ///< orders still PENDING
    std::int64_t complete_without_bill = 0;   ///< COMPLETE, but not exactly one bill and ticket
    std::int64_t bill_without_complete = 0;   ///< a bill or ticket, but not COMPLETE
    std::int64_t complete_without_money = 0;  ///< COMPLETE, but no charge stands
    std::int64_t money_without_order = 0;     ///< a charge stands, but the order is not COMPLETE
    std::int64_t keys_charged_twice = 0;      ///< payment keys with more than one standing charge
    std::int64_t orders_charged_twice = 0;    ///< the same over all payment keys of an order
    /// Payment keys that were called more than once: expected with faults or declined payments,
    /// broken without.
    std::int64_t keys_called_twice = 0;

    /// True when every count that faults cannot explain is 0.
    [[nodiscard]] bool sound() const noexcept;
};

/// Reads all orders on one snapshot and the provider's books after it. Run it when nothing else
/// does.
[[nodiscard]] audit_report audit(database& of, stand_in_provider& provider);

}  // namespace tiebreak::systems::tickets
