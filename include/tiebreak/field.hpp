/// \file
/// Conditions, changes and orders in terms of members, checked by the compiler:
/// \code
/// field<&coupon::issued> < field<&coupon::total>            // a condition
/// field<&coupon::issued> += 1                               // a change
/// field<&run::lease_expires_at> = database_now() + 120s     // by the database's clock
/// field<&book::title>.descending()                          // an order
/// \endcode
/// Columns come from the mapping and everything else becomes a bound parameter, so no input can
/// change the statement. Objects here are plain data: copyable, usable from any thread, no cost
/// in statements until they are used.
#pragma once

#include <tiebreak/mapping.hpp>

#include <chrono>
#include <initializer_list>
#include <ranges>
#include <string_view>
#include <vector>

namespace tiebreak {

namespace detail {

/// A piece of an expression: a column, a parameter, the database's clock, or fixed SQL text.
struct token {
    enum class kind : std::uint8_t { text, column, parameter, now };
    kind what = kind::text;
    std::uint16_t column = 0;
    char const* text = "";     ///< a string literal of this library
    stored_value parameter{};  ///< for `now`: microseconds to add, NULL for none
};

/// Pieces in the order in which they are written.
struct expression {
    std::vector<token> tokens{};

    [[nodiscard]] bool empty() const noexcept { return tokens.empty(); }

    expression& text(char const* literal)
    {
        tokens.push_back({.text = literal});
        return *this;
    }

    expression& column(std::size_t index)
    {
        tokens.push_back(
            {.what = token::kind::column, .column = static_cast<std::uint16_t>(index)});
        return *this;
    }

    expression& parameter(value v)
    {
        tokens.push_back({.what = token::kind::parameter, .parameter = stored_value{v}});
        return *this;
    }

    expression& now(std::chrono::microseconds later)
    {
        tokens.push_back({.what = token::kind::now,
                          .parameter = later.count() == 0
                                           ? stored_value{}
                                           : stored_value{value{std::int64_t{later.count()}}}});
        return *this;
    }

    expression& append(expression const& other)
    {
        tokens.insert(tokens.end(), other.tokens.begin(), other.tokens.end());
        return *this;
    }
};

/// One `column = expression` of a change.
struct assignment {
    std::size_t column = 0;
    expression to{};
};

struct order_term {
    std::size_t column = 0;
    bool descending = false;
};

}  // namespace detail

/// A condition on rows of `T`. Combine with `&&`, `||`, `!`. An empty one holds for every row.
template <class T>
struct condition {
    detail::expression sql{};  ///< for the library
};

/// A change of one column of `T`.
template <class T>
struct change {
    detail::assignment sql{};  ///< for the library
};

/// A place in an order of rows of `T`.
template <class T>
struct order {
    detail::order_term sql{};  ///< for the library
};

/// The database's clock, read when the statement runs, plus a duration.
struct database_time {
    std::chrono::microseconds later{0};  ///< what is added to it

    friend constexpr database_time operator+(database_time a, std::chrono::microseconds b)
    {
        return {a.later + b};
    }

    friend constexpr database_time operator-(database_time a, std::chrono::microseconds b)
    {
        return {a.later - b};
    }
};

/// The database's clock.
[[nodiscard]] constexpr database_time database_now() noexcept
{
    return {};
}

namespace detail {

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

}  // namespace detail

/// A member of an entity, for conditions, changes and orders. Use through `field<&T::member>`.
template <auto Member>
struct field_t {
    /// The struct that has the member.
    using entity = detail::owner_of<Member>;
    /// The member's type.
    using type = detail::member_type<Member>;
    /// The same without `std::optional`.
    using plain = detail::bare<type>;
    /// What it is in a sum or comparison.
    using operand = detail::operand<entity, type>;

    /// The index of its column.
    static constexpr std::size_t column()
    {
        static_assert(mapped_entity<entity>);
        constexpr auto at = detail::entity<entity>::template index_of<Member>;
        static_assert(at < detail::entity<entity>::count, "this member is not stored");
        return at;
    }

    /// The member as a part of a sum or comparison.
    [[nodiscard]] operand as_operand() const { return {detail::expression{}.column(column())}; }

    /// The column is set to a value.
    template <class Given>
    requires detail::given_for<plain, Given> change<entity>

    operator=(Given const& given) const
    {
        return assign([&](auto& to) { detail::add_parameter<plain>(to, given); });
    }

    /// The column is set to NULL.
    change<entity> operator=(std::nullopt_t) const requires field_type<type>::nullable
    {
        return assign([](auto& to) { to.parameter(value{}); });
    }

    /// The column is set to a value that may be absent.
    change<entity>
    operator=(std::optional<plain> const& given) const requires field_type<type>::nullable
    {
        return assign(
            [&](auto& to) { to.parameter(field_type<std::optional<plain>>::encode(given)); });
    }

    /// The column is set to the database's time.
    change<entity> operator=(database_time when) const requires std::same_as<plain, time_point>
    {
        return assign([&](auto& to) { to.now(when.later); });
    }
    /// The column is set to a sum of columns and numbers of the same row, as it was before.
    template <class V>
    requires std::same_as<detail::bare<V>, plain> change<entity>

