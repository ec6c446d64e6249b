/// \file
/// JSON as it comes from outside, read strictly: no repeated names, no whole number beyond 64
/// bits, no number that is infinite, no text that is not UTF-8, no depth and no size beyond a
/// limit. What a DOM would silently change is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak::service::http {

struct json_member;

/// A number that is written with a point or an exponent. The text is kept: nothing is rounded.
struct json_number {
    double value = 0;
    std::string text{};

    friend bool operator==(json_number const& a, json_number const& b) { return a.text == b.text; }
};

/// A value and everything in it.
struct json_value {
    using array = std::vector<json_value>;
    using object = std::vector<json_member>;  ///< in order; no name stands twice

    /// Empty means null. Without `{}`: a member of an object is not complete here.
    std::variant<std::monostate, bool, std::int64_t, json_number, std::string, array, object> is;

    [[nodiscard]] bool is_null() const noexcept { return is.index() == 0; }

    /// Null unless the value is of that kind.
    template <class T>
    [[nodiscard]] T const* get_if() const noexcept
    {
        return std::get_if<T>(&is);
    }

    /// A member of an object; null when there is none or this is no object.
    [[nodiscard]] json_value const* find(std::string_view name) const noexcept;

    /// "null", "a text", "a whole number" … for messages.
    [[nodiscard]] std::string_view kind() const noexcept;
};

/// A name and its value.
struct json_member {
    std::string name{};
    json_value value{};
};

/// What a text may be at most. Units and defaults as in `limits`.
struct json_limits {
    std::size_t depth = 64;
    std::size_t values = 10'000;
};

/// Reads a whole text.
/// \throws refusal `invalid-request`, with what is wrong, where (`pointer`, RFC 6901) and at
///   which byte (`offset`)
[[nodiscard]] json_value parse_json(std::string_view text, json_limits const& limits = {});

/// The value as text, members in their order.
[[nodiscard]] std::string text_of(json_value const& value);

/// The value as text with members ordered by name: equal for two texts that say the same. Numbers
/// are kept exactly as they were written, but for -0, which is 0.
[[nodiscard]] std::string canonical_text_of(json_value const& value);

/// Appends one step to a JSON pointer, escaped: "/lines" and "0" make "/lines/0".
void append_pointer(std::string& pointer, std::string_view step);

}  // namespace tiebreak::service::http
