/// \file
/// How a unit of work holds a row, after Jakarta Persistence.
///
/// | mode                        | prevents                                | SQLite                    |
/// |-----------------------------|------------------------------------------|---------------------------|
/// | `none`                      | nothing by itself; a write is checked   | -                         |
/// | `optimistic`                | committing on a row that changed since  | at commit, in the writing transaction: the version is read again |
/// | `optimistic_force_increment`| the same, and others see a change       | at commit: a checked write that bumps |
/// | `pessimistic_read`          | others writing until the end            | `BEGIN IMMEDIATE` (no other writer at all) |
/// | `pessimistic_write`         | others locking or writing until the end | `BEGIN IMMEDIATE`         |
/// | `pessimistic_force_increment` | the same, and others see a change     | `BEGIN IMMEDIATE`, a checked write that bumps |
///
/// Locking a row that is loaded already compares versions: an old one is `stale_version`. Modes
/// `optimistic…` and `…force_increment` need an entity with a version, else `std::logic_error`.
#pragma once

#include <tiebreak/capability.hpp>

#include <chrono>
#include <cstdint>

namespace tiebreak {

enum class lock_mode : std::uint8_t {
    none,
    optimistic,
    optimistic_force_increment,
    pessimistic_read,
    pessimistic_write,
    pessimistic_force_increment,
};

/// How long to wait for a pessimistic lock. By default until the deadline of the unit.
struct wait_limit {
    enum class kind : std::uint8_t { until_deadline, at_most, skip };
    kind what = kind::until_deadline;
    std::chrono::milliseconds at_most{0};
};

/// `lock_timeout` when the lock is not had within this time.
[[nodiscard]] constexpr wait_limit wait_up_to(std::chrono::milliseconds limit) noexcept
{
    return {wait_limit::kind::at_most, limit};
}

/// `lock_timeout` when the lock is not free at once.
inline constexpr wait_limit no_wait{wait_limit::kind::at_most, std::chrono::milliseconds{0}};

/// Rows that others hold are passed over. Needs `capability::skip_locked`, else `unsupported`.
inline constexpr wait_limit skip_locked{wait_limit::kind::skip, std::chrono::milliseconds{0}};

/// A mode with its limit: `{lock_mode::pessimistic_write, no_wait}`.
struct lock_request {
    lock_mode mode = lock_mode::none;
    wait_limit wait{};

    constexpr lock_request() = default;
    constexpr lock_request(lock_mode how, wait_limit limit = {}) noexcept
        : mode(how)
        , wait(limit)
    {}
};

}  // namespace tiebreak