    operator=(detail::operand<entity, V> const& from) const
    {
        return assign([&](auto& to) { to.append(from.sql); });
    }
    /// The column is increased.
    template <class Given>
    requires(detail::number<type>&& std::convertible_to<Given, type>) change<entity>

    operator+=(Given const& given) const { return *this = as_operand() + given; }
    /// The column is decreased.
    template <class Given>
    requires(detail::number<type>&& std::convertible_to<Given, type>) change<entity>

    operator-=(Given const& given) const { return *this = as_operand() - given; }

    /// The column is one of the values. No values: no row.
    template <std::ranges::input_range Range>
    requires detail::given_for<plain, std::ranges::range_value_t<Range>>

    [[nodiscard]] condition<entity> in(Range const& values) const
    {
        condition<entity> result;
        bool first = true;
        for (auto const& given : values) {
            if (first)
                result.sql.column(column()).text(" IN (");
            else
                result.sql.text(", ");
            detail::add_parameter<plain>(result.sql, given);
            first = false;
        }
        result.sql.text(first ? "1 = 0" : ")");
        return result;
    }

    [[nodiscard]] condition<entity> in(std::initializer_list<plain> values) const
    {
        return in(std::span<plain const>{values.begin(), values.size()});
    }

    [[nodiscard]] condition<entity> is_null() const requires field_type<type>::nullable
    {
        return {detail::expression{}.column(column()).text(" IS NULL")};
    }

    [[nodiscard]] condition<entity> is_not_null() const requires field_type<type>::nullable
    {
        return {detail::expression{}.column(column()).text(" IS NOT NULL")};
    }

    [[nodiscard]] order<entity> ascending() const { return {{column(), false}}; }

    [[nodiscard]] order<entity> descending() const { return {{column(), true}}; }

private:
    template <class Fill>
    static change<entity> assign(Fill fill)
    {
        static_assert(!detail::is_version<type>, "the library alone writes the version");
        static_assert(!(detail::plan_maker<entity>::key_mask >> column() & 1),
                      "a key does not change: remove the row and add another");
        change<entity> result{{column(), {}}};
        fill(result.sql.to);
        return result;
    }
};

/// A member of an entity, for conditions, changes and orders.
template <auto Member>
inline constexpr field_t<Member> field{};

/// \cond the operators that the head of this file shows
#define TIEBREAK_FIELD_OPERATOR(op)                                                                \
    template <auto M, class Given>                                                                 \
    requires requires                                                                              \
    {                                                                                              \
        std::declval<typename field_t<M>::operand>() op std::declval<Given>();                     \
    }                                                                                              \
    auto operator op(field_t<M> a, Given const& b)                                                 \
    {                                                                                              \
        return a.as_operand() op b;                                                                \
    }                                                                                              \
    template <auto M, auto N>                                                                      \
    auto operator op(field_t<M> a, field_t<N> b)                                                   \
    {                                                                                              \
        return a.as_operand() op b.as_operand();                                                   \
    }                                                                                              \
    template <class T, class V, auto N>                                                            \
    auto operator op(detail::operand<T, V> a, field_t<N> b)                                        \
    {                                                                                              \
        return std::move(a) op b.as_operand();                                                     \
    }
TIEBREAK_FIELD_OPERATOR(==)
TIEBREAK_FIELD_OPERATOR(!=)
TIEBREAK_FIELD_OPERATOR(<)
TIEBREAK_FIELD_OPERATOR(<=)
TIEBREAK_FIELD_OPERATOR(>)
TIEBREAK_FIELD_OPERATOR(>=)
TIEBREAK_FIELD_OPERATOR(+)
TIEBREAK_FIELD_OPERATOR(-)
#undef TIEBREAK_FIELD_OPERATOR

/// \endcond

/// Both hold.
template <class T>
[[nodiscard]] condition<T> operator&&(condition<T> const& a, condition<T> const& b)
{
    if (a.sql.empty())
        return b;
    if (b.sql.empty())
        return a;
    condition<T> both{detail::expression{}.text("(")};
    both.sql.append(a.sql).text(") AND (").append(b.sql).text(")");
    return both;
}

/// At least one holds.
template <class T>
[[nodiscard]] condition<T> operator||(condition<T> const& a, condition<T> const& b)
{
    if (a.sql.empty())
        return a;
    if (b.sql.empty())
        return b;
    condition<T> either{detail::expression{}.text("(")};
    either.sql.append(a.sql).text(") OR (").append(b.sql).text(")");
    return either;
}

/// It does not hold. As everywhere in SQL, a comparison with NULL is neither true nor false.
template <class T>
[[nodiscard]] condition<T> operator!(condition<T> const& a)
{
    condition<T> inverted{detail::expression{}.text(a.sql.empty() ? "1 = 0" : "NOT (")};
    if (!a.sql.empty())
        inverted.sql.append(a.sql).text(")");
    return inverted;
}

}  // namespace tiebreak
