// See latency_range.hpp.
#include "cli/latency_range.hpp"

#include "cli/commands.hpp"

namespace tiebreak::cli {

latency_range parse_latency(std::string const& text)
{
    auto const dots = text.find("..");
    auto const number = [](std::string const& part) {
        if (part.empty() || part.size() > 9 || part.find_first_not_of("0123456789") != part.npos)
            throw usage_error("--latency-ms must be A..B, for example 100..500");
        return std::chrono::milliseconds{std::stoll(part)};
    };
    auto const least = number(text.substr(0, dots));
    return {least, dots == text.npos ? least : number(text.substr(dots + 2))};
}

}  // namespace tiebreak::cli
