// The first word of a statement: the little that must be known of a text before it runs.
#pragma once

#include <string>
#include <string_view>

namespace tiebreak::sqlite {

// In capitals; empty when there is none. Blanks and comments are passed over.
[[nodiscard]] std::string first_keyword(std::string_view text);

}  // namespace tiebreak::sqlite
