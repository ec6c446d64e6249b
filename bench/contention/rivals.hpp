// Processes that change the same row as fast as they can, in slices that the parent calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace contention {

/// What happened in one slice.
struct slice {
    double rate = 0;             ///< commits of all processes, for each second
    double fairness = 1;         ///< commits of the slowest process / those of the fastest
    double longest_wait_ms = 0;  ///< the longest single find, change and commit
};

/// What the row says at the end, and what the processes counted.
struct audit {
    std::int64_t counter = 0;
    std::int64_t version = 0;
    std::int64_t commits = 0;

    [[nodiscard]] bool holds() const { return counter == commits && version == commits + 1; }
};

/// Makes the table with its one row. Nothing is open afterwards: fork follows.
void make_row(std::string const& url);

/// Reads the row. `commits` is what `rivals::finish` answered.
[[nodiscard]] audit read_row(std::string const& url, std::int64_t commits);

/// The processes; started once, idle between slices with the database open.
class rivals {
public:
    /// Forks; call while this process has no database open. Throws std::runtime_error when a
    /// process cannot be started or dies, here and below.
    rivals(std::string const& url, int processes);
    rivals(rivals const&) = delete;
    rivals& operator=(rivals const&) = delete;
    ~rivals();

    /// The first `active` processes work for that long.
    [[nodiscard]] slice run(int active, std::chrono::milliseconds how_long);

    /// Ends the processes and answers how many commits they made in all.
    [[nodiscard]] std::int64_t finish();

private:
    struct board;

    [[noreturn]] void work(std::string const& url, int me);
    void wait_until_ready(int how_many) const;

    board* board_;
    std::vector<pid_t> processes_;
};

}  // namespace contention
