// The second shape: a key that is claimed first, and completed by the work's own commit.
#pragma once

#include "idempotency/key_row.hpp"

#include <variant>

namespace tiebreak::detail {

[[nodiscard]] std::variant<idempotent_work, idempotent_result>
claim_key(database& in, idempotent_request const& request, idempotency_options const& options);

// For `recover`: takes over a claim that was seen dead; empty when somebody else was faster.
[[nodiscard]] std::optional<idempotent_work>
take_over_dead(database& in, idempotency_row const& seen, idempotency_options const& options);

[[nodiscard]] idempotent_result finish_work(database& in,
                                            idempotent_work const& work,
                                            idempotency_options const& options,
                                            idempotency::work_body const& body);

}  // namespace tiebreak::detail
