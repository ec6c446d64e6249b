/// \file
/// One value on its way to or from a column: borrowed (`value`) or owned (`stored_value`).
#pragma once

#include <tiebreak/time.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak {

/// Bytes as a column holds them.
using blob = std::vector<std::byte>;

/// The shapes a value can have. `boolean` and `time` exist because two engines have such columns;
/// an engine without them (SQLite) reads and writes integers: 0 and 1, microseconds since 1970.
enum class value_kind : std::uint8_t { null, boolean, integer, real, text, bytes, time };

/// A borrowed value, 16 bytes, passed by value. Text and blobs point to memory of whoever made it:
/// a parameter's lives until the call returns, a column's until the next row.
class value {
public:
    constexpr value() noexcept : integer_(0) {}

    /// An integer.
    constexpr explicit value(std::int64_t v) noexcept : kind_(value_kind::integer), integer_(v) {}

    /// A boolean.
    constexpr explicit value(bool v) noexcept : kind_(value_kind::boolean), integer_(v ? 1 : 0) {}

    /// A real number.
    constexpr explicit value(double v) noexcept : kind_(value_kind::real), real_(v) {}

    /// A time.
    constexpr explicit value(time_point v) noexcept
        : kind_(value_kind::time), integer_(v.time_since_epoch().count())
    {
    }

    /// Borrowed text, at most 4 GiB.
    constexpr explicit value(std::string_view v) noexcept
        : kind_(value_kind::text), size_(static_cast<std::uint32_t>(v.size())), data_(v.data())
    {
    }

    /// Borrowed bytes, at most 4 GiB.
    explicit value(std::span<std::byte const> v) noexcept
        : kind_(value_kind::bytes),
          size_(static_cast<std::uint32_t>(v.size())),
          data_(reinterpret_cast<char const*>(v.data()))
    {
    }

    /// What it holds.
    [[nodiscard]] constexpr value_kind kind() const noexcept { return kind_; }

    /// True when it holds nothing.
    [[nodiscard]] constexpr bool is_null() const noexcept { return kind_ == value_kind::null; }

    /// True for boolean, integer and time: all three hold an integer.
    [[nodiscard]] constexpr bool holds_integer() const noexcept
    {
        return kind_ == value_kind::integer || kind_ == value_kind::boolean ||
               kind_ == value_kind::time;
    }

    /// True for text and blob.
    [[nodiscard]] constexpr bool holds_bytes() const noexcept
    {
        return kind_ == value_kind::text || kind_ == value_kind::bytes;
    }

    /// Precondition: `holds_integer()`.
    [[nodiscard]] constexpr std::int64_t integer() const noexcept { return integer_; }

    /// Precondition: `kind() == value_kind::real`.
    [[nodiscard]] constexpr double real() const noexcept { return real_; }

    /// Precondition: `holds_bytes()`.
    [[nodiscard]] constexpr std::string_view text() const noexcept { return {data_, size_}; }

    /// Precondition: `holds_bytes()`.
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept
    {
        return {reinterpret_cast<std::byte const*>(data_), size_};
    }

    /// Same kind of content and same content; NULL equals NULL. The three integer kinds compare
    /// with each other, as do text and blob.
    [[nodiscard]] friend bool operator==(value const& a, value const& b) noexcept
    {
        if (a.holds_integer())
            return b.holds_integer() && a.integer_ == b.integer_;
        if (a.holds_bytes()) {
            return b.holds_bytes() && a.size_ == b.size_ &&
                   (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
        }
        if (a.kind_ != b.kind_)
            return false;
        return a.kind_ == value_kind::null ||
               std::bit_cast<std::uint64_t>(a.real_) ==
                   std::bit_cast<std::uint64_t>(b.real_);  // bits: NaN equals itself
    }

private:
    value_kind kind_ = value_kind::null;
    std::uint32_t size_ = 0;

    union {
        std::int64_t integer_;
        double real_;
        char const* data_;
    };
};

/// A value that owns its text or bytes.
class stored_value {
public:
    stored_value() = default;

    /// Copies what `from` points to.
    explicit stored_value(value from) : value_(from)
    {
        if (from.holds_bytes())
            bytes_ = from.text();
    }

    /// Borrows from this object.
    [[nodiscard]] value get() const noexcept
    {
        if (value_.kind() == value_kind::text)
            return value{std::string_view{bytes_}};
        if (value_.kind() == value_kind::bytes)
            return value{std::as_bytes(std::span{bytes_})};
        return value_;
    }

private:
    value value_;  // its pointer is never followed once bytes_ holds the copy
    std::string bytes_;
};

/// A value for people: numbers as they are, text as it is, times in ISO 8601, blobs as "N bytes".
[[nodiscard]] std::string to_string(value v);

}  // namespace tiebreak
