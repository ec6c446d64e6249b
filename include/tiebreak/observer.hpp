/// \file
/// Being told what the library does: attempts, conflicts, retries, waits. Costs nothing when no
/// observer is set.
#pragma once

#include <tiebreak/conflict.hpp>
#include <tiebreak/error.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace tiebreak {

/// What was waited for.
enum class wait_kind : std::uint8_t {
    connection,  ///< a free connection of the pool
    turn,        ///< the turn to write, on an engine with a single writer
    lock,        ///< a row lock
    pause,       ///< the pause of the retry policy before the next attempt
};

/// "connection", "turn" …
[[nodiscard]] std::string_view name_of(wait_kind kind) noexcept;

/// Told of events as they happen. Called from the threads that do the work, several at a time, so
/// implementations are thread-safe, quick, do not throw, and do not call the database. Must
/// outlive the database it is given to.
class observer {
public:
    observer() = default;
    observer(observer const&) = delete;
    observer& operator=(observer const&) = delete;
    virtual ~observer() = default;

    /// The callable is about to run for the `number`th time, counted from 1.
    virtual void attempt_started(int number) noexcept;
    /// A unit of work committed, at the `attempts`th attempt.
    virtual void committed(int attempts) noexcept;
    /// A check failed: the row was not as expected. Also called for `outcome::lost`.
    virtual void conflicted(conflict const& what) noexcept;
    /// The callable will run again because of `why`.
    virtual void retried(errc why, int attempts_so_far) noexcept;
    /// Something is about to be waited for; `waited` tells the end. Not called for row locks: those
    /// are waited for inside the server, which says nothing before they are had.
    virtual void waiting(wait_kind kind) noexcept;
    /// Something was waited for, `how_long`.
    virtual void waited(wait_kind kind, std::chrono::microseconds how_long) noexcept;
    /// A series of attempts ended without success.
    virtual void gave_up(errc why, int attempts) noexcept;
    /// The answer to a COMMIT was lost, and its token told what became of it: see commit_token.hpp.
    virtual void resolved(bool was_committed) noexcept;
};

}  // namespace tiebreak
