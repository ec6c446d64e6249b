/// \file
/// One spelling for every JSON text that means the same, for fingerprints.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tiebreak {

/// What `canonical_json` accepts.
struct canonical_json_options {
    /// Arrays and objects inside each other, at most; 1 to 1000.
    std::size_t depth_max = 64;
};

/// The text without blanks, with the members of every object in the order of their names' bytes,
/// and with one spelling for each string. Numbers stay as they are written, digit by digit, so 2^63
/// and 2^63 + 1 differ, and so do 1 and 1.0. Empty when the text is not JSON (RFC 8259), is not
/// UTF-8, repeats a name in an object, is nested deeper than allowed, or holds more than one value.
/// Never throws for what the text holds. Thread-safe.
[[nodiscard]] std::optional<std::string> canonical_json(std::string_view text,
                                                        canonical_json_options options = {});

}  // namespace tiebreak
