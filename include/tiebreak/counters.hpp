/// \file
/// Counts what the library does: for tests, and for metrics of one's own.
#pragma once

#include <tiebreak/observer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace tiebreak {

/// An observer that counts. Reading is thread-safe and gives a snapshot of each number.
class counters final : public observer {
public:
    void attempt_started(int number) noexcept override;
    void committed(int attempts) noexcept override;
    void conflicted(conflict const& what) noexcept override;
    void retried(errc why, int attempts_so_far) noexcept override;
    void waited(wait_kind kind, std::chrono::microseconds how_long) noexcept override;
    void gave_up(errc why, int attempts) noexcept override;
    void resolved(bool was_committed) noexcept override;

    /// Callables run, first runs included.
    [[nodiscard]] std::int64_t attempts() const noexcept;
    /// Units of work that committed.
    [[nodiscard]] std::int64_t commits() const noexcept;
    /// Checks that failed.
    [[nodiscard]] std::int64_t conflicts() const noexcept;
    /// Runs beside the first.
    [[nodiscard]] std::int64_t retries() const noexcept;
    /// Runs beside the first that had this cause.
    [[nodiscard]] std::int64_t retries_after(errc why) const noexcept;
    /// Series of attempts that ended without success.
    [[nodiscard]] std::int64_t failures() const noexcept;
    /// Lost answers to COMMIT whose outcome was found out.
    [[nodiscard]] std::int64_t resolutions() const noexcept;
    /// The sum of all waits of a kind.
    [[nodiscard]] std::chrono::microseconds time_waited(wait_kind kind) const noexcept;
    /// Checks that failed, by the name of the entity.
    [[nodiscard]] std::map<std::string, std::int64_t> conflicts_by_entity() const;

private:
    std::atomic<std::int64_t> attempts_{0};
    std::atomic<std::int64_t> commits_{0};
    std::atomic<std::int64_t> conflicts_{0};
    std::atomic<std::int64_t> retries_{0};
    std::atomic<std::int64_t> failures_{0};
    std::atomic<std::int64_t> resolutions_{0};
    std::atomic<std::int64_t> retries_after_[32]{};
    std::atomic<std::int64_t> waited_us_[4]{};
    mutable std::mutex mutex_;
    std::map<std::string, std::int64_t> by_entity_;
};

}  // namespace tiebreak
