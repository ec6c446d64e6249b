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
    // Starts `tiebreak payments` or `serve` with --db, --listen and `more` flags, and waits until
    // it listens at a port that is free; the port stays the same when it is started again.
    listening_process(std::string subcommand,
                      std::string database_url,
                      std::vector<std::string> const& more = {});
    listening_process(listening_process const&) = delete;
    listening_process& operator=(listening_process const&) = delete;
    ~listening_process();

    [[nodiscard]] std::string const& url() const noexcept { return url_; }

    [[nodiscard]] std::uint16_t port() const;

    // As a crash would end it.
    void kill();
    // SIGTERM; answers its exit code.
    int end();
    // After one of the two: with other flags, on the same database and port.
    void start_again(std::vector<std::string> const& more = {});

private:
    void start(std::vector<std::string> const& more);
    [[nodiscard]] std::string first_line();

    std::string subcommand_;
    std::string database_url_;
    std::string url_{};
    std::string listen_{"127.0.0.1:0"};
    int out_ = -1;
    std::optional<child_process> process_{};
};

}  // namespace tiebreak::test
