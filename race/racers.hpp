// Racer processes: forked, started together, watched until the last has ended.
#pragma once

#include "race/board.hpp"

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tiebreak::race {

/// What a racer does: runs in the child, with its number; returns when its part is over.
using racer_body = std::function<void(int racer)>;

/// A racer process that ended otherwise than by returning.
struct racer_death {
    int racer = 0;
    int signal = 0;       ///< 0: it exited
    bool wanted = false;  ///< ended by `kill`
};

/// The racer processes of one race. The caller must be single-threaded and have no database open
/// whenever a racer is started: the child gets a copy of everything.
class racers {
public:
    racers(board& on, racer_body body);
    racers(racers const&) = delete;
    racers& operator=(racers const&) = delete;
    /// Kills and collects what still runs.
    ~racers();

    /// Forks racer `number`.
    void start(int number);

    /// Collects racers that have ended; answers how many still run.
    int collect();

    /// Whether racer `number` runs (or is paused).
    [[nodiscard]] bool runs(int number) const noexcept;

    /// SIGKILL, and waits until it is gone.
    void kill(int number);

    /// SIGSTOP, and waits until it stands still; false when it has ended.
    bool pause(int number);
    void resume(int number);

    /// Kills everybody who still runs.
    void kill_all();

    [[nodiscard]] std::vector<racer_death> const& deaths() const noexcept { return deaths_; }

private:
    void record_end(int number, int status, bool wanted);

    board& board_;
    racer_body body_;
    std::vector<pid_t> pids_;  // 0: does not run
    std::vector<racer_death> deaths_;
};

}  // namespace tiebreak::race
