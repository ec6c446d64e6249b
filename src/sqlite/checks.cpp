// What is guaranteed on a database, in sentences for people.
#include "sqlite/connection.hpp"
#include "sqlite/opening.hpp"

#include <sqlite3.h>

namespace tiebreak::sqlite {

std::vector<finding> check(sql::connection& of)
{
    std::vector<finding> found;
    found.push_back({false, "SQLite " + of.engine_version()});
    return found;
}

}  // namespace tiebreak::sqlite
