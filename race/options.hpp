// What one race is asked to do. Filled by the command line; `check` refuses what makes no sense.
#pragma once

#include <tiebreak/capability.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::race {

/// What is fought over.
enum class scenario_kind : std::uint8_t { coupon, book, ticket, run };

/// "coupon" …
[[nodiscard]] std::string_view name_of(scenario_kind kind) noexcept;
/// Empty when there is no such scenario.
[[nodiscard]] std::optional<scenario_kind> scenario_named(std::string_view name) noexcept;

/// Wrong options or an environment in which no race can be run; the text says what to change.
class cannot_race : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// How the stand-in payment provider misbehaves. Ticket only.
struct provider_faults {
    double decline_rate = 0;     ///< 0 to 1: payments answered "declined", for good
    double error_rate = 0;       ///< 0 to 1: calls that fail and charge nothing
    double drop_reply_rate = 0;  ///< 0 to 1: calls that act, but whose answer is lost
    std::chrono::milliseconds latency_min{0};
    std::chrono::milliseconds latency_max{0};  ///< at least latency_min

    friend bool operator==(provider_faults const&, provider_faults const&) = default;
};

/// One race: a scenario, raced once for each strategy.
struct race_options {
    scenario_kind scenario = scenario_kind::coupon;
    /// Empty: a SQLite file in a temporary folder.
    std::string url{};
    /// Empty or "all": every strategy that is offered here.
    std::vector<std::string> strategies{};
    std::int64_t users = 500;  ///< 1 to 1,000,000: members, clients, orders or runs
    std::int64_t stock = 100;  ///< 1 to 1,000,000,000; coupon only
    int processes = 4;         ///< 1 to 256
    int threads = 8;           ///< in each process, 1 to 256
    int attempts = 0;          ///< total runs of a request; 0: no limit
    /// Time a request may take. Empty: long enough that nobody runs out of it, see `time_allowed`.
    std::optional<std::chrono::milliseconds> deadline{};
    isolation level = isolation::engine_default;
    std::chrono::milliseconds think{0};  ///< pause between read and write
    std::uint64_t seed = 1;
    provider_faults faults{};
    std::string redis{};    ///< URL; ticket only: for idempotency_redis and redis_cas
    bool via_http = false;  ///< through `processes` servers behind nginx, instead of the library
    bool kill = false;      ///< run: SIGKILL workers at random moments; ticket by HTTP: servers
    bool pause = false;     ///< run only: stop workers past their lease
    bool keep = false;      ///< leave the database as the race left it
};

/// Throws `cannot_race` naming the flag that is wrong. Pure.
void check(race_options const& options);

/// The Redis of one strategy's race, with keys of its own: what an earlier race has left there is
/// about other orders.
[[nodiscard]] std::string
redis_url_of(race_options const& options, std::string_view strategy, std::string const& folder);

/// The deadline of one request when none is given: 10 s + 2 × users × think.
[[nodiscard]] std::chrono::milliseconds default_deadline(race_options const& options) noexcept;

/// The deadline of one request.
[[nodiscard]] std::chrono::milliseconds time_allowed(race_options const& options) noexcept;

}  // namespace tiebreak::race
