// What one flush to disk costs where the database lives: the figure beside which all others are
// read.
#pragma once

#include <cstdint>
#include <string>

namespace tiebreak::race {

/// Median time of fdatasync after writing 4 KiB to a new file in this folder, in microseconds; 0
/// when no file can be made there. Takes 25 flushes.
[[nodiscard]] std::int64_t measure_flush_us(std::string const& folder);

}  // namespace tiebreak::race
