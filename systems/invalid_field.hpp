/// \file
/// Input that breaks a rule, as a value; and the rules for text that all engines can store.
#pragma once

#include <cstddef>
#include <string_view>

namespace tiebreak::systems {

/// A member of what was given breaks a rule. Nothing was read or written.
struct invalid_field {
    std::string_view field{};  ///< "total_quantity"
    std::string_view rule{};   ///< "must be 0 or more"
};

/// True for valid UTF-8 without NUL of at most `bytes_max` bytes: the text that every engine
/// stores and gives back unchanged. Pure.
[[nodiscard]] bool is_storable_text(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace tiebreak::systems
