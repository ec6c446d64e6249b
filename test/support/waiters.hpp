// Whether somebody waits for a row: the server is asked, so that a test goes on when it is so.
#pragma once

#include <tiebreak/database.hpp>

#include <chrono>

namespace tiebreak::test {

// InnoDB looks at its transactions again only when nobody has asked for 100 ms.
inline constexpr std::chrono::milliseconds between_looks{150};

// A session that uses the tables of this database waits for a lock. On servers only; on PostgreSQL
// the tables are those of the schema.
[[nodiscard]] bool somebody_waits(database& looks);

}  // namespace tiebreak::test
