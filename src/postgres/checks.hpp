// What is guaranteed on a PostgreSQL database, and what weakens it.
#pragma once

#include "sql/engine.hpp"

#include <vector>

namespace tiebreak::postgres {

// A few statements. Throws std::invalid_argument when the connection is not one of PostgreSQL.
[[nodiscard]] std::vector<sql::finding> check(sql::connection& of);

}  // namespace tiebreak::postgres
