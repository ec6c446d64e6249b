// One run from its claim to its end: the command runs while the lease is kept, and what came of it
// is stored for certain or not at all.
//
// | event                          | the command            | the run                            |
// |--------------------------------|------------------------|------------------------------------|
// | it ends by itself              |                        | finalised                          |
// | the lease is lost              | ended, with its group  | left alone: it is somebody else's  |
// | the worker is told to give up  | ended, with its group  | released: the next one has it      |
// | it cannot be started           |                        | released                           |
// | the database is away at the end|                        | the result is kept, and tried again|
#pragma once

#include <tiebreak/database.hpp>
#include <tiebreak/lease.hpp>

#include "systems/runs/runs.hpp"

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::cli {

// What all runs of a worker have in common.
struct tenure_options {
    std::string command{};                   // for /bin/sh -c
    std::vector<std::string> environment{};  // without what is said of the run
    std::string folder{};                    // for the files that say what a run cost
    lease_options lease{};
    std::chrono::milliseconds grace{5000};
    std::stop_token draining{};   // a result is not waited with beyond its lease
    std::stop_token giving_up{};  // commands are ended
};

enum class tenure_end : std::uint8_t {
    completed,
    failed,
    lease_lost,   // nothing was written
    released,     // the queue has it again
    not_started,  // released, too: no process could be made
    unanswered,   // nobody knows; the database was away until the lease was over
};

struct tenure_result {
    tenure_end how = tenure_end::unanswered;
    std::int64_t amount = 0;
    std::string detail{};  // for a person; may be empty
};

// "COMPLETED", "LEASE_LOST" …
[[nodiscard]] std::string_view name_of(tenure_end how) noexcept;

// On this thread, until the run's end is known. Never throws.
[[nodiscard]] tenure_result
work_on(database& in, systems::runs::claimed_run const& of, tenure_options const& options) noexcept;

}  // namespace tiebreak::cli
