/// \file
/// Recovery that a server runs in the background: round after round, one server at a time.
///
/// The lock around a round is a lease, and its epoch is the fencing token: each order is taken over
/// in a transaction that states the token. A server that was paused in the middle of a round, past
/// the end of its lease, takes nothing over any more; and what it had taken over before is fenced
/// by the order's own epoch as soon as the next server takes it.
///
/// | the server         | the round                                    | its orders               |
/// |--------------------|----------------------------------------------|--------------------------|
/// | works              | to its end; the lease is renewed, released   | resolved                 |
/// | stops in order     | ends after the order at hand, lease released | the rest waits           |
/// | is killed          | lease runs out after `lease.ttl`             | the next round has them  |
/// | is paused          | lease runs out; ends when it wakes up        | the next round has them  |
/// | loses the database | ends; a warning is logged                    | the next round has them  |
#pragma once

#include <tiebreak/lease.hpp>

#include "systems/tickets/tickets.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace tiebreak::systems::tickets {

struct recoverer_options {
    /// Who this is, in the lease; 1 to 255 bytes.
    std::string owner = "recoverer";
    /// Between two rounds; 1 ms to 1 day.
    std::chrono::milliseconds period{10'000};
    /// Each pause is the period, more or less at most this part of it, so that servers that were
    /// started together do not ask together; 0 to 1. The first pause is anything up to a period.
    double jitter = 0.5;
    /// Orders older than this are taken over; see `recover_options`.
    std::chrono::milliseconds older_than{60'000};
    /// Orders of one round; at least 1.
    std::size_t orders_max = 200;
    /// The lock's name. Servers of one database use the same.
    std::string lease_name = "ticket-recovery";
    /// How long a killed server keeps the others away; renewed in the background while a round
    /// lasts, so it may be shorter than a round.
    lease_options lease{.ttl = std::chrono::milliseconds{30'000}};
};

/// What came of one round.
enum class round_end : std::uint8_t {
    nothing_due,  ///< one statement, and no lease
    held_by_another,
    done,        ///< as far as the provider answered
    cut_short,   ///< told to stop
    lease_lost,  ///< another took the lease meanwhile
};

struct recovery_round {
    round_end end = round_end::nothing_due;
    recovery counts{};
};

/// One round, on this thread: `recover` under the lease. The database must have the library's own
/// tables (`install`).
/// \throws error when the database fails, std::invalid_argument, std::logic_error: as `recover`
[[nodiscard]] recovery_round recover_alone(database& in,
                                           payment_provider& provider,
                                           recoverer_options const& options,
                                           std::stop_token const& stop = {});

/// What a recoverer has done so far.
struct recoverer_counts {
    std::int64_t rounds = 0;     ///< ended
    std::int64_t elsewhere = 0;  ///< of these, left to a server that was at it
    std::int64_t lost = 0;       ///< of these, ended because the lease was lost
    std::int64_t failed = 0;     ///< of these, ended by an error
    recovery resolved{};         ///< the sum of all
};

/// Runs rounds on a thread of its own from construction to destruction. Thread-safe.
class recoverer {
public:
    /// Database and provider must outlive this.
    /// \throws std::invalid_argument: an option is out of range, with a sentence that names it
    recoverer(database& in, payment_provider& provider, recoverer_options options = {});
    recoverer(recoverer const&) = delete;
    recoverer& operator=(recoverer const&) = delete;
    /// Stops, and waits for the order at hand.
    ~recoverer();

    [[nodiscard]] recoverer_counts counts() const;

    /// Waits until so many rounds have ended. For tests.
    void wait_for_rounds(std::int64_t at_least) const;

private:
    void run(std::stop_token const& stop);
    void run_round(std::stop_token const& stop);

    database& in_;
    payment_provider& provider_;
    recoverer_options options_;
    mutable std::mutex mutex_;
    mutable std::condition_variable_any changed_;
    recoverer_counts counts_{};
    std::jthread thread_;  // the last: it uses the others
};

}  // namespace tiebreak::systems::tickets
