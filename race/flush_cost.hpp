// What one flush to disk costs where the database lives: the figure beside which all others are
// read.
#pragma once

#include <tiebreak/database.hpp>

#include <cstdint>
#include <string>

namespace tiebreak::race {

/// Median time of fdatasync after writing 4 KiB to a new file in this folder, in microseconds; 0
/// when no file can be made there. Takes 25 flushes.
[[nodiscard]] std::int64_t measure_flush_us(std::string const& folder);

/// Of a server: median time of a commit that changes one row minus that of reading it, in
/// microseconds. The row is the lab's mark, which stays as it is. 25 of each, in turn.
[[nodiscard]] std::int64_t measure_commit_us(database& on);

}  // namespace tiebreak::race
