// `tiebreak payments` as a process beside the test: to be talked to, killed and started again.
#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tiebreak::test {

class payments_process {
public:
    // Starts it and waits until it listens. Port 0: any that is free; it stays the same when it is
    // started again. `more` are further flags.
    explicit payments_process(std::string books_url, std::vector<std::string> const& more = {});
    payments_process(payments_process const&) = delete;
    payments_process& operator=(payments_process const&) = delete;
    ~payments_process();

    [[nodiscard]] std::string const& url() const noexcept { return url_; }

    // As a crash would end it.
    void kill();
    // SIGTERM; answers its exit code.
    int end();
    // After one of the two: with other faults, on the same books and port.
    void start_again(std::vector<std::string> const& more = {});

private:
    void start(std::vector<std::string> const& more);
    [[nodiscard]] std::string first_line();

    std::string books_url_;
    std::string url_{};
    std::string listen_{"127.0.0.1:0"};
    int out_ = -1;
    std::optional<child_process> process_{};
};

}  // namespace tiebreak::test
