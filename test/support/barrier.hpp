// A meeting point of threads or processes: all go on together when the last one has arrived.
#pragma once

#include "support/process.hpp"

#include <atomic>
#include <chrono>

namespace tiebreak::test {

// Make it before the threads or processes that meet at it. Can be used again and again.
class barrier {
public:
    explicit barrier(int parties);
    barrier(barrier const&) = delete;
    barrier& operator=(barrier const&) = delete;
    ~barrier() = default;

    // Waits for the others. Throws std::runtime_error when they have not come within the limit, so
    // that a dead process makes a test fail instead of hang.
    void wait(std::chrono::seconds limit = std::chrono::seconds{60});

private:
    struct state {
        int parties = 0;
        std::atomic<int> arrived{0};
        std::atomic<unsigned> round{0};
    };

    shared_value<state> state_;
};

}  // namespace tiebreak::test
