// What is guaranteed on a MariaDB database, and what weakens it.
#pragma once

#include "sql/engine.hpp"

#include <vector>

namespace tiebreak::mariadb {

// A few statements. Throws std::invalid_argument when the connection is not one of MariaDB.
[[nodiscard]] std::vector<sql::finding> check(sql::connection& of);

}  // namespace tiebreak::mariadb
