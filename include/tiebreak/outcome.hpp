/// \file
/// The answer to "did I win?": a value, because losing a race is a normal end.
#pragma once

#include <cstdint>
#include <string_view>

namespace tiebreak {

/// Won: exactly the expected row was there and is changed. Lost: nothing was written, because the
/// row was not as expected. A count that cannot be known is an error, never `won`.
enum class [[nodiscard]] outcome : std::uint8_t{lost, won};

/// "won" or "lost".
[[nodiscard]] constexpr std::string_view name_of(outcome value) noexcept
{
    return value == outcome::won ? "won" : "lost";
}

}  // namespace tiebreak
