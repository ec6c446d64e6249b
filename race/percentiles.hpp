// Percentiles by the nearest-rank method: always a value that was measured.
#pragma once

#include "race/result.hpp"

#include <cstdint>
#include <vector>

namespace tiebreak::race {

/// The smallest value that at least `percent` of the values do not exceed. `sorted` ascends;
/// `percent` is 0 to 100. 0 when there are no values.
[[nodiscard]] std::int64_t percentile(std::vector<std::int64_t> const& sorted,
                                      double percent) noexcept;

[[nodiscard]] latency_summary summarise(std::vector<std::int64_t> latencies_us);

}  // namespace tiebreak::race
