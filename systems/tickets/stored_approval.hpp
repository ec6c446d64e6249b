// The answers to an approval that are final, as an idempotency key keeps them.
#pragma once

#include <tiebreak/idempotency.hpp>

#include "systems/tickets/tickets.hpp"

namespace tiebreak::systems::tickets {

// True for an answer that a repeat of the same request would get again, for good: approved, already
// processed, declined, refunded.
[[nodiscard]] bool is_final(approval const& answer) noexcept;

// What is not final comes out as its name alone.
[[nodiscard]] idempotent_answer stored(approval const& answer);

// Marked as repeated. Throws `backend_failure` when it is none of ours.
[[nodiscard]] approval repeated(idempotent_answer const& from);

}  // namespace tiebreak::systems::tickets
