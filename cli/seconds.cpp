#include "cli/seconds.hpp"

#include "cli/commands.hpp"

#include <cmath>
#include <cstdint>
#include <iomanip>
#include <sstream>

namespace tiebreak::cli {

std::chrono::milliseconds
seconds_of(char const* flag, double given_s, double least_s, double most_s)
{
    if (std::isfinite(given_s) && given_s >= least_s && given_s <= most_s)
        return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(given_s * 1e3))};
    std::ostringstream text;
    text << flag << " must be " << std::setprecision(9) << least_s << " to " << most_s
         << " (seconds)";
    throw usage_error(text.str());
}

}  // namespace tiebreak::cli
