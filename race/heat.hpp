// One strategy's race, from fresh tables to the audited result.
#pragma once

#include "race/race.hpp"
#include "race/scenario.hpp"
#include "race/venue.hpp"

namespace tiebreak::race {

/// Races one strategy.
[[nodiscard]] strategy_result
run_heat(race_setting const& setting, venue const& where, race_watcher& watcher);

/// Adds up what stands on the board: answers, conflicts, latencies, elapsed time. A request that
/// was taken but not answered was cut off. Pure.
void add_up(board const& after, strategy_result& to);

}  // namespace tiebreak::race
