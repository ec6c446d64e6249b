// What the end of a command means for its run. Pure.
//
// | the command               | outcome   | result                  | amount                  |
// |---------------------------|-----------|-------------------------|-------------------------|
// | exits with 0              | COMPLETED | its output              | written, or the reserve |
// | exits with another code   | FAILED    | its output, or the code | 0: the reserve is void  |
// | dies by a signal          | FAILED    | its output, or which    | 0                       |
// | writes too long an output | FAILED    | says so                 | 0                       |
// | writes no UTF-8, or NUL   | FAILED    | says so                 | 0                       |
// | 0, and no usable amount   | FAILED    | says so                 | 0                       |
//
// Nothing is charged on a guess: an amount that is there and cannot be used fails the run.
#pragma once

#include "cli/worker/command.hpp"
#include "systems/runs/runs.hpp"

#include <optional>
#include <string>

namespace tiebreak::cli {

// `written`: what stands in the amount's file; empty when there is no such file. `ended` is any but
// `stopped`.
[[nodiscard]] systems::runs::finalize_request verdict_on(systems::runs::run const& work,
                                                         command_result ended,
                                                         std::optional<std::string> const& written);

}  // namespace tiebreak::cli
