/// \file
/// How a unit of work holds a row, after Jakarta Persistence.
///
/// | mode                          | prevents                                | SQLite | servers |
/// |-------------------------------|-----------------------------------------|--------|---------|
/// | `none`                        | nothing by itself; a write is checked   | -      | -       |
/// | `optimistic`                  | committing on a row that changed since  | 1      | 4       |
/// | `optimistic_force_increment`  | the same, and others see a change       | 2      | 2       |
/// | `pessimistic_read`            | others writing until the end            | 3      | 5       |
/// | `pessimistic_write`           | others locking or writing until the end | 3      | 6       |
/// | `pessimistic_force_increment` | the same, and others see a change       | 3, 2   | 6, 2    |
///
/// (1) At the flush, in the writing transaction: the version is read again. (2) A checked write
/// that bumps, at the flush. (3) `BEGIN IMMEDIATE`: no other writer at all. (4) As 1, holding the
/// row as 5 does until the commit is over. (5) PostgreSQL `SELECT … FOR SHARE`, MariaDB `SELECT …
/// LOCK IN SHARE MODE`. (6) PostgreSQL `SELECT … FOR NO KEY UPDATE`, MariaDB `SELECT … FOR UPDATE`.
///
/// | limit         | SQLite               | PostgreSQL                | MariaDB             |
/// |---------------|----------------------|---------------------------|---------------------|
/// | `wait_up_to`  | of the wait at BEGIN | `SET LOCAL lock_timeout`  | 7                   |
/// | `no_wait`     | the same, 0          | `NOWAIT`                  | `NOWAIT`            |
/// | `skip_locked` | `unsupported`        | `SKIP LOCKED`             | `SKIP LOCKED`       |
///
/// (7) `SET STATEMENT max_statement_time=… FOR SELECT …`: WAIT takes seconds. The work counts, too.
///
/// A limit with a mode that takes no lock when it is asked for (`none`, `optimistic…`) is refused
/// with `std::logic_error`. For a row that is loaded already `skip_locked` means `no_wait`.
///
/// Locking a row that is loaded already compares versions: an old one is `stale_version`. Modes
/// `optimistic…` and `…force_increment` need an entity with a version, else `std::logic_error`.
#pragma once

#include <tiebreak/capability.hpp>

#include <chrono>
#include <cstdint>

namespace tiebreak {

/// How a row is held; see the table at the head of this file.
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
    /// Until when to wait.
    enum class kind : std::uint8_t { until_deadline, at_most, skip };
    kind what = kind::until_deadline;      ///< until when to wait
    std::chrono::milliseconds at_most{0};  ///< for `at_most`
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
    lock_mode mode = lock_mode::none;  ///< how the row is held
    wait_limit wait{};                 ///< how long to wait; with pessimistic modes only

    constexpr lock_request() = default;

    /// A mode, and how long to wait for it.
    constexpr lock_request(lock_mode how, wait_limit limit = {}) noexcept : mode(how), wait(limit)
    {
    }
};

}  // namespace tiebreak
