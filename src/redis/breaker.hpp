// When a service that fails is left alone. No clock and no I/O: told of both.
//
// state      may_try            succeeded   failed
// closed     yes                closed      closed; open at the n-th in a row
// open       no, until `rest` is over: then yes, once (half open)
// half open  no                 closed      open again
#pragma once

#include <chrono>
#include <mutex>

namespace tiebreak::detail {

// Thread-safe.
class breaker {
public:
    using time = std::chrono::steady_clock::time_point;

    breaker(int failures_max, std::chrono::milliseconds rest) noexcept
        : failures_max_(failures_max), rest_(rest)
    {
    }

    // Whoever gets true reports how it ended.
    [[nodiscard]] bool may_try(time now) noexcept;
    void succeeded() noexcept;
    void failed(time now) noexcept;
    // It was not tried after all.
    void withdrew() noexcept;

    [[nodiscard]] bool is_open(time now) const noexcept;

private:
    mutable std::mutex mutex_;
    int const failures_max_;
    std::chrono::milliseconds const rest_;
    int failures_ = 0;
    bool is_trying_ = false;  // somebody tries while it is open
    time open_until_{};
};

}  // namespace tiebreak::detail
