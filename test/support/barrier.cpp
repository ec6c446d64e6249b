// See barrier.hpp. Neither mutex nor condition is destroyed: the memory is given back instead, so
// that a process killed while it held them cannot keep the owner waiting.
#include "support/barrier.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <time.h>

namespace tiebreak::test {

namespace {

void check(int code, char const* what)
{
    if (code != 0)
        throw std::system_error(code, std::generic_category(), what);
}

timespec after(std::chrono::seconds limit)
{
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += limit.count();
    return at;
}

}  // namespace

barrier::barrier(int parties) : state_(state{})
{
    pthread_mutexattr_t mutex{};
    check(::pthread_mutexattr_init(&mutex), "barrier");
    check(::pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED), "barrier");
    check(::pthread_mutex_init(&state_->mutex, &mutex), "barrier");
    ::pthread_mutexattr_destroy(&mutex);
    pthread_condattr_t condition{};
    check(::pthread_condattr_init(&condition), "barrier");
    check(::pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED), "barrier");
    check(::pthread_condattr_setclock(&condition, CLOCK_MONOTONIC), "barrier");
    check(::pthread_cond_init(&state_->everybody_is_here, &condition), "barrier");
    ::pthread_condattr_destroy(&condition);
    state_->parties = parties;
}

void barrier::wait(std::chrono::seconds limit)
{
    timespec const until = after(limit);
    check(::pthread_mutex_lock(&state_->mutex), "barrier");
    unsigned const round = state_->round;
    if (++state_->arrived == state_->parties) {
        state_->arrived = 0;
        ++state_->round;
        ::pthread_cond_broadcast(&state_->everybody_is_here);
    }
    int code = 0;
    while (state_->round == round && code == 0)
        code = ::pthread_cond_timedwait(&state_->everybody_is_here, &state_->mutex, &until);
    ::pthread_mutex_unlock(&state_->mutex);
    if (code == ETIMEDOUT)
        throw std::runtime_error("barrier: the others did not come");
    check(code, "barrier");
}

}  // namespace tiebreak::test
