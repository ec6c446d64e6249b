/// \file
/// What is UTF-8 and what is not, by the table of RFC 3629: no overlong forms, no surrogates.
#pragma once

#include <cstddef>
#include <string_view>

namespace tiebreak::service::http {

/// The length of the valid sequence at the start of a text; 0 when there is none.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text) noexcept;

/// True for text that is UTF-8 from end to end.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace tiebreak::service::http
