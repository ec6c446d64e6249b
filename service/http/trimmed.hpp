// The value of a field without the blanks around it.
#pragma once

#include <string_view>

namespace tiebreak::service::http {

// Without optional whitespace (RFC 9110, 5.6.3) at both ends: spaces and tabs.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept
{
    constexpr std::string_view blanks = " \t";
    auto const first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace tiebreak::service::http
