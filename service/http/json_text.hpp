/// \file
/// Writing JSON text: members are appended in order to one string that becomes the body. What is
/// not UTF-8 is written as U+FFFD, so the text is always valid.
#pragma once

#include <tiebreak/time.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tiebreak::service::http {

class json_array;
class json_object;
struct json_value;

namespace detail {

void append_json(std::string& to, std::string_view text);
void append_json(std::string& to, std::int64_t number);
void append_json(std::string& to, std::uint64_t number);
void append_json(std::string& to, double number);  // null when it is not finite
void append_json(std::string& to, time_point when);
void append_json(std::string& to, json_object const& object);
void append_json(std::string& to, json_array const& array);
void append_json(std::string& to, json_value const& value);

template <class T>
void append_member(std::string& to, T const& value)
{
    if constexpr (std::same_as<T, bool>)
        to += value ? "true" : "false";
    else if constexpr (std::same_as<T, std::nullptr_t>)
        to += "null";
    else if constexpr (std::signed_integral<T>)
        append_json(to, static_cast<std::int64_t>(value));
    else if constexpr (std::unsigned_integral<T>)
        append_json(to, static_cast<std::uint64_t>(value));
    else if constexpr (std::convertible_to<T const&, std::string_view>)
        append_json(to, std::string_view{value});
    else
        append_json(to, value);
}

template <class T>
void append_member(std::string& to, std::optional<T> const& value)
{
    if (value)
        append_member(to, *value);
    else
        to += "null";
}

}  // namespace detail

/// An object, written member by member; names are not compared with earlier ones. Values: text,
/// whole numbers, double, bool, nullptr, `time_point` (RFC 3339 in UTC), optionals of these (empty
/// is null), objects, arrays, `json_value`.
class json_object {
public:
    template <class T>
    json_object& add(std::string_view name, T const& value) &
    {
        begin(name);
        detail::append_member(text_, value);
        return *this;
    }

    template <class T>
    json_object&& add(std::string_view name, T const& value) &&
    {
        return std::move(add(name, value));
    }

    /// Adds nothing when the optional is empty.
    template <class T>
    json_object& add_if(std::string_view name, std::optional<T> const& value) &
    {
        return value ? add(name, *value) : *this;
    }

    template <class T>
    json_object&& add_if(std::string_view name, std::optional<T> const& value) &&
    {
        return std::move(add_if(name, value));
    }

    /// All members of another one behind those of this.
    json_object& append(json_object const& more) &;

    /// The finished text.
    [[nodiscard]] std::string take() &&;
    [[nodiscard]] std::string str() const;

    [[nodiscard]] bool is_empty() const noexcept { return text_.size() == 1; }

private:
    friend void detail::append_json(std::string& to, json_object const& object);
    void begin(std::string_view name);
    std::string text_{"{"};
};

/// An array, written element by element.
class json_array {
public:
    template <class T>
    json_array& add(T const& value) &
    {
        if (text_.size() > 1)
            text_ += ',';
        detail::append_member(text_, value);
        return *this;
    }

    template <class T>
    json_array&& add(T const& value) &&
    {
        return std::move(add(value));
    }

    /// The finished text.
    [[nodiscard]] std::string take() &&;

private:
    friend void detail::append_json(std::string& to, json_array const& array);
    std::string text_{"["};
};

/// "2026-07-01T09:00:00.000000Z", always with microseconds, so that equal moments are equal text.
[[nodiscard]] std::string rfc3339(time_point when);

/// A moment with its offset ("…Z", "…+09:00") and at most six decimals; empty for anything else,
/// also for days that are in no calendar.
[[nodiscard]] std::optional<time_point> parse_rfc3339(std::string_view text) noexcept;

}  // namespace tiebreak::service::http
