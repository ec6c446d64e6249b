#include "race/http/program.hpp"

#include "race/options.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;
constexpr auto readiness_poll = 5ms;

std::string text_of(std::string const& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

[[noreturn]] void become(std::string const& path,
                         std::vector<char*> const& arguments,
                         environment const& settings,
                         int output)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGINT, SIG_IGN);  // Ctrl-C is the lab's: it ends everything in order
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    for (auto const& [name, value] : settings)
        ::setenv(name.c_str(), value.c_str(), 1);
    ::execvp(path.c_str(), arguments.data());
    auto const* const why = std::strerror(errno);
    static_cast<void>(!::write(STDERR_FILENO, why, std::strlen(why)));
    ::_exit(127);
}

}  // namespace

program::program(std::string const& path,
                 std::vector<std::string> const& arguments,
                 environment const& settings,
                 std::string log)
    : path_(path), log_(std::move(log))
{
    int const output =
        ::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0)
        throw cannot_race("cannot write " + log_);
    std::vector<char*> words{const_cast<char*>(path_.c_str())};
    for (auto const& each : arguments)
        words.push_back(const_cast<char*>(each.c_str()));
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0)
        become(path_, words, settings, output);
    ::close(output);
    if (pid_ < 0)
        throw cannot_race("cannot start " + path_ + ": " + std::strerror(errno));
}

program::~program()
{
    kill();
}

std::string program::last_words() const
{
    auto text = text_of(log_);
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text.substr(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
}

std::string program::await_url()
{
    auto const until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto const text = text_of(log_);
        auto const from = text.find("http://");
        if (from != std::string::npos && text.find('\n', from) != std::string::npos)
            return text.substr(from, text.find_first_of(" \n", from) - from);
        if (!runs())
            throw cannot_race(path_ + " ended at once: " + last_words());
        if (std::chrono::steady_clock::now() > until)
            throw cannot_race(path_ + " did not say where it listens: " + last_words());
        std::this_thread::sleep_for(readiness_poll);
    }
}

bool program::runs() noexcept
{
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_)
        pid_ = 0;
    return pid_ > 0;
}

void program::end() noexcept
{
    if (!runs())
        return;
    ::kill(pid_, SIGTERM);
    auto const until = std::chrono::steady_clock::now() + patience;
    while (runs() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(readiness_poll);
    kill();
}

void program::kill() noexcept
{
    if (!runs())
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

}  // namespace tiebreak::race
