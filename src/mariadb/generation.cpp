#include "mariadb/generation.hpp"

#include <atomic>
#include <pthread.h>

namespace tiebreak::mariadb {

namespace {

std::atomic<unsigned int> forks{0};

void in_child()
{
    forks.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

unsigned int generation() noexcept
{
    static int const watched = ::pthread_atfork(nullptr, nullptr, in_child);
    static_cast<void>(watched);
    return forks.load(std::memory_order_relaxed);
}

}  // namespace tiebreak::mariadb
