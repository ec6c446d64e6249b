// What came out of a race: one result a strategy, and the facts beside them. Plain data.
#pragma once

#include "race/catalogue.hpp"
#include "race/options.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tiebreak::race {

/// What the rows say afterwards. All 0: nothing was lost, oversold, left over or doubled.
struct audit_counts {
    std::int64_t lost_updates = 0;
    std::int64_t oversold = 0;
    std::int64_t unfilled = 0;
    std::int64_t duplicates = 0;

    friend bool operator==(audit_counts const&, audit_counts const&) = default;
};

/// How long requests took, in microseconds.
struct latency_summary {
    std::int64_t p50_us = 0;
    std::int64_t p95_us = 0;
    std::int64_t p99_us = 0;
    std::int64_t max_us = 0;

    friend bool operator==(latency_summary const&, latency_summary const&) = default;
};

/// What a strategy is held to.
enum class promise : std::uint8_t {
    exact,  ///< every audit number 0 and nobody failed
    safe,   ///< nothing lost, oversold or doubled; some may fail, some stock may be left
    none,   ///< negative control
};

/// "exact", "safe", "none".
[[nodiscard]] std::string_view name_of(promise what) noexcept;

/// What became of the requests; the five sum up to `requests`.
struct answer_counts {
    std::int64_t requests = 0;
    std::int64_t won = 0;
    std::int64_t refused = 0;
    std::int64_t replayed = 0;
    std::int64_t killed = 0;
    std::int64_t failed = 0;

    friend bool operator==(answer_counts const&, answer_counts const&) = default;
};

/// One strategy's race.
struct strategy_result {
    strategy what{};
    promise promised = promise::exact;
    answer_counts answers{};
    std::int64_t conflicts = 0;
    std::int64_t retries = 0;
    /// Runs again because the engine ended the transaction: deadlocks, and from `repeatable_read`
    /// on also what it could not serialise.
    std::int64_t deadlocks = 0;
    audit_counts audit{};
    std::int64_t elapsed_us = 0;
    double decisions_per_s = 0;  ///< won, refused and replayed: answered for good
    latency_summary latency{};
    /// Ticket only: "1/4/0" (approved/refused/failed of an order's five), and how many orders
    /// ended so.
    std::map<std::string, std::int64_t> per_order{};
    std::vector<std::string> notes{};  ///< why requests failed, racers that died …
};

/// The whole race.
struct race_report {
    race_options options{};
    std::string engine{};          ///< "sqlite"
    std::string engine_version{};  ///< "3.40.1"
    std::string shown_url{};       ///< without a password
    std::int64_t flush_us = 0;
    std::int64_t entered = 0;  ///< so many strategies were to race
    std::vector<strategy_result> results{};
    int interrupted = 0;      ///< the signal that ended the race early; 0: it was raced to the end
    std::string cut_short{};  ///< which strategy was under way then, and how far
    std::vector<std::string> left_behind{};  ///< files or tables that `--keep` left
};

}  // namespace tiebreak::race
