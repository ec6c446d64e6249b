// See program.hpp. Both outputs go to files, so that no full pipe can hold the program up.
#include "cli/program.hpp"

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace tiebreak::test {

namespace {

std::string content_of(std::string const& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void redirect(int descriptor, std::string const& path)
{
    int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ::dup2(file, descriptor);
}

}  // namespace

program_answer run_program(std::vector<std::string> const& arguments,
                           std::vector<std::pair<std::string, std::string>> const& environment)
{
    temporary_folder const folder;
    auto const out = folder.file("out");
    auto const err = folder.file("err");
    int const code = run_in_process([&] {
        redirect(STDOUT_FILENO, out);
        redirect(STDERR_FILENO, err);
        ::unsetenv("TIEBREAK_DB");
        for (auto const& [name, text] : environment)
            ::setenv(name.c_str(), text.c_str(), 1);
        std::vector<char*> words{const_cast<char*>("tiebreak")};
        for (auto const& word : arguments)
            words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        ::execv(TIEBREAK_PROGRAM, words.data());
        return 100;  // not reached when the program could be started
    });
    return {.exit_code = code, .out = content_of(out), .err = content_of(err)};
}

std::size_t lines_in(std::string const& text)
{
    auto const ended = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    return ended + (text.empty() || text.back() == '\n' ? 0 : 1);
}

bool contains(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace tiebreak::test
