// See started_program.hpp.
#include "cli/started_program.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <thread>
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

// Processor time of a process, in clock ticks: user and system, fields 14 and 15.
long ticks_of(pid_t process)
{
    auto const text = content_of("/proc/" + std::to_string(process) + "/stat");
    auto const name_end = text.rfind(')');
    if (name_end == std::string::npos)
        return 0;
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int number = 3; number < 14; ++number)
        fields >> skipped;
    long user = 0;
    long system = 0;
    fields >> user >> system;
    return user + system;
}

}  // namespace

started_program::started_program(std::vector<std::string> const& arguments)
    : process_([this, &arguments] {
          redirect(STDOUT_FILENO, folder_.file("out"));
          redirect(STDERR_FILENO, folder_.file("err"));
          ::unsetenv("TIEBREAK_DB");
          ::setenv("TMPDIR", temporary_.path().c_str(), 1);
          std::vector<char*> words{const_cast<char*>("tiebreak")};
          for (auto const& word : arguments)
              words.push_back(const_cast<char*>(word.c_str()));
          words.push_back(nullptr);
          ::execv(TIEBREAK_PROGRAM, words.data());
          return 100;  // not reached when the program could be started
      })
{
}

std::vector<pid_t> started_program::children() const
{
    auto const id = std::to_string(process_.id());
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    std::vector<pid_t> found;
    for (pid_t child = 0; file >> child;)
        found.push_back(child);
    return found;
}

void started_program::wait_for_children(std::size_t number) const
{
    using namespace std::chrono_literals;
    auto const until = std::chrono::steady_clock::now() + 60s;
    for (;;) {
        auto const now = children();
        bool busy = now.size() >= number;
        for (auto const child : now)
            busy = busy && ticks_of(child) > 0;
        if (busy)
            return;
        if (std::chrono::steady_clock::now() > until) {
            ADD_FAILURE() << "the program did not start " << number << " children";
            return;
        }
        std::this_thread::sleep_for(5ms);
    }
}

std::string started_program::written() const
{
    return content_of(folder_.file("out")) + content_of(folder_.file("err"));
}

bool started_program::wait_for_text(std::string_view text) const
{
    using namespace std::chrono_literals;
    auto const until = std::chrono::steady_clock::now() + 60s;
    while (written().find(text) == std::string::npos) {
        siginfo_t state{};
        bool const ended = ::waitid(P_PID,
                                    static_cast<id_t>(process_.id()),
                                    &state,
                                    WEXITED | WNOHANG | WNOWAIT) == 0 &&
                           state.si_pid != 0;
        if (ended || std::chrono::steady_clock::now() > until)
            return written().find(text) != std::string::npos;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

program_answer started_program::wait()
{
    int const code = process_.wait();
    return {.exit_code = code,
            .out = content_of(folder_.file("out")),
            .err = content_of(folder_.file("err"))};
}

std::vector<std::string> started_program::left_behind() const
{
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(temporary_.path()))
        names.push_back(entry.path().filename().string());
    return names;
}

}  // namespace tiebreak::test
