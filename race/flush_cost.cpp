#include "race/flush_cost.hpp"

#include "race/board.hpp"
#include "race/mark.hpp"
#include "race/percentiles.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <unistd.h>
#include <vector>

namespace tiebreak::race {

std::int64_t measure_flush_us(std::string const& folder)
{
    constexpr int flushes = 25;
    std::string name = (folder.empty() ? std::string{"."} : folder) + "/tiebreak-flush-XXXXXX";
    int const file = ::mkstemp(name.data());
    if (file < 0)
        return 0;
    ::unlink(name.c_str());
    std::array<char, 4096> page{};
    std::vector<std::int64_t> times;
    for (int i = 0; i < flushes; ++i) {
        page[0] = static_cast<char>(i);
        // Overwriting like a write-ahead log that was used before: the size does not change.
        bool const written =
            ::pwrite(file, page.data(), page.size(), 0) == static_cast<ssize_t>(page.size());
        auto const start = monotonic_us();
        if (!written || ::fdatasync(file) != 0)
            break;
        times.push_back(monotonic_us() - start);
    }
    ::close(file);
    std::ranges::sort(times);
    return percentile(times, 50);
}

std::int64_t measure_commit_us(database& on)
{
    constexpr int commits = 25;
    repository<mark> const marks(on);
    auto const mine = marks.find(mark{}.id);
    if (!mine)
        return 0;
    std::vector<std::int64_t> writes;
    std::vector<std::int64_t> reads;
    for (int i = 0; i < commits; ++i) {
        auto const start = monotonic_us();
        static_cast<void>(marks.find(mine->id));
        auto const between = monotonic_us();
        static_cast<void>(marks.update_if(
            mine->id, field<&mark::process> == mine->process, field<& mark::flushes> += 1));
        writes.push_back(monotonic_us() - between);
        reads.push_back(between - start);
    }
    std::ranges::sort(writes);
    std::ranges::sort(reads);
    return std::max<std::int64_t>(percentile(writes, 50) - percentile(reads, 50), 0);
}

}  // namespace tiebreak::race
