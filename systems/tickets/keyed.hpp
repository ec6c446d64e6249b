/// \file
/// Approvals under an idempotency key: the first call is at it, every repeat gets its answer, and a
/// call whose server died is taken over by a repeat.
#pragma once

#include <tiebreak/idempotency.hpp>

#include "systems/tickets/tickets.hpp"

#include <functional>

namespace tiebreak::systems::tickets {

/// An answer as it is kept under the key and repeated.
using kept_form = std::function<idempotent_answer(approval const&)>;

/// Approves under a key of the caller's. The key is committed before anything else, so `reused` and
/// `in_progress` come at once; the commit that completes the order completes the key. Kept are the
/// answers that a repeat would get again for good (approved, already processed, declined,
/// refunded); after any other the key is free, or, while it is not known what was charged, held for
/// `approve_options::owner_deadline`. Who decides the order is `approve_options::how`, which must
/// not be a negative control.
/// \throws what `approve` throws
[[nodiscard]] idempotent_result approve_once(database& in,
                                             payment_provider& provider,
                                             approval_request const& request,
                                             approve_options const& options,
                                             idempotent_request const& key,
                                             kept_form const& form);

/// `idempotency_sql` and `idempotency_redis`: the payment key is the key.
[[nodiscard]] approval approve_with_payment_key(database& in,
                                                payment_provider& provider,
                                                approval_request const& request,
                                                approve_options const& options);

}  // namespace tiebreak::systems::tickets
