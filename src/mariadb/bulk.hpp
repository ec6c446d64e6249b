// Many runs of one statement in one message: what a batch of steps becomes on MariaDB.
#pragma once

#include "sql/connection.hpp"

namespace tiebreak::mariadb {

// Runs the steps in order. Neighbours with the same statement go together, a thousand or a megabyte
// at most, and are answered by the sum of their rows: as each step matches one row at most, fewer
// than there are steps mean that some lost, and more that something is wrong (backend_failure).
// What cannot go together (outside of a transaction, under a limit on lock waits) runs one by one.
void run_in_bulks(sql::step_source& source);

}  // namespace tiebreak::mariadb
