// SIGTERM and SIGINT as a count that grows and a bell that wakes the one who waits.
#pragma once

#include <array>
#include <chrono>
#include <csignal>

namespace tiebreak::cli {

// Handles both while it lives; afterwards they do what they did before. One at a time.
class stop_signals {
public:
    // The signal of this number ends the process at once; what comes before is only counted.
    explicit stop_signals(int last);
    stop_signals(stop_signals const&) = delete;
    stop_signals& operator=(stop_signals const&) = delete;
    ~stop_signals();

    [[nodiscard]] int received() const noexcept;

    // Ends the present or the next wait. From any thread.
    void ring() const noexcept;

    // Until somebody rings, a signal comes or the time has passed.
    void wait(std::chrono::milliseconds at_most) const;

private:
    int bell_;
    std::array<struct sigaction, 2> before_{};
};

}  // namespace tiebreak::cli
