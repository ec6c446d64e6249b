/// \file
/// The operators between columns, numbers and values, and what fits what.
#pragma once

#include <tiebreak/condition.hpp>
#include <tiebreak/field_type.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tiebreak::detail {

template <class V>
struct without_optional {
    using type = V;
};

template <class V>
struct without_optional<std::optional<V>> {
    using type = V;
};
template <class V>
using bare = typename without_optional<V>::type;

// A real number is not an integer; that it would convert is no reason to lose what it says.
template <class V, class Given>
concept converts_whole =
    std::convertible_to<Given, V> && !(std::integral<V> && std::floating_point<Given>);

template <class V, class Given>
concept given_for = (converts_whole<V, Given> && !std::same_as<bare<V>, std::string>) ||
                    (std::same_as<bare<V>, std::string> &&
                     (std::convertible_to<Given, std::string_view> ||
                      std::same_as<Given, std::optional<std::string>>));

template <class V>
concept number = (std::integral<V> && !std::same_as<V, bool>) || std::floating_point<V>;

/// What was given, as the member's type. Throws when it is out of range.
template <class V, class Given>
V fitting(Given const& given)
{
    if constexpr (std::integral<V> && std::integral<Given> && number<V> && number<Given> &&
                  !is_character<Given>)
        if (!std::in_range<V>(given))
            throw_number_out_of_range();
    return static_cast<V>(given);
}

/// Encodes what was given as a value of the member's type, copying it.
template <class V, class Given>
void add_parameter(expression& to, Given const& given)
{
    if constexpr (std::same_as<bare<V>, std::string> &&
                  std::convertible_to<Given, std::string_view>) {
        to.parameter(value{std::string_view{given}});
    } else {
        V const converted = fitting<V>(given);
        to.parameter(field_type<V>::encode(converted));
    }
}

/// Something of type `V` that a row of `T` has: a column, or columns and numbers added up.
template <class T, class V>
struct operand {
    expression sql{};
};

template <class T, class V>
condition<T> compare(expression left, char const* sign, expression const& right)
{
    condition<T> result{std::move(left)};
    result.sql.text(sign).append(right);
    return result;
}

template <class T, class V, class Given>
condition<T> compare_with(operand<T, V> left, char const* sign, Given const& given)
{
    condition<T> result{std::move(left.sql)};
    result.sql.text(sign);
    add_parameter<V>(result.sql, given);
    return result;
}

// Operators between operands, and between an operand and a value. Found by argument-dependent
// lookup on `operand`, to which `field<…>` converts through its own operators below.
#define TIEBREAK_COMPARISON(op, sign)                                                              \
    template <class T, class V, class W>                                                           \
    requires std::same_as<bare<V>, bare<W>> condition<T>                                           \
    operator op(operand<T, V> a, operand<T, W> b)                                                  \
    {                                                                                              \
        return compare<T, V>(std::move(a.sql), sign, b.sql);                                       \
    }                                                                                              \
    template <class T, class V, class Given>                                                       \
    requires given_for<bare<V>, Given> condition<T>                                                \
    operator op(operand<T, V> a, Given const& given)                                               \
    {                                                                                              \
        return compare_with<T, bare<V>>({std::move(a.sql)}, sign, given);                          \
    }                                                                                              \
    template <class T, class V>                                                                    \
    requires std::same_as<bare<V>, time_point> condition<T>                                        \
    operator op(operand<T, V> a, database_time b)                                                  \
    {                                                                                              \
        return compare<T, V>(std::move(a.sql), sign, expression{}.now(b.later));                   \
    }
TIEBREAK_COMPARISON(==, " = ")
TIEBREAK_COMPARISON(!=, " <> ")
TIEBREAK_COMPARISON(<, " < ")
TIEBREAK_COMPARISON(<=, " <= ")
TIEBREAK_COMPARISON(>, " > ")
TIEBREAK_COMPARISON(>=, " >= ")
#undef TIEBREAK_COMPARISON

#define TIEBREAK_SUM(op, sign)                                                                     \
    template <class T, number V>                                                                   \
    operand<T, V> operator op(operand<T, V> a, operand<T, V> b)                                    \
    {                                                                                              \
        operand<T, V> sum{expression{}.text("(")};                                                 \
        sum.sql.append(a.sql).text(sign).append(b.sql).text(")");                                  \
        return sum;                                                                                \
    }                                                                                              \
    template <class T, number V, class Given>                                                      \
    requires std::convertible_to<Given, V> operand<T, V>                                           \
    operator op(operand<T, V> a, Given const& given)                                               \
    {                                                                                              \
        operand<T, V> sum{expression{}.text("(")};                                                 \
        sum.sql.append(a.sql).text(sign);                                                          \
        add_parameter<V>(sum.sql, given);                                                          \
        sum.sql.text(")");                                                                         \
        return sum;                                                                                \
    }
TIEBREAK_SUM(+, " + ")
TIEBREAK_SUM(-, " - ")
#undef TIEBREAK_SUM

}  // namespace tiebreak::detail
