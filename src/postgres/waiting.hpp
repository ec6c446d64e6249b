// Waiting for a socket until a time.
#pragma once

#include "sql/connection.hpp"

#include <cstdint>

namespace tiebreak::postgres {

enum class wait_for : std::uint8_t { input, output, both };

// True when it is ready (or broken, which reading then tells), false when the time was up.
[[nodiscard]] bool wait_on(int socket, wait_for what, sql::deadline until) noexcept;

}  // namespace tiebreak::postgres
