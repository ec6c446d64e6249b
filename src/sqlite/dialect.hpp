// Which of the two SQLite dialects a connection speaks.
#pragma once

#include "sql/dialect.hpp"

namespace tiebreak::sqlite {

// A database in memory lacks capability::several_processes; the SQL is the same.
[[nodiscard]] sql::dialect const& dialect_of(bool in_memory) noexcept;

}  // namespace tiebreak::sqlite
