// From a request to an order that is this call's, or to the answer why it is not.
#pragma once

#include "systems/tickets/decide.hpp"

#include <variant>

namespace tiebreak::systems::tickets {

// Throws std::invalid_argument: the payment key or an option is out of range.
void check(approval_request const& request, approve_options const& options);

// Tries until the order is this call's, or somebody's, or the policy is used up.
[[nodiscard]] std::variant<tenure, approval>
win_or_answer(database& in, approval_request const& request, approve_options const& options);

// What became of a tenure that was taken over while the provider was charging. The charge was this
// call's, so if recovery completed the order by it, this call is the one that was approved.
[[nodiscard]] approval answer_overtaken(database& in, tenure const& held);

// What was bought with this payment key; empty unless the order is COMPLETE by it.
[[nodiscard]] std::optional<approved>
bought_with(database& in, order const& of, std::string const& payment_key);

}  // namespace tiebreak::systems::tickets
