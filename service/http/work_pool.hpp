/// \file
/// Threads for work that may wait, behind a bounded queue that refuses instead of growing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tiebreak::service::http {

/// A piece of work and until when starting it makes sense.
struct job {
    /// Called once, on a thread of the pool. `is_late`: the deadline passed while it waited.
    std::function<void(bool is_late)> run{};
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

/// First come, first run. Thread-safe.
class work_pool {
public:
    /// \param threads    1 or more
    /// \param queue_max  jobs that wait for a thread; 0: a job needs a free thread at once
    work_pool(std::size_t threads, std::size_t queue_max);
    work_pool(work_pool const&) = delete;
    work_pool& operator=(work_pool const&) = delete;
    /// Stops.
    ~work_pool();

    /// False when the queue is full or the pool has stopped: nothing was taken.
    [[nodiscard]] bool try_push(job&& work);

    /// Jobs that wait.
    [[nodiscard]] std::size_t waiting() const;
    /// Jobs that run.
    [[nodiscard]] std::size_t running() const;

    /// Takes no more, runs what waits, and ends the threads.
    void stop() noexcept;

private:
    void work();

    std::size_t queue_max_;
    mutable std::mutex mutex_{};
    std::condition_variable wake_{};
    std::deque<job> queue_{};
    std::size_t free_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_{};
};

}  // namespace tiebreak::service::http
