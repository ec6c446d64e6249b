// Runs the command line as a person would: arguments in, exit code and both outputs back.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::test {

struct program_answer {
    int exit_code = -1;  // minus the signal when one ended it
    std::string out{};
    std::string err{};
};

// Runs the `tiebreak` of this build to its end. TIEBREAK_DB is not inherited.
[[nodiscard]] program_answer
run_program(std::vector<std::string> const& arguments,
            std::vector<std::pair<std::string, std::string>> const& environment = {});

[[nodiscard]] bool contains(std::string const& text, std::string_view part);

// The number of lines, counting a last one without its line feed.
[[nodiscard]] std::size_t lines_in(std::string const& text);

}  // namespace tiebreak::test
