/// \file
/// A typed query: `work.select<coupon>().where(field<&coupon::code> == code).first()`.
#pragma once

#include <tiebreak/field.hpp>
#include <tiebreak/lock_mode.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace tiebreak {

namespace detail {

/// What to read; plain data.
struct query {
    plan const* of = nullptr;
    expression where{};
    std::vector<order_term> order{};
    std::optional<std::size_t> limit{};
    lock_request lock{};
};

/// What a conditional write expects and does.
struct conditional {
    value const* key = nullptr;             ///< values in column order; null: any row
    std::optional<std::int64_t> version{};  ///< the version expected
    expression where{};
    std::vector<assignment> changes{};
};

}  // namespace detail

/// A query that has not run yet. `Runner` knows where to run it and what a row becomes: a tracked
/// object in a unit of work (`T*`), a value elsewhere (`T`). Cheap to copy; single-threaded.
template <mapped_entity T, class Runner>
class selection {
public:
    /// Made by `select` of a unit of work or repository.
    explicit selection(Runner runner) : runner_(runner) { query_.of = &detail::plan_of<T>(); }

    /// Adds a condition; several calls are joined by AND.
    selection& where(condition<T> const& holds)
    {
        query_.where = (condition<T>{query_.where} && holds).sql;
        return *this;
    }

    /// The order of the rows; later terms decide between equals of earlier ones.
    template <std::same_as<order<T>>... Orders>
    selection& order_by(Orders const&... terms)
    {
        (query_.order.push_back(terms.sql), ...);
        return *this;
    }

    /// At most this many rows.
    selection& limit(std::size_t rows)
    {
        query_.limit = rows;
        return *this;
    }

    /// Holds the rows as `how` says. Only in a unit of work.
    selection& lock(lock_request how)
    {
        query_.lock = how;
        return *this;
    }

    /// All rows. One statement.
    [[nodiscard]] auto all() const { return runner_.template all<T>(query_); }

    /// The first row in the order given, or nothing. One statement.
    [[nodiscard]] auto first() const { return runner_.template first<T>(query_); }

    /// How many rows there are, regardless of `limit`. One statement.
    [[nodiscard]] std::int64_t count() const { return runner_.count(query_); }

    /// Whether there is any. One statement.
    [[nodiscard]] bool exists() const { return runner_.exists(query_); }

private:
    Runner runner_;
    detail::query query_;
};

}  // namespace tiebreak
