// Where a worker of the run scenario gets its runs and gives them back: the library, or the service
// over HTTP.
#pragma once

#include <tiebreak/database.hpp>

#include "race/board.hpp"
#include "race/options.hpp"
#include "systems/runs/runs.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tiebreak::race {

/// Whose runs these are: everybody's who calls the service without a token.
inline constexpr char const* run_tenant = "default";

/// The most that a run may cost.
inline constexpr std::int64_t budget_of_a_run = 100;

/// What all runs of a race may cost together.
[[nodiscard]] inline std::int64_t run_budget(race_options const& options)
{
    return options.users * budget_of_a_run;
}

/// A run that a worker holds.
struct held_run {
    std::int64_t run_id = 0;
    std::int64_t epoch = 0;
};

/// Belongs to one thread.
class run_desk {
public:
    run_desk() = default;
    run_desk(run_desk const&) = delete;
    run_desk& operator=(run_desk const&) = delete;
    virtual ~run_desk() = default;

    /// The next run, under a lease of `run_lease`; empty when none is queued.
    [[nodiscard]] virtual std::optional<held_run> claim(std::string const& worker) = 0;
    /// False: the lease is somebody else's, or nobody's.
    [[nodiscard]] virtual bool extend(held_run const& mine) = 0;
    /// Ends the run as done; `slot` gets the reason of a failure.
    [[nodiscard]] virtual answer finalize(held_run const& mine,
                                          std::string const& result,
                                          std::int64_t amount,
                                          request_slot& slot) = 0;
};

/// Works on the database itself.
[[nodiscard]] std::unique_ptr<run_desk>
make_library_desk(database& in, race_options const& options, systems::runs::finalize_options how);

/// Asks the service at `entrance`.
[[nodiscard]] std::unique_ptr<run_desk> make_http_desk(std::string const& entrance,
                                                       race_options const& options);

}  // namespace tiebreak::race
