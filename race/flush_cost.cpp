#include "race/flush_cost.hpp"

#include "race/board.hpp"
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

}  // namespace tiebreak::race
