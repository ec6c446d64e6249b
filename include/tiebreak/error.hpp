/// \file
/// What went wrong, in terms of what the caller does next.
///
/// One exception type, `tiebreak::error`, carries an `errc`. A code exists only if somebody acts
/// differently on it; `reaction_to` says how. Losing a race that was asked about ("did I win?") is
/// never an exception: it is an `outcome` (see outcome.hpp). Misuse of the library (committing
/// twice, working on a failed unit, impossible options) is `std::logic_error`.
///
/// | errc                  | what is true of the database afterwards | reaction            |
/// |-----------------------|-----------------------------------------|---------------------|
/// | `stale_version`       | rolled back                             | rerun               |
/// | `precondition_failed` | rolled back                             | give up             |
/// | `not_found`           | nothing was written by the call         | give up             |
/// | `already_exists`      | rolled back                             | give up             |
/// | `constraint_violated` | rolled back                             | give up             |
/// | `transaction_aborted` | rolled back                             | rerun after a pause |
/// | `lock_timeout`        | rolled back                             | rerun after a pause |
/// | `unavailable`         | nothing was committed, surely           | reconnect, rerun    |
/// | `commit_unknown`      | committed or not: nobody knows yet      | resolve             |
/// | `deadline_exceeded`   | rolled back                             | give up             |
/// | `attempts_exhausted`  | rolled back; carries the last cause     | give up             |
/// | `lease_lost`          | rolled back                             | stop the work       |
/// | the others            | rolled back                             | give up             |
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak {

struct conflict;

/// Why an operation failed. See the table at the head of this file.
enum class errc : std::uint8_t {
    stale_version = 1,    ///< a row this unit read itself was changed or removed meanwhile
    precondition_failed,  ///< a version that came from outside (If-Match, detached object) is old
    not_found,            ///< a row that had to exist does not
    already_exists,       ///< a unique or primary key is taken
    constraint_violated,  ///< foreign key, check or not-null
    transaction_aborted,  ///< deadlock, serialization failure, snapshot changed
    lock_timeout,         ///< a lock was not had within its limit
    unavailable,          ///< the database cannot be reached or does not accept work
    commit_unknown,       ///< the answer to COMMIT was lost
    deadline_exceeded,    ///< the caller's time was used up
    attempts_exhausted,   ///< the retry policy allows no further attempt
    lease_lost,           ///< the lease that guards this work belongs to nobody or somebody else
    version_exhausted,    ///< the version is at its maximum and never wraps
    unsupported,          ///< this engine lacks the named capability
    unsafe_settings,      ///< the database is set up so that the promises would not hold
    backend_failure,  ///< anything else the engine reported (disk full, corrupt file, wrong SQL)
};

/// The name of a code as it is written in source: "stale_version".
[[nodiscard]] std::string_view name_of(errc code) noexcept;

/// Where in its life a transaction was when an error came. Decides before the code does: anything
/// but a definite answer of the server after COMMIT was sent is `commit_unknown`.
enum class phase : std::uint8_t { connecting, in_transaction, commit_sent };

/// What the retry loop (and the HTTP table) does about an error.
enum class reaction : std::uint8_t {
    rerun,                ///< run the whole callable again, in a new unit of work
    rerun_after_pause,    ///< the same, after the pause of the retry policy
    reconnect_and_rerun,  ///< the same, on a new connection
    resolve,              ///< find out what became of the commit; never rerun blindly
    stop_work,            ///< whoever does the work must stop it
    give_up,              ///< the same call would fail again
};

/// The one place that says what follows from an error. Total, pure, thread-safe.
[[nodiscard]] reaction reaction_to(errc code, phase when) noexcept;

/// The one exception type of the library. Copying never throws. Immutable, so safe to share.
class error : public std::exception {
public:
    /// \param code     why
    /// \param message  one sentence that is safe to show a client: no data, no SQL, no secrets
    /// \param server_message  what the engine said; may quote data, for logs only
    explicit error(errc code, std::string message, std::string server_message = {});

    /// The conflict of a lost check; `code` is `stale_version`, `precondition_failed` or
    /// `already_exists`.
    error(errc code, conflict what_happened);

    /// Several conflicts of one unit, at least one.
    error(errc code, std::vector<conflict> what_happened);

    /// Ends a series of attempts: `code` is `attempts_exhausted` or `deadline_exceeded`.
    error(errc code, int attempts, error const& last);

    /// Shares the content.
    error(error const&) noexcept;
    /// Shares the content.
    error& operator=(error const&) noexcept;
    ~error() override;

    /// Why; decides what to do next.
    [[nodiscard]] errc code() const noexcept;

    /// Safe to show a client.
    [[nodiscard]] char const* what() const noexcept override;

    /// What the engine said. May quote data: for logs only. Empty when no engine spoke.
    [[nodiscard]] std::string_view server_message() const noexcept;

    /// Which row, and how it was found; null when the error is not a conflict. For
    /// `attempts_exhausted` and `deadline_exceeded` the last conflict met, if there was one.
    /// Lives as long as this error or a copy of it.
    [[nodiscard]] conflict const* what_conflicted() const noexcept;

    /// All conflicts that are known: one, or with `collect_conflicts` every one of the unit. Lives
    /// as `what_conflicted`.
    [[nodiscard]] std::vector<conflict> const& conflicts() const noexcept;

    /// Total runs of the callable when this ended a series of attempts; else 0.
    [[nodiscard]] int attempts() const noexcept;

    /// The last error of a series of attempts; null when this ended no series.
    [[nodiscard]] error const* last() const noexcept;

    /// Where the transaction was; decides what the retry loop does.
    [[nodiscard]] phase when() const noexcept;

    /// The same error, seen in another phase. For drivers.
    [[nodiscard]] error seen_in(phase when) const;

private:
    struct content;
    std::shared_ptr<content const> content_;
};

}  // namespace tiebreak
