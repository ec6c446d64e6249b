// See barrier.hpp. Without a lock: a process killed inside of `wait` would take it along.
#include "support/barrier.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>

namespace tiebreak::test {

namespace {

long futex(std::atomic<unsigned>& word, int operation, unsigned value, timespec const* limit)
{
    static_assert(sizeof word == sizeof(unsigned) && std::atomic<unsigned>::is_always_lock_free);
    return ::syscall(SYS_futex, &word, operation, value, limit, nullptr, 0);
}

timespec until(std::chrono::steady_clock::time_point when)
{
    using namespace std::chrono;
    auto const left = std::max(when - steady_clock::now(), steady_clock::duration::zero());
    auto const whole = floor<seconds>(left);
    timespec result{};
    result.tv_sec = whole.count();
    result.tv_nsec = nanoseconds(left - whole).count();
    return result;
}

}  // namespace

barrier::barrier(int parties)
{
    state_->parties = parties;
}

void barrier::wait(std::chrono::seconds limit)
{
    auto const end = std::chrono::steady_clock::now() + limit;
    unsigned const round = state_->round.load();
    if (state_->arrived.fetch_add(1) + 1 == state_->parties) {
        state_->arrived.store(0);
        state_->round.fetch_add(1);
        futex(state_->round, FUTEX_WAKE, INT_MAX, nullptr);
        return;
    }
    while (state_->round.load() == round) {
        auto const left = until(end);
        if (futex(state_->round, FUTEX_WAIT, round, &left) == -1 && errno == ETIMEDOUT &&
            state_->round.load() == round)
            throw std::runtime_error("barrier: the others did not come");
    }
}

}  // namespace tiebreak::test
