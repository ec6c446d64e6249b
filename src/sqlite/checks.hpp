// What is guaranteed on a SQLite database, and what weakens it.
#pragma once

#include "sql/engine.hpp"

#include <vector>

namespace tiebreak::sqlite {

// A few statements; the quick check of the file reads all of it. Throws std::invalid_argument when
// the connection is not one of SQLite.
[[nodiscard]] std::vector<sql::finding> check(sql::connection& of);

}  // namespace tiebreak::sqlite
