/// \file
/// Own SQL that runs on every engine: the one thing that differs in it is the placeholder.
#pragma once

#include <tiebreak/database.hpp>

#include <string>
#include <string_view>

namespace tiebreak::systems {

/// SQL written with `?` for its parameters and without quoted question marks, as the engine of
/// this database spells it: `$1`, `$2` … on PostgreSQL.
[[nodiscard]] inline std::string own_sql(database const& on, std::string_view sql)
{
    if (on.engine() != "postgresql")
        return std::string(sql);
    std::string spelled;
    int number = 0;
    for (char const c : sql) {
        if (c == '?')
            spelled += '$' + std::to_string(++number);
        else
            spelled += c;
    }
    return spelled;
}

}  // namespace tiebreak::systems
