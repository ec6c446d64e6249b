// What a whole reply says, and whether it can be believed. Pure: no network, no clock.
//
// A reply counts only when all of it fits: status, media type, strict JSON, and the payment it is
// about. A refusal counts only as the provider's own problem document with a slug that says that
// the request was not acted on; the 502 of a proxy in between says nothing of the kind.
#pragma once

#include "service/payments/exchange.hpp"
#include "systems/tickets/payment_provider.hpp"

#include <optional>
#include <string_view>

namespace tiebreak::service::payments {

enum class judgement : std::uint8_t {
    settled,          // an answer for good
    refused,          // surely not acted on, and will not be when it is sent again
    refused_for_now,  // surely not acted on; another attempt may be
    doubtful,         // acted on or not, who knows
};

struct charge_judgement {
    judgement how = judgement::doubtful;
    systems::tickets::charge_reply reply{};  // with `settled`
};

[[nodiscard]] charge_judgement judge_charge(http_reply const& reply,
                                            systems::tickets::charge_request const& wish);

// Empty: not an answer about this key.
[[nodiscard]] std::optional<systems::tickets::payment_record>
judge_record(http_reply const& reply, std::string_view payment_key);

[[nodiscard]] bool says_cancelled(http_reply const& reply, std::string_view payment_key);

// For `find` and `cancel`, whose attempts leave no doubt behind: whether asking again is any use.
[[nodiscard]] bool is_refused_for_good(http_reply const& reply);

}  // namespace tiebreak::service::payments
