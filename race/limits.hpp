// From the options of a race to the options of one call of a system.
#pragma once

#include <tiebreak/retry.hpp>

#include "race/options.hpp"

#include <functional>
#include <thread>

namespace tiebreak::race {

/// The library's default pauses, with the race's attempts and deadline.
[[nodiscard]] inline retry_policy policy_of(race_options const& options)
{
    return {.attempts_max = options.attempts, .deadline = time_allowed(options)};
}

/// The pause between read and write; empty when there is none.
[[nodiscard]] inline std::function<void()> thinking(race_options const& options)
{
    if (options.think.count() == 0)
        return {};
    return [pause = options.think] { std::this_thread::sleep_for(pause); };
}

}  // namespace tiebreak::race
