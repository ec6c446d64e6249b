#include "support/redis_server.hpp"

#include "support/loopback.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tiebreak::test {

namespace {

constexpr char const* program = "/usr/bin/redis-server";

bool accepts(std::uint16_t port)
{
    int const socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const at = loopback(port);
    bool const connected =
        ::connect(socket, reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0;
    ::close(socket);
    return connected;
}

// In the child: nothing but what may be called after fork.
[[noreturn]] void become(std::vector<char*> const& words, char const* folder)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    int const nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(nothing, STDOUT_FILENO);
    if (::chdir(folder) == 0)
        ::execv(program, words.data());
    ::_exit(127);
}

}  // namespace

bool redis_is_installed()
{
    if (std::filesystem::exists(program))
        return true;
    char const* const required = std::getenv("TIEBREAK_REQUIRE_ENGINES");
    if (required != nullptr && std::string_view{required} == "1")
        ADD_FAILURE() << "there is no redis-server, and all servers are required";
    return false;
}

redis_server::redis_server(std::vector<std::string> more_options)
    : port_(loopback_port(loopback_port::kind::refuses).number()), options_(std::move(more_options))
{
    start();
}

redis_server::~redis_server()
{
    kill();
}

std::string redis_server::url() const
{
    return "redis://127.0.0.1:" + std::to_string(port_);
}

void redis_server::start()
{
    auto const folder = std::filesystem::temp_directory_path().string();
    std::vector<std::string> words{program,
                                   "--port",
                                   std::to_string(port_),
                                   "--bind",
                                   "127.0.0.1",
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no"};
    words.insert(words.end(), options_.begin(), options_.end());
    std::vector<char*> pointers;
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    id_ = ::fork();
    if (id_ == 0)
        become(pointers, folder.c_str());
    if (id_ < 0)
        throw std::runtime_error("no process could be made for Redis");
    constexpr int tries = 1'000;
    for (int i = 0; i < tries; ++i) {
        if (accepts(port_))
            return;
        if (::waitpid(id_, nullptr, WNOHANG) != 0) {
            id_ = -1;
            break;
        }
        ::usleep(10'000);
    }
    throw std::runtime_error("Redis did not start");
}

void redis_server::kill()
{
    if (id_ < 0)
        return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    id_ = -1;
}

void redis_server::start_again()
{
    kill();
    start();
}

void redis_server::pause() const
{
    ::kill(id_, SIGSTOP);
}

void redis_server::go_on() const
{
    ::kill(id_, SIGCONT);
}

std::string redis_server::command(std::vector<std::string> const& words) const
{
    std::string line = "redis-cli -p " + std::to_string(port_);
    for (auto const& word : words)
        (line += " '") += word + "'";
    std::unique_ptr<FILE, int (*)(FILE*)> const pipe(::popen(line.c_str(), "r"), ::pclose);
    if (!pipe)
        throw std::runtime_error("redis-cli could not be started");
    std::string answer;
    std::array<char, 4096> piece{};
    for (;;) {
        auto const size = std::fread(piece.data(), 1, piece.size(), pipe.get());
        if (size == 0)
            break;
        answer.append(piece.data(), size);
    }
    while (!answer.empty() && answer.back() == '\n')
        answer.pop_back();
    return answer;
}

}  // namespace tiebreak::test
