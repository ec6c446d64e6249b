// What a strategy promises under given options, and whether it kept it. Pure: no clock, no SQL.
#pragma once

#include "race/result.hpp"

#include <string>

namespace tiebreak::race {

/// What this strategy is held to under these options.
[[nodiscard]] promise promise_of(strategy const& what, race_options const& options) noexcept;

/// "exact", or the names of the audit numbers that are not 0, comma-separated.
[[nodiscard]] std::string verdict_of(audit_counts const& audit);

/// Whether the result is what was promised. A control promises nothing, so it always keeps it.
[[nodiscard]] bool kept(strategy_result const& result) noexcept;

/// Whether a negative control was given the chance and broke nothing: then the race proves nothing.
[[nodiscard]] bool control_broke_nothing(strategy_result const& result,
                                         race_options const& options) noexcept;

/// 0, or 1 when a promise was broken or a control broke nothing.
[[nodiscard]] int exit_code_of(race_report const& report) noexcept;

}  // namespace tiebreak::race
