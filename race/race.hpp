// The lab: races every chosen strategy, one after the other, and reports what came out.
#pragma once

#include "race/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tiebreak::race {

/// Told how the race goes on. Called from the thread that runs it.
class race_watcher {
public:
    race_watcher() = default;
    race_watcher(race_watcher const&) = delete;
    race_watcher& operator=(race_watcher const&) = delete;
    virtual ~race_watcher() = default;

    /// The `number`th of `count` strategies is about to start.
    virtual void started(strategy const& what, std::size_t number, std::size_t count);
    /// Several times a second. `goal` is 0 when it is not known.
    virtual void advanced(std::int64_t answered, std::int64_t goal);
    virtual void finished(strategy_result const& result);
};

/// Races. Takes over SIGINT and SIGTERM meanwhile: they end the race early, and the report says so
/// and holds what was done. Must be called while the process has a single thread and no database
/// open, because racers are forked.
/// \throws cannot_race: wrong options, or no race can be run here; nothing is left behind
/// \throws error when the database fails while the tables are made or audited
[[nodiscard]] race_report run_race(race_options const& options, race_watcher& watcher);

}  // namespace tiebreak::race
