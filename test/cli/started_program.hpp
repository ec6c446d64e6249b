// A program that runs beside the test, to be interrupted or to have its children killed.
#pragma once

#include "cli/program.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace tiebreak::test {

class started_program {
public:
    // Starts the `tiebreak` of this build. Its temporary files go to a folder of its own.
    explicit started_program(std::vector<std::string> const& arguments);

    // Its children, now.
    [[nodiscard]] std::vector<pid_t> children() const;

    // Waits until it has at least so many children and they have done something; fails the running
    // test when that takes too long.
    void wait_for_children(std::size_t number) const;

    void send(int signal) const { process_.send(signal); }

    [[nodiscard]] pid_t id() const noexcept { return process_.id(); }

    // What it has written to either output until now.
    [[nodiscard]] std::string written() const;

    // Waits until it has written this; false when it ended before.
    [[nodiscard]] bool wait_for_text(std::string_view text) const;

    // Waits for the end.
    [[nodiscard]] program_answer wait();

    // What it left in its folder for temporary files.
    [[nodiscard]] std::vector<std::string> left_behind() const;

private:
    temporary_folder folder_;
    temporary_folder temporary_;
    child_process process_;
};

}  // namespace tiebreak::test
