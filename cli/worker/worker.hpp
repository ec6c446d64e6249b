// Claims runs of one tenant and works on several at once, until told to stop.
//
// | signals received | claims | commands         | ends                             |
// |------------------|--------|------------------|----------------------------------|
// | 0                | yes    | run              | with `once`, when nothing is left|
// | 1                | no     | run to their end | when the last result is stored   |
// | 2                | no     | are ended        | when their runs are released     |
//
// While it looks for work it also returns runs with expired leases to the queue, and completes
// what two_phase left CLAIMED: no other process is needed for that.
#pragma once

#include <tiebreak/database.hpp>

#include "cli/worker/backoff.hpp"
#include "cli/worker/stop_signals.hpp"
#include "cli/worker/tenure.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace tiebreak::cli {

struct worker_options {
    std::string tenant{};
    int concurrency = 1;
    std::chrono::milliseconds poll{1000};  // between two looks at an empty queue
    bool once = false;                     // ends when the queue is empty
    bool quiet = false;                    // no line for each run
    // `draining` and `giving_up` are the worker's to fill in.
    tenure_options tenure{};
};

// How many runs ended in which way.
class worker_tally {
public:
    void add(tenure_end how) { ++counts_[static_cast<std::size_t>(how)]; }

    // "3 runs: 2 COMPLETED, 1 FAILED".
    [[nodiscard]] std::string text() const;

private:
    std::array<std::int64_t, static_cast<std::size_t>(tenure_end::unanswered) + 1> counts_{};
};

class worker {
public:
    // All must outlive this.
    worker(database& in, worker_options options, stop_signals const& signals);
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;
    // Ends the commands that still run, and waits for that.
    ~worker();

    // Works on the calling thread and one more for each run.
    worker_tally run();

private:
    struct job {
        systems::runs::claimed_run of{};
        tenure_result result{};
        std::atomic<bool> is_done{false};
        std::jthread thread{};  // the last: it uses the others
    };

    void take();
    void care_for_the_dead();
    void start(systems::runs::claimed_run of);
    void give_back(job& one);
    void collect();
    void record(job const& ended);
    [[nodiscard]] std::chrono::milliseconds time_to_wait() const;
    [[nodiscard]] int room() const;

    database& in_;
    worker_options options_;
    stop_signals const& signals_;
    std::string name_;
    std::stop_source draining_;
    std::stop_source giving_up_;
    backoff claiming_{"claiming runs"};
    backoff starting_{"starting commands"};
    std::chrono::steady_clock::time_point next_look_{};
    std::chrono::steady_clock::time_point next_care_{};
    bool is_dry_ = false;
    worker_tally tally_;
    std::list<job> jobs_;
};

}  // namespace tiebreak::cli
