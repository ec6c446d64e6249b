// See listening_process.hpp.
#include "service/listening_process.hpp"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace tiebreak::test {

namespace {

constexpr int start_limit_ms = 60'000;

}  // namespace

listening_process::listening_process(std::vector<std::string> words) : words_(std::move(words))
{
    start({});
}

listening_process::listening_process(std::string subcommand,
                                     std::string database_url,
                                     std::vector<std::string> const& more)
    : words_{std::move(subcommand), "--db", std::move(database_url)}
{
    start(more);
}

listening_process::~listening_process()
{
    process_.reset();
    if (out_ >= 0)
        ::close(out_);
}

void listening_process::start(std::vector<std::string> const& more)
{
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe for a process that listens");
    auto words = words_;
    words.insert(words.begin(), "tiebreak");
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"--listen", listen_});
    std::vector<char*> arguments;
    for (auto& one : words)
        arguments.push_back(one.data());
    arguments.push_back(nullptr);
    process_.emplace(
        [&] {
            ::dup2(ends[1], STDOUT_FILENO);
            ::execv(TIEBREAK_PROGRAM, arguments.data());
            return 100;  // not reached when the program could be started
        },
        after_fork::becomes_another_program);
    ::close(ends[1]);
    if (out_ >= 0)
        ::close(out_);
    out_ = ends[0];
    auto const line = first_line();
    auto const at = line.find("http://");
    if (at == std::string::npos)
        throw std::runtime_error("the process does not say where it listens: " + line);
    url_ = line.substr(at);
    listen_ = url_.substr(url_.find("//") + 2);
}

std::string listening_process::first_line() const
{
    std::string line;
    pollfd watched{out_, POLLIN, 0};
    for (char letter = 0; ::poll(&watched, 1, start_limit_ms) == 1;) {
        if (::read(out_, &letter, 1) != 1 || letter == '\n')
            break;
        line += letter;
    }
    return line;
}

std::uint16_t listening_process::port() const
{
    return static_cast<std::uint16_t>(std::stoi(listen_.substr(listen_.rfind(':') + 1)));
}

void listening_process::kill()
{
    send(SIGKILL);
    (void)wait();
}

int listening_process::wait()
{
    int const code = process_->wait();
    process_.reset();
    return code;
}

int listening_process::end()
{
    send(SIGTERM);
    return wait();
}

void listening_process::start_again(std::vector<std::string> const& more)
{
    start(more);
}

}  // namespace tiebreak::test
