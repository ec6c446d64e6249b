#include "service/http/termination.hpp"

#include <boost/asio/buffer.hpp>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace tiebreak::service::http {

namespace {

constexpr std::array<int, 2> signals{SIGTERM, SIGINT};
std::atomic<int> bell{-1};
std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

extern "C" void on_termination(int signal)
{
    if (received.fetch_add(1) > 0)
        ::_exit(128 + signal);
    int const saved = errno;
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const written = ::write(bell.load(), &one, sizeof one);
    errno = saved;
}

int make_bell()
{
    int const made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made < 0)
        throw std::system_error(errno, std::system_category(), "eventfd");
    int none = -1;
    if (!bell.compare_exchange_strong(none, made)) {
        ::close(made);
        throw std::logic_error("the signals that end the process are handled already");
    }
    received = 0;
    return made;
}

}  // namespace

termination::termination(boost::asio::io_context& context, std::function<void()> on_first)
    : bell_(context, make_bell()), on_first_(std::move(on_first))
{
    struct sigaction action {};

    action.sa_handler = &on_termination;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], &action, &before_[i]);
    wait();
}

termination::~termination()
{
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], &before_[i], nullptr);
    bell = -1;
}

void termination::wait()
{
    bell_.async_read_some(boost::asio::buffer(rung_),
                          [this](boost::system::error_code const& failure, std::size_t) {
                              if (!failure)
                                  on_first_();
                          });
}

}  // namespace tiebreak::service::http
