// "100..500": how long a stand-in provider takes, in milliseconds.
#pragma once

#include <chrono>
#include <string>

namespace tiebreak::cli {

struct latency_range {
    std::chrono::milliseconds least{0};
    std::chrono::milliseconds most{0};  // whether it is at least `least` is checked by its user
};

// "A..B" or "A". Throws usage_error that names --latency-ms.
[[nodiscard]] latency_range parse_latency(std::string const& text);

}  // namespace tiebreak::cli
