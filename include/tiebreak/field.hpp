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

#include <tiebreak/condition.hpp>
#include <tiebreak/detail/operand.hpp>
#include <tiebreak/mapping.hpp>

#include <initializer_list>
#include <iterator>
#include <span>
#include <utility>

namespace tiebreak {

namespace detail {

// What a range has in it.
template <class Range>
using element_of = std::iter_value_t<decltype(std::begin(std::declval<Range const&>()))>;

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
    template <class Range>
    requires detail::given_for<plain, detail::element_of<Range>>

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

}  // namespace tiebreak
