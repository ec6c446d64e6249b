/// \file
/// Making tables: of mapped structs, for tests and tutorials, and the library's own.
#pragma once

#include <tiebreak/database.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tiebreak {

namespace detail {

void create_table(database& in, plan const& of);
[[nodiscard]] std::string create_table_sql(database const& in, plan const& of);

}  // namespace detail

/// Makes the table of an entity if there is none: keys, uniqueness, references, NOT NULL. For tests
/// and tutorials; a table that lives on is made by migrations. Safe for concurrent starters.
template <mapped_entity T>
void create_table(database& in)
{
    detail::create_table(in, detail::plan_of<T>());
}

/// The statement that `create_table` runs.
template <mapped_entity T>
[[nodiscard]] std::string create_table_sql(database const& in)
{
    return detail::create_table_sql(in, detail::plan_of<T>());
}

/// Makes the library's own tables (`tiebreak_…`) if there are none. Safe for concurrent
/// starters and safe to repeat.
void install(database& in);

/// What is guaranteed on this database and what weakens it; one sentence each.
struct guarantee {
    bool weakened = false;  ///< false: it is guaranteed
    std::string text{};     ///< one sentence
};

/// Asks the database how it is set up; reads only. A few statements.
[[nodiscard]] std::vector<guarantee> check_guarantees(database& of);

}  // namespace tiebreak
