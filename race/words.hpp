// How numbers and results are said to people: the same words in the table and in the report.
#pragma once

#include "race/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tiebreak::race {

/// "812 µs", "3.1 ms", "2.40 s".
[[nodiscard]] std::string duration_text(std::int64_t microseconds);

/// 1234567 as "1,234,567".
[[nodiscard]] std::string number_text(std::int64_t number);

/// "272 lost updates, 30 oversold" in the words of the scenario, or "nothing".
[[nodiscard]] std::string damage_text(audit_counts const& audit, scenario_kind scenario);

/// What lost_updates, oversold, unfilled and duplicates are called in the scenario; empty for what
/// it does not have.
[[nodiscard]] std::array<std::string_view, 4> damage_names(scenario_kind scenario) noexcept;

/// The verdict in words, and whether it is good, bad, or what a control is for.
struct judgement {
    enum class mood : std::uint8_t { good, bad, expected };
    mood how = mood::good;
    std::string_view text{};
};

[[nodiscard]] judgement judge(strategy_result const& result, race_options const& options);

/// What is raced, in one sentence: "500 members ask at once for 100 coupons".
[[nodiscard]] std::string contest_text(race_options const& options);

/// What won, refused and so on mean in this scenario, in one sentence.
[[nodiscard]] std::string_view answers_text(scenario_kind scenario) noexcept;

/// "1/4/0 × 98, 2/3/0 × 2", the most frequent first, and no more than a line takes.
[[nodiscard]] std::string per_order_text(std::map<std::string, std::int64_t> const& per_order);

/// How the race was set up, in one line: processes, threads, limits, faults, seed.
[[nodiscard]] std::string settings_text(race_options const& options);

/// Engine, place and flush cost, in one line.
[[nodiscard]] std::string engine_text(race_report const& report);

}  // namespace tiebreak::race
