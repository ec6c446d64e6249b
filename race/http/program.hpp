// A program that the lab has started: dies with the lab, and says on its first line where it
// listens.
#pragma once

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tiebreak::race {

/// What is given to a program beside its arguments: settings that others must not see in `ps`.
using environment = std::vector<std::pair<std::string, std::string>>;

class program {
public:
    /// Starts it, its output in `log`. `path`: with a slash, or looked up in PATH.
    /// \throws cannot_race: no process can be started
    program(std::string const& path,
            std::vector<std::string> const& arguments,
            environment const& settings,
            std::string log);
    program(program const&) = delete;
    program& operator=(program const&) = delete;
    /// Kills it if it still runs.
    ~program();

    /// Waits until its output holds a line with "http://", and answers that URL.
    /// \throws cannot_race: it ended, or 20 s have passed; with the last line of its output
    [[nodiscard]] std::string await_url();

    /// SIGTERM, and SIGKILL when it has not ended after 20 s.
    void end() noexcept;
    /// SIGKILL.
    void kill() noexcept;

    /// Collects it if it has ended.
    [[nodiscard]] bool runs() noexcept;

private:
    [[nodiscard]] std::string last_words() const;

    std::string path_;
    std::string log_;
    pid_t pid_ = 0;
};

}  // namespace tiebreak::race
