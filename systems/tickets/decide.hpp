// Deciding which of several approvals goes ahead: one short transaction for each strategy, before
// the provider is called.
#pragma once

#include "systems/tickets/tenure.hpp"

namespace tiebreak::systems::tickets {

// What came of one try to decide.
struct decision {
    std::optional<tenure> won{};  // committed: the order is PENDING for this call
    // Without `won`: empty when the order was not WAITING as asked, so look at it again; else why
    // the tries that the policy allows failed.
    std::optional<errc> gave_up{};
    int runs = 0;  // of the transaction
};

// Strategies that decide by the database; not the controls. `left` is what of `options.retry` is
// still to be used. Throws `already_exists` when the payment key belongs to another order, and
// whatever the database reports beside losing.
[[nodiscard]] decision decide(database& in,
                              approval_request const& request,
                              approve_options const& options,
                              retry_policy const& left);

// Why the order cannot be approved, from a new look at it; empty when it is WAITING as asked.
[[nodiscard]] std::optional<approval> refusal_of(database& in, approval_request const& request);

}  // namespace tiebreak::systems::tickets
