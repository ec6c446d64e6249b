/// \file
/// What a folder with reports of races has to tell to somebody in a hurry.
#pragma once

#include <tiebreak/time.hpp>

#include <string>
#include <vector>

namespace tiebreak::service::api {

/// One strategy of a race.
struct race_verdict {
    std::string strategy{};
    std::string verdict{};    ///< "exact", or what was lost
    bool is_control = false;  ///< it promises nothing: it is there to be seen losing
};

/// One report that `tiebreak race --json` wrote.
struct recent_race {
    std::string when{};  ///< "2026-07-01 09:00", UTC: when the file was written
    std::string scenario{};
    std::string engine{};
    std::int64_t users = 0;
    std::int64_t processes = 0;
    std::vector<race_verdict> results{};
};

/// The newest reports of a folder, newest first. What is no report, or above 1 MiB, is passed over;
/// so is a folder that cannot be read. Reads files: not for a thread that must be quick.
[[nodiscard]] std::vector<recent_race> recent_races(std::string const& folder);

}  // namespace tiebreak::service::api
