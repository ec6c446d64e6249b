/// \file
/// What a book may hold. Not public.
#pragma once

#include "systems/books/books.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace tiebreak::systems::books::detail {

inline constexpr std::size_t text_bytes_max = 4u << 20;

[[nodiscard]] std::optional<invalid_field> broken_rule(book_content const& of);
[[nodiscard]] std::optional<invalid_field> broken_rule(book_patch const& of);

/// The rule for one line that is added to a text of this size.
[[nodiscard]] std::optional<invalid_field> broken_line_rule(std::string_view line);
[[nodiscard]] std::optional<invalid_field> broken_length_rule(std::string_view text,
                                                              std::string_view line);

}  // namespace tiebreak::systems::books::detail
