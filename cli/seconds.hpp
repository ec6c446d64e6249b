// Durations that people write in seconds, with decimals.
#pragma once

#include <chrono>

namespace tiebreak::cli {

// Rounded up to whole milliseconds. `flag`: "--lease". Throws usage_error when it is no number from
// `least_s` to `most_s`.
[[nodiscard]] std::chrono::milliseconds
seconds_of(char const* flag, double given_s, double least_s, double most_s);

}  // namespace tiebreak::cli
