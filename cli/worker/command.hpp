// Runs a shell command to its end: text in, bounded text out, and an end in time when it is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::cli {

struct command {
    std::string text{};                      // for /bin/sh -c
    std::vector<std::string> environment{};  // "NAME=text"; nothing else is handed on
    std::string_view input{};                // read or not: the command decides
    std::size_t output_bytes_max = 0;        // what writes more is ended
    std::chrono::milliseconds grace{5000};   // between SIGTERM and SIGKILL
};

enum class command_end {
    exited,
    signalled,
    too_long,  // its output was, so it was ended
    stopped,   // it was told to end before it had ended by itself
};

struct command_result {
    command_end how = command_end::exited;
    int code = 0;  // exit code or signal
    std::string output{};
};

// Answers when the shell has ended. What it left running in its process group is killed then, and
// what such a process holds open keeps nobody waiting: the output is what was written by that time.
// Throws std::system_error when the command could not be started.
[[nodiscard]] command_result run_command(command const& of, std::stop_token const& stop);

}  // namespace tiebreak::cli
