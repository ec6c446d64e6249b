#include "postgres/waiting.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <poll.h>

namespace tiebreak::postgres {

namespace {

[[nodiscard]] int milliseconds_until(sql::deadline until) noexcept
{
    if (until == sql::deadline::max())
        return -1;
    auto const left = until - std::chrono::steady_clock::now();
    auto const rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(
        std::clamp<decltype(rounded)>(rounded, 0, std::numeric_limits<int>::max()));
}

}  // namespace

bool wait_on(int socket, wait_for what, sql::deadline until) noexcept
{
    short events = POLLIN | POLLOUT;
    if (what == wait_for::input)
        events = POLLIN;
    else if (what == wait_for::output)
        events = POLLOUT;
    for (;;) {
        pollfd asked{.fd = socket, .events = events, .revents = 0};
        int const ready = ::poll(&asked, 1, milliseconds_until(until));
        if (ready > 0)
            return true;
        if (ready == 0 ? std::chrono::steady_clock::now() >= until : errno != EINTR)
            return ready != 0;
    }
}

}  // namespace tiebreak::postgres
