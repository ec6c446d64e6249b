/// \file
/// The types a member may have, and the column each becomes: the one place a type is taught.
///
/// | member                     | SQLite  | PostgreSQL       | MariaDB                     |
/// |----------------------------|---------|------------------|-----------------------------|
/// | `bool`                     | INTEGER | BOOLEAN          | TINYINT(1)                  |
/// | integers up to 16/32/64    | INTEGER | SMALLINT/INTEGER/BIGINT | SMALLINT/INT/BIGINT  |
/// | `std::uint64_t`            | INTEGER | BIGINT           | BIGINT (above 2^63-1: error)|
/// | `double` (NaN: error)      | REAL    | DOUBLE PRECISION | DOUBLE                      |
/// | `std::string`              | TEXT    | TEXT             | VARCHAR(255) in keys, else LONGTEXT
/// | | `tiebreak::blob`           | BLOB    | BYTEA            | LONGBLOB                    | |
/// `tiebreak::time_point`     | INTEGER (µs since 1970) | TIMESTAMPTZ | DATETIME(6)      | | a
/// described enum           | TEXT    | TEXT             | VARCHAR(64)                 | |
/// `std::optional` of these   | the same, NULL allowed     |             |                 | |
/// `version`, `timestamp_version` | as the integer or time it holds |    |                 |
///
/// Whoever specialises `field_type<T>` for a type of their own gives it `column`, `nullable`,
/// `encode` and `decode` as below.
#pragma once

#include <tiebreak/value.hpp>
#include <tiebreak/version.hpp>

#include <boost/describe/enum.hpp>
#include <boost/describe/enum_to_string.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace tiebreak {

/// What a column is made of; each dialect names its own type for it.
enum class column_type : std::uint8_t { boolean, int16, int32, int64, real, text, bytes, time };

/// How a member becomes a value and back. Undefined for types that cannot be stored.
/// `encode` borrows from its argument. `decode` answers false when the value does not fit the
/// type (wrong kind, out of range, unknown enumerator); the caller names the column.
template <class T>
struct field_type;

template <class T>
concept storable = requires(T const& in, T& out)
{
    {
        field_type<T>::encode(in)
        } -> std::same_as<value>;
    {
        field_type<T>::decode(value{}, out)
        } -> std::same_as<bool>;
};

namespace detail {

template <class T>
inline constexpr bool is_version = false;
template <class Rep>
inline constexpr bool is_version<basic_version<Rep>> = true;
template <>
inline constexpr bool is_version<timestamp_version> = true;

template <class T>
inline constexpr bool is_character =
    std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;

/// Throws `error(constraint_violated)`: the number is above 2^63 - 1, which no engine stores.
[[noreturn]] void throw_number_too_large();

/// Throws `error(constraint_violated)`: NaN is stored by one engine, NULL on another, refused by
/// the third.
[[noreturn]] void throw_not_a_number();

/// Throws `error(constraint_violated)`: the number is outside of the member's range.
[[noreturn]] void throw_number_out_of_range();

/// Throws `std::logic_error`: the enumerator has no name.
[[noreturn]] void throw_enumerator_without_name();

}  // namespace detail

/// \cond details of the table above
template <>
struct field_type<bool> {
    static constexpr auto column = column_type::boolean;
    static constexpr bool nullable = false;

    static value encode(bool v) noexcept { return value{v}; }

    static bool decode(value v, bool& out) noexcept
    {
        if (!v.holds_integer() || (v.integer() != 0 && v.integer() != 1))
            return false;
        out = v.integer() != 0;
        return true;
    }
};

template <std::integral T>

requires(!detail::is_character<T> && !std::same_as<T, bool>) struct field_type<T> {
    static constexpr auto column =
        sizeof(T) == 8 || (sizeof(T) == 4 && std::unsigned_integral<T>)   ? column_type::int64
        : sizeof(T) == 4 || (sizeof(T) == 2 && std::unsigned_integral<T>) ? column_type::int32
                                                                          : column_type::int16;
    static constexpr bool nullable = false;

    static value encode(T v)
    {
        if constexpr (std::unsigned_integral<T> && sizeof(T) == 8) {
            if (std::cmp_greater(v, std::numeric_limits<std::int64_t>::max()))
                detail::throw_number_too_large();
        }
        return value{static_cast<std::int64_t>(v)};
    }

    static bool decode(value v, T& out) noexcept
    {
        if (v.kind() != value_kind::integer || !std::in_range<T>(v.integer()))
            return false;
        out = static_cast<T>(v.integer());
        return true;
    }
};

