#include "cli/worker/stop_signals.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace tiebreak::cli {

namespace {

constexpr std::array<int, 2> signals{SIGTERM, SIGINT};
std::atomic<int> bell{-1};
std::atomic<int> count{0};
std::atomic<int> count_max{0};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

extern "C" void on_stop_signal(int signal)
{
    if (count.fetch_add(1) + 1 >= count_max.load())
        ::_exit(128 + signal);
    int const saved = errno;
    ::eventfd_write(bell.load(), 1);
    errno = saved;
}

}  // namespace

stop_signals::stop_signals(int last) : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    if (bell_ < 0)
        throw std::system_error(errno, std::system_category(), "eventfd");
    int none = -1;
    if (!bell.compare_exchange_strong(none, bell_)) {
        ::close(bell_);
        throw std::logic_error("the signals that end the process are handled already");
    }
    count = 0;
    count_max = last;

    struct sigaction action {};

    action.sa_handler = &on_stop_signal;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], &action, &before_[i]);
}

stop_signals::~stop_signals()
{
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], &before_[i], nullptr);
    bell = -1;
    ::close(bell_);
}

int stop_signals::received() const noexcept
{
    return count.load();
}

void stop_signals::ring() const noexcept
{
    ::eventfd_write(bell_, 1);
}

void stop_signals::wait(std::chrono::milliseconds at_most) const
{
    auto const limit = std::clamp<std::int64_t>(at_most.count(), 0, 3'600'000);
    pollfd event{bell_, POLLIN, 0};
    if (::poll(&event, 1, static_cast<int>(limit)) <= 0)
        return;
    eventfd_t rung = 0;
    ::eventfd_read(bell_, &rung);
}

}  // namespace tiebreak::cli
