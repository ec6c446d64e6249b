// Rows to objects, with errors that name the column; keys for people.
#pragma once

#include <tiebreak/conflict.hpp>
#include <tiebreak/detail/plan.hpp>
#include <tiebreak/error.hpp>
#include <tiebreak/row.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::detail {

// Throws backend_failure that names table and column, and says so when a version is NULL.
[[noreturn]] void throw_undecodable(plan const& of, std::size_t column, value found);

// Reads the columns of `mask` into an object.
inline void decode_row(plan const& of, void* object, column_mask mask, value const* row)
{
    auto const bad = of.decode(object, mask, row);
    if (bad < of.columns.size()) [[unlikely]]
        throw_undecodable(of, bad, row[std::popcount(mask & ((column_mask{1} << bad) - 1))]);
}

// "42", or "42, abc" for a composite key; `key` holds its values in column order.
[[nodiscard]] std::string key_text(plan const& of, value const* key);

// The key may be somebody's address: it is told to the log only.
[[nodiscard]] error not_found(plan const& of, value const* key);

// A conflict about one row.
[[nodiscard]] conflict conflict_of(plan const& of,
                                   std::string_view prefix,
                                   value const* key,
                                   std::optional<std::int64_t> expected);

// Which column of a result goes to which member of a row struct. Throws backend_failure when a
// member has no column, or the result more columns than a single value.
class row_reader {
public:
    template <class Statement>
    row_reader(row_plan const& of, Statement& from) : plan_(of)
    {
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < from.column_count(); ++i)
            names.push_back(from.column_name(i));
        match(names);
    }

    void read(void* object, std::span<value const> row) const;

private:
    void match(std::vector<std::string_view> const& names);

    row_plan const& plan_;
    std::vector<std::size_t> column_of_member_;
};

}  // namespace tiebreak::detail
