/// \file
/// Leases: ownership for a bounded time, fenced by an epoch.
///
/// A lease is never called a lock: its holder can be paused past its end, and somebody else may
/// then hold it. So every write that the lease protects states the *epoch* of the tenure it was
/// made under, and an old epoch changes nothing.
///
/// | state of the lease        | claim       | renew(e)          | release(e)   | reap           |
/// |---------------------------|-------------|-------------------|--------------|----------------|
/// | free (never held, released, reaped) | held, e + 1 | lost    | lost         | -              |
/// | held, epoch e, running    | refused     | held longer, e    | free, e + 1  | -              |
/// | held, epoch e, expired    | held, e + 1 | held longer, e (1)| free, e + 1  | free, e + 1    |
/// | held, another epoch       | refused     | lost              | lost         | as above       |
///
/// (1) nobody else has held it since, so the tenure goes on.
///
/// The epoch is raised only when ownership changes, never by a renewal: so a heartbeat whose reply
/// was lost does no harm. Time is the database's; the holder trusts its lease until *start of the
/// last acknowledged renewal + ttl − margin* on its own monotonic clock, that is: it may stop
/// early, never late.
#pragma once

#include <tiebreak/database.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace tiebreak {

/// How leases are kept.
struct lease_options {
    /// How long a claim or renewal lasts; more than `margin`.
    std::chrono::milliseconds ttl{120'000};
    /// Time between renewals; 0 means a quarter of `ttl`. At most half of `ttl − margin`.
    std::chrono::milliseconds heartbeat{0};
    /// How much earlier than the database the holder stops trusting; covers clock rates that
    /// differ and the time between looking and acting. 0 means a tenth of `ttl`.
    std::chrono::milliseconds margin{0};
};

/// Throws `std::invalid_argument` that names the wrong member; fills in what is 0.
[[nodiscard]] lease_options checked(lease_options options);

/// One tenure. A value: copying it does not copy ownership, any copy can renew and release.
struct lease {
    /// The lease that is held.
    std::string name{};
    /// Who holds it, for people.
    std::string owner{};
    /// The fencing token.
    std::int64_t epoch = 0;
    /// Until when the holder may act without asking, on its own clock.
    std::chrono::steady_clock::time_point trusted_until{};

    /// Whether the holder may act without asking. No statement.
    [[nodiscard]] bool trusted() const noexcept
    {
        return std::chrono::steady_clock::now() < trusted_until;
    }
};

/// Named leases in the table `tiebreak_leases` (made by `install`): a distributed lock with a
/// fencing token. Thread-safe. Each call is decided by one statement that commits on its own, so it
/// is refused with `std::logic_error` inside a running unit of the same thread and database; only
/// `require` belongs there. Losing is logged as a warning.
class leases {
public:
    /// `in` must outlive this.
    explicit leases(database& in, lease_options options = {});

    /// Takes the lease if it is free or expired; empty when somebody else holds it. Two statements;
    /// two more the first time a name is used.
    /// \throws std::invalid_argument: `name` or `owner` is empty or longer than 255 bytes
    [[nodiscard]] std::optional<lease> claim(std::string_view name, std::string_view owner) const;

    /// Makes the tenure last a ttl from now. `lost`: somebody else has it, or it was released or
    /// reaped; stop the work. On success `trusted_until` moves. One statement.
    [[nodiscard]] outcome renew(lease& held) const;

    /// Ends the tenure. `lost`: it was over already. One statement.
    [[nodiscard]] outcome release(lease const& held) const;

    /// Ends every tenure that has expired, at least so long ago; answers how many. Claiming does
    /// not need it: it is for whoever lists leases, and raises the epochs of dead holders early.
    /// One statement.
    std::int64_t reap(std::chrono::seconds expired_for = std::chrono::seconds{0}) const;

    /// Fences a unit of work: holds the lease's row until the commit and checks the epoch. Call it
    /// first: it is a write, so a past owner finds out before it has written anything else. A
    /// tenure that expired and that nobody took over since still counts. One statement.
    /// \throws error `lease_lost`: the tenure is over; the unit rolls back
    void require(unit_of_work& work, lease const& held) const;

    /// The options, with what was 0 filled in.
    [[nodiscard]] lease_options const& options() const noexcept { return options_; }

private:
    database* db_;
    lease_options options_;
};

/// Renews in the background and says, without asking anybody, whether the tenure can be trusted.
///
/// | event                          | `trusted()`            | stop token               |
/// |--------------------------------|------------------------|--------------------------|
/// | renewal acknowledged           | true, for ttl − margin from its start | -         |
/// | renewal failed or unanswered   | until the time above   | -                        |
/// | that time has come             | false                  | stop requested           |
/// | renewal answered `lost`        | false                  | stop requested at once   |
///
/// Trust that ended never comes back, even when a late renewal is acknowledged. `renew` runs on
/// the heartbeat's own thread, so it must not use a unit of another thread; a second thread watches
/// the clock, so the stop comes in time although a renewal hangs. Callbacks on the stop token run
/// on one of the two and must not destroy the heartbeat. Thread-safe. The destructor ends both
/// threads and waits for a renewal that is under way.
class heartbeat {
public:
    /// Starts beating. `claimed_at` is a time before the claim was sent.
    /// \param renew  one renewal; `lost` ends the tenure, an exception counts as unanswered
    /// \param claimed_at  the trust counts from here until the first renewal is acknowledged
    /// \param options  as for the lease; what is 0 is filled in
    heartbeat(std::function<outcome()> renew,
              std::chrono::steady_clock::time_point claimed_at,
              lease_options options);
    heartbeat(heartbeat const&) = delete;
    heartbeat& operator=(heartbeat const&) = delete;
    ~heartbeat();

    /// Whether the holder may act now. No statement.
    [[nodiscard]] bool trusted() const noexcept;

    /// Until when it can be trusted without another renewal: whoever is about to begin something
    /// that takes long can see what is left.
    [[nodiscard]] std::chrono::steady_clock::time_point trusted_until() const noexcept;

    /// Requested when the tenure cannot be trusted any more: give it to the work.
    [[nodiscard]] std::stop_token stop_token() const noexcept;

    /// How many renewals were acknowledged. For tests and metrics.
    [[nodiscard]] std::int64_t renewals() const noexcept;

    /// Waits until the number of acknowledged renewals is at least this, or the tenure is over;
    /// false in the second case. For tests.
    [[nodiscard]] bool wait_for_renewals(std::int64_t at_least) const;

private:
    void beat(std::stop_token const& stopping);
    void watch(std::stop_token const& stopping);
    [[nodiscard]] bool acknowledge(std::chrono::steady_clock::time_point started);
    void end();

    std::function<outcome()> renew_;
    lease_options options_;
    mutable std::mutex mutex_;
    mutable std::condition_variable_any changed_;
    std::chrono::steady_clock::time_point trusted_until_;
    std::int64_t renewals_ = 0;
    bool over_ = false;
    std::stop_source lost_;
    std::jthread beating_;
    std::jthread watching_;
};

}  // namespace tiebreak
