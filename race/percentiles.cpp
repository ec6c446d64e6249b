#include "race/percentiles.hpp"

#include <algorithm>
#include <cmath>

namespace tiebreak::race {

std::int64_t percentile(std::vector<std::int64_t> const& sorted, double percent) noexcept
{
    if (sorted.empty())
        return 0;
    auto const rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
    auto const index = std::max<std::int64_t>(static_cast<std::int64_t>(rank), 1) - 1;
    return sorted[std::min(static_cast<std::size_t>(index), sorted.size() - 1)];
}

latency_summary summarise(std::vector<std::int64_t> latencies_us)
{
    std::ranges::sort(latencies_us);
    return {
        .p50_us = percentile(latencies_us, 50),
        .p95_us = percentile(latencies_us, 95),
        .p99_us = percentile(latencies_us, 99),
        .max_us = latencies_us.empty() ? 0 : latencies_us.back(),
    };
}

}  // namespace tiebreak::race
