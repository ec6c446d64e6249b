/// \file
/// The version of a row: the counter (or timestamp) that makes a lost update visible.
///
/// A member of one of these types in a mapped struct switches checking on for that entity. The
/// library alone bumps it, in the statement that writes the row. The application reads it, and
/// states it as an expectation (`version{7}` from an If-Match header); writing the member of a
/// tracked object is refused with `std::logic_error` at the flush. 0 is a version like any other;
/// NULL in the table is an error; at the type's maximum a write fails with `version_exhausted`
/// before any statement is sent, it never wraps.
#pragma once

#include <tiebreak/time.hpp>

#include <compare>
#include <concepts>
#include <cstdint>

namespace tiebreak {

/// A counter of `Rep`'s width. Rows start at 1 unless the mapping says `first_version<N>`.
template <std::signed_integral Rep>
class basic_version {
public:
    /// The number inside.
    using representation = Rep;

    constexpr basic_version() = default;

    /// The version with this number, as an expectation.
    constexpr explicit basic_version(Rep value) noexcept : value_(value) {}

    /// The number.
    [[nodiscard]] constexpr Rep value() const noexcept { return value_; }

    friend constexpr auto operator<=>(basic_version const&, basic_version const&) = default;

private:
    Rep value_ = 0;
};

/// The usual version: 64 bits.
using version = basic_version<std::int64_t>;
/// A version of 32 bits.
using version32 = basic_version<std::int32_t>;
/// A version of 16 bits: up to 32767 writes of a row.
using version16 = basic_version<std::int16_t>;

/// A version that is a time: each write sets max(old + 1 µs, the database's time), so it grows
/// strictly even when clocks stand still or go back. Costs one more statement for each write,
/// because the new value is the database's to choose.
class timestamp_version {
public:
    constexpr timestamp_version() = default;

    /// The version with this time, as an expectation.
    constexpr explicit timestamp_version(time_point value) noexcept : value_(value) {}

    /// The time.
    [[nodiscard]] constexpr time_point value() const noexcept { return value_; }

    friend constexpr auto operator<=>(timestamp_version const&, timestamp_version const&) = default;

private:
    time_point value_{};
};

}  // namespace tiebreak
