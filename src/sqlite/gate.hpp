// Turns for the writers of one database file, between processes and threads.
//
// SQLite's own lock has no queue: of eight busy writers one may get nothing. Here a writer passes
// two places: it waits at the head of the queue, one at a time, and from there takes the turn. The
// gate is for fairness alone: SQLite's lock decides, programs that do not know the gate still work,
// and a holder that dies frees both places because the kernel does.
//
// Handing the turn over costs a sleep and a wake. So a writer that comes back at once keeps the
// turn for a short slice without queueing; any other rings when it leaves.
#pragma once

#include <tiebreak/observer.hpp>

#include "sql/connection.hpp"
#include "sqlite/sidecar.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak::sqlite {

// One connection's side of the gate; not thread-safe.
class gate {
public:
    // Never throws for want of a gate: `in_use` then says false, `why_not` says why, and the first
    // such gate of the process for this database is logged. `watcher` is told of waits that begin.
    explicit gate(std::string database_path, observer* watcher = nullptr);

    enum class answer : std::uint8_t {
        entered,
        late,  // the deadline passed
    };

    // Waits for the turn. `wait_began` is set to the time of the first sleep, unless it holds one
    // already.
    [[nodiscard]] answer enter(sql::deadline until, sql::deadline& wait_began) noexcept;
    void leave() noexcept;

    // SQLite's lock was held by somebody without the turn: looks whether the file was replaced.
    void met_stranger() noexcept;

    [[nodiscard]] bool in_use() const noexcept { return file_ != nullptr; }

    [[nodiscard]] std::string const& why_not() const noexcept { return why_not_; }

    // Where the file is, or would be.
    [[nodiscard]] std::string file() const { return sidecar::path_beside(database_path_); }

    // In a child made by fork.
    void abandon() noexcept;

private:
    using clock = std::chrono::steady_clock;

    void open() noexcept;
    void give_up(std::string_view why) noexcept;
    [[nodiscard]] answer queue_up(sql::deadline until, sql::deadline& wait_began) noexcept;
    void let_the_woken_pass(sql::deadline until, sql::deadline& wait_began) noexcept;
    void step_forward() noexcept;
    [[nodiscard]] sidecar::answer wait_for(place where,
                                           clock::duration nap,
                                           sql::deadline until,
                                           sql::deadline& wait_began) noexcept;
    void begin_wait(clock::time_point now, sql::deadline& wait_began) const noexcept;
    [[nodiscard]] bool slice_over(clock::time_point now) const noexcept;

    std::string database_path_;
    observer* watcher_;
    std::unique_ptr<sidecar> file_;
    std::string why_not_;
    clock::time_point slice_began_{};
    clock::time_point left_{};
    int late_returns_ = 2;  // in a row, up to the last; a newcomer is in no loop
    bool queued_ = false;   // the last turn was waited for
    bool inside_ = false;
};

}  // namespace tiebreak::sqlite
