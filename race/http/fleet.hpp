// What is raced over the wire: as many servers as `--processes`, nginx before them (round robin),
// and for tickets the payment provider, each a process of its own.
#pragma once

#include "race/catalogue.hpp"
#include "race/http/program.hpp"
#include "race/options.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tiebreak::race {

class fleet {
public:
    /// Starts everything and waits until it answers.
    /// \param database_url  with the tables made; the servers get it by their environment
    /// \param folder  for logs, nginx's files and the provider's books
    /// \throws cannot_race: nginx is not installed, or something does not start
    fleet(race_options const& options,
          strategy const& what,
          std::string const& database_url,
          std::string folder);
    fleet(fleet const&) = delete;
    fleet& operator=(fleet const&) = delete;
    ~fleet();

    /// Where clients send their requests: "http://127.0.0.1:4711".
    [[nodiscard]] std::string const& entrance() const noexcept { return entrance_; }

    /// With `--kill`: ends one server each second by SIGKILL, and starts it again. Never waits.
    void act();

    /// Ends everything in order.
    void stop() noexcept;

    /// "9 servers were ended by SIGKILL and started again"
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    [[nodiscard]] std::string start_payments(std::string const& books_url);
    void start_server(std::size_t number, std::string const& listen);
    void start_nginx();

    race_options const& options_;
    std::string strategy_;
    std::string folder_;
    environment settings_;
    std::string payments_url_{};
    std::string entrance_{};
    std::unique_ptr<program> payments_;
    std::vector<std::unique_ptr<program>> servers_;
    std::vector<std::string> addresses_;
    std::unique_ptr<program> nginx_;
    std::chrono::steady_clock::time_point next_kill_{};
    std::size_t kills_ = 0;
};

/// The books of the provider that `race ticket` asks, one for each strategy.
[[nodiscard]] std::string books_url_of(std::string const& folder, strategy const& what, int pool);

}  // namespace tiebreak::race
