// What client and stand-in must spell alike: paths, header values, and the words of a body.
#pragma once

#include "systems/tickets/payment_provider.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace tiebreak::service::payments {

inline constexpr std::size_t payment_key_bytes_max = 200;
// A payment key with every byte percent-encoded.
inline constexpr std::size_t idempotency_key_bytes_max = 3 * payment_key_bytes_max;
inline constexpr std::size_t charge_id_bytes_max = 200;

inline constexpr std::string_view payments_path = "/v1/payments";

// "/v1/payments/{key}": whatever is not a letter, a digit, `-`, `_` or `~` is percent-encoded, the
// point too, so that no key is taken for "." or "..".
[[nodiscard]] std::string path_of(std::string_view payment_key);

// A key as a header value: itself when it is printable, else with every other byte as %XX. Two
// keys never become the same value.
[[nodiscard]] std::string header_value_of(std::string_view key);

}  // namespace tiebreak::service::payments
