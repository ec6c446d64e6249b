// The live line on a terminal: which strategy races, and how far it is.
#pragma once

#include "race/race.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace tiebreak::race {

/// Writes to standard error, and removes its line when a strategy is finished.
class progress_line final : public race_watcher {
public:
    ~progress_line() override;
    void started(strategy const& what, std::size_t number, std::size_t count) override;
    void advanced(std::int64_t answered, std::int64_t goal) override;
    void finished(strategy_result const& result) override;

private:
    void show(std::string const& rest);
    void clear();

    std::string title_{};
    std::chrono::steady_clock::time_point shown_at_{};
    bool visible_ = false;
};

}  // namespace tiebreak::race
