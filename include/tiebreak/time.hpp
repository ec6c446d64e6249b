/// \file
/// Points in time as the library stores them: UTC, microseconds since 1970.
///
/// Time that decides anything (leases, timestamp versions) is the database's: see
/// `database_now()` in field.hpp and `unit_of_work::database_time()`. A local clock is only ever
/// used to stop early.
#pragma once

#include <chrono>

namespace tiebreak {

/// A UTC point in time with microseconds, the finest all three engines store.
using time_point = std::chrono::sys_time<std::chrono::microseconds>;

}  // namespace tiebreak
