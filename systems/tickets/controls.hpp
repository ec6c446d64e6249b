// The negative controls: approvals as they are often written, which break under load. They read
// in one transaction and write in another, unchecked, and call the provider without an idempotency
// key.
#pragma once

#include "systems/tickets/tickets.hpp"

namespace tiebreak::systems::tickets {

// `naive` and `in_process`.
[[nodiscard]] approval approve_unchecked(database& in,
                                         payment_provider& provider,
                                         approval_request const& request,
                                         approve_options const& options);

}  // namespace tiebreak::systems::tickets
