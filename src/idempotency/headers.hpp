// The headers of a stored answer as one text: "name: value\n" each.
#pragma once

#include <tiebreak/idempotency.hpp>

#include <string>
#include <vector>

namespace tiebreak::detail {

// Those whose names are allowed. Throws std::invalid_argument for a name or value that would be
// read as more than one header.
[[nodiscard]] std::string packed(std::vector<answer_header> const& headers,
                                 std::vector<std::string> const& allowed);

// All of them: those of a stored answer.
[[nodiscard]] std::string packed_all(std::vector<answer_header> const& headers);

[[nodiscard]] std::vector<answer_header> unpacked(std::string_view text);

}  // namespace tiebreak::detail
