// A Redis of one test's own, which it can flush, pause, kill and start again empty.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tiebreak::test {

// True when there is a redis-server to start. A missing one fails the running test when
// TIEBREAK_REQUIRE_ENGINES=1.
[[nodiscard]] bool redis_is_installed();

class redis_server {
public:
    // Starts it, with more options if any: {"--maxmemory", "2mb"}. Throws std::runtime_error.
    explicit redis_server(std::vector<std::string> more_options = {});
    redis_server(redis_server const&) = delete;
    redis_server& operator=(redis_server const&) = delete;
    ~redis_server();

    // "redis://127.0.0.1:12345"
    [[nodiscard]] std::string url() const;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    // Runs one command by redis-cli; answers what it printed, without the line's end. No word holds
    // an apostrophe.
    std::string command(std::vector<std::string> const& words) const;

    void kill();
    void start_again();  // at the same port, empty
    void pause() const;  // it keeps its connections and answers nothing
    void go_on() const;

private:
    void start();

    std::uint16_t port_ = 0;
    std::vector<std::string> options_;
    pid_t id_ = -1;
};

}  // namespace tiebreak::test

// Skips the running test by the name of the capability that this machine lacks.
#define TIEBREAK_NEEDS_REDIS()                                                                     \
    if (!tiebreak::test::redis_is_installed())                                                     \
    GTEST_SKIP() << "this machine lacks redis_server"
