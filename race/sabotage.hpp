// `--kill` and `--pause`: ends workers with SIGKILL and starts them again, and stops others until
// their leases are over and somebody else has their run. Decides by progress and seed, so that a
// fast and a slow machine see the same.
#pragma once

#include "race/board.hpp"
#include "race/options.hpp"
#include "race/racers.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace tiebreak::race {

class sabotage {
public:
    explicit sabotage(race_options const& options);

    /// Called every few milliseconds while the race goes on. Never waits.
    void act(racers& on, board const& now);

    [[nodiscard]] std::vector<std::string> notes() const;

private:
    // The runs that a stopped worker holds, with their epochs.
    struct stopped_worker {
        int racer = -1;
        std::chrono::steady_clock::time_point since{};
        std::int64_t repairs_before = 0;
        std::chrono::steady_clock::time_point succeeded_at{};  // when the first was seen at work
        std::unordered_map<std::int64_t, std::int64_t> epoch_of_run{};
    };

    void consider_kill(racers& on, board const& now);
    void consider_pause(racers& on, board const& now);
    void consider_resume(racers& on, board const& now);
    void resume(racers& on);
    [[nodiscard]] int pick(racers const& on);
    [[nodiscard]] std::unordered_map<std::int64_t, std::int64_t> held_by(board const& now,
                                                                         int racer) const;
    [[nodiscard]] std::int64_t successors(board const& now) const;
    [[nodiscard]] bool has_been_succeeded(board const& now);

    race_options const& options_;
    std::vector<std::int64_t> kill_at_;  // when so many tries were answered
    std::vector<std::int64_t> pause_at_;
    std::size_t kills_ = 0;
    std::size_t pauses_ = 0;
    std::int64_t picks_ = 0;
    stopped_worker stopped_;
};

}  // namespace tiebreak::race