template <>
struct field_type<double> {
    static constexpr auto column = column_type::real;
    static constexpr bool nullable = false;

    static value encode(double v)
    {
        if (v != v) [[unlikely]]
            detail::throw_not_a_number();
        return value{v};
    }

    static bool decode(value v, double& out) noexcept
    {
        if (v.kind() == value_kind::real)
            out = v.real();
        else if (v.kind() == value_kind::integer)
            out = static_cast<double>(v.integer());
        else
            return false;
        return true;
    }
};

template <>
struct field_type<std::string> {
    static constexpr auto column = column_type::text;
    static constexpr bool nullable = false;

    static value encode(std::string const& v) noexcept { return value{std::string_view{v}}; }

    static bool decode(value v, std::string& out)
    {
        if (v.kind() != value_kind::text)
            return false;
        out.assign(v.text());
        return true;
    }
};

template <>
struct field_type<blob> {
    static constexpr auto column = column_type::bytes;
    static constexpr bool nullable = false;

    static value encode(blob const& v) noexcept { return value{std::span{v}}; }

    static bool decode(value v, blob& out)
    {
        if (!v.holds_bytes())
            return false;
        out.assign(v.bytes().begin(), v.bytes().end());
        return true;
    }
};

template <>
struct field_type<time_point> {
    static constexpr auto column = column_type::time;
    static constexpr bool nullable = false;

    static value encode(time_point v) noexcept { return value{v}; }

    static bool decode(value v, time_point& out) noexcept
    {
        if (!v.holds_integer())
            return false;
        out = time_point{std::chrono::microseconds{v.integer()}};
        return true;
    }
};

template <class E>

requires boost::describe::has_describe_enumerators<E>::value struct field_type<E> {
    static constexpr auto column = column_type::text;
    static constexpr bool nullable = false;

    static value encode(E v)
    {
        char const* name = boost::describe::enum_to_string(v, nullptr);
        if (name == nullptr)
            detail::throw_enumerator_without_name();
        return value{std::string_view{name}};
    }

    static bool decode(value v, E& out)
    {
        if (v.kind() != value_kind::text)
            return false;
        bool found = false;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
            if (!found && v.text() == d.name) {
                out = d.value;
                found = true;
            }
        });
        return found;
    }
};

template <class T>
requires storable<T>

struct field_type<std::optional<T>> {
    static constexpr auto column = field_type<T>::column;
    static constexpr bool nullable = true;

    static value encode(std::optional<T> const& v)
    {
        return v ? field_type<T>::encode(*v) : value{};
    }

    static bool decode(value v, std::optional<T>& out)
    {
        if (v.is_null()) {
            out.reset();
            return true;
        }
        return field_type<T>::decode(v, out ? *out : out.emplace());
    }
};

template <class Rep>
struct field_type<basic_version<Rep>> {
    static constexpr auto column = field_type<Rep>::column;
    static constexpr bool nullable = false;

    static value encode(basic_version<Rep> v) noexcept
    {
        return value{static_cast<std::int64_t>(v.value())};
    }

    static bool decode(value v, basic_version<Rep>& out) noexcept
    {
        Rep number = 0;
        if (!field_type<Rep>::decode(v, number))
            return false;
        out = basic_version<Rep>{number};
        return true;
    }
};

template <>
struct field_type<timestamp_version> {
    static constexpr auto column = column_type::time;
    static constexpr bool nullable = false;

    static value encode(timestamp_version v) noexcept { return value{v.value()}; }

    static bool decode(value v, timestamp_version& out) noexcept
    {
        time_point at{};
        if (!field_type<time_point>::decode(v, at))
            return false;
        out = timestamp_version{at};
        return true;
    }
};

/// \endcond

}  // namespace tiebreak
