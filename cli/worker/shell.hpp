// A shell command as a child process: a process group of its own, pipes to its standard input and
// from its standard output, standard error that of this process.
#pragma once

#include "cli/worker/descriptor.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tiebreak::cli {

// Ends with its owner: whoever drops it kills what is left of the process group.
class shell {
public:
    // Starts `/bin/sh -c text` with exactly this environment ("NAME=text"). Signals are as a
    // program expects them, and no other descriptor of this process is handed on. The shell is
    // killed when the thread that started it ends, so also with `kill -9` of this process.
    // Throws std::system_error when no process can be started.
    shell(std::string const& text, std::vector<std::string> const& environment);
    shell(shell const&) = delete;
    shell& operator=(shell const&) = delete;
    ~shell();

    // Both ends of this process are non-blocking.
    [[nodiscard]] descriptor& input() noexcept { return input_; }

    [[nodiscard]] descriptor& output() noexcept { return output_; }

    // Readable from the moment the shell has ended.
    [[nodiscard]] int ended() const noexcept { return process_.get(); }

    // To the whole group. Only before `collect`.
    void send(int signal) const noexcept;

    // Waits for the shell's end, kills what it left running in its group, and answers its status as
    // waitpid does.
    [[nodiscard]] int collect();

private:
    pid_t id_ = -1;
    descriptor input_;
    descriptor output_;
    descriptor process_;
};

}  // namespace tiebreak::cli
