// A subcommand of `tiebreak` that listens, as a process beside the test: to be talked to, killed
// and started again.
#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tiebreak::test {

class listening_process {
public:
    // Starts `tiebreak WORDS… --listen 127.0.0.1:PORT` and waits until it listens at a port that is
    // free; it stays the same when it is started again.
    explicit listening_process(std::vector<std::string> words);
    // The same for `SUBCOMMAND --db URL` with further flags.
    listening_process(std::string subcommand,
                      std::string database_url,
                      std::vector<std::string> const& more = {});
    listening_process(listening_process const&) = delete;
    listening_process& operator=(listening_process const&) = delete;
    ~listening_process();

    // "http://127.0.0.1:8080"
    [[nodiscard]] std::string const& url() const noexcept { return url_; }

    [[nodiscard]] std::uint16_t port() const;

    // As a crash would end it.
    void kill();

    void send(int signal) const { process_->send(signal); }

    // Waits for its end: the exit code.
    int wait();

    // SIGTERM; answers its exit code.
    int end();
    // After its end: on the same database and port, with other flags.
    void start_again(std::vector<std::string> const& more = {});

private:
    void start(std::vector<std::string> const& more);
    [[nodiscard]] std::string first_line() const;

    std::vector<std::string> words_;  // those that are always said
    std::string url_{};
    std::string listen_{"127.0.0.1:0"};
    int out_ = -1;
    std::optional<child_process> process_{};
};

}  // namespace tiebreak::test
