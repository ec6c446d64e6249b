#include "redis/quiet_pipe.hpp"

#include <ctime>
#include <pthread.h>

namespace tiebreak::detail {

namespace {

sigset_t only_pipe() noexcept
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

bool is_pending() noexcept
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

quiet_pipe::quiet_pipe() noexcept
{
    auto const pipe = only_pipe();
    sigemptyset(&before_);
    pthread_sigmask(SIG_BLOCK, &pipe, &before_);
    was_pending_ = is_pending();
}

quiet_pipe::~quiet_pipe()
{
    if (!was_pending_ && is_pending()) {
        auto const pipe = only_pipe();
        timespec const at_once{};
        sigtimedwait(&pipe, nullptr, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace tiebreak::detail
