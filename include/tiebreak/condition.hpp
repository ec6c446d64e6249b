/// \file
/// Conditions, changes and orders as values: made by `field` (field.hpp), taken by repositories and
/// queries. Plain data: copyable, usable from any thread.
#pragma once

#include <tiebreak/detail/expression.hpp>

#include <chrono>
#include <utility>

namespace tiebreak {

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
