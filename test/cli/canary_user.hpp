// A user of a server for one test, with a password that no text holds by chance: where it is found,
// somebody has shown it.
#pragma once

#include "support/engines.hpp"

#include <string>
#include <sys/types.h>

namespace tiebreak::test {

// The parts of "scheme://user:password@place/name?parameters" that a person can get wrong.
struct server_address {
    std::string scheme{};
    std::string user{};
    std::string password{};
    std::string place{};
    std::string name{};
    std::string parameters{};

    [[nodiscard]] std::string url() const;
};

class canary_user {
public:
    static constexpr char const* password = "cAnary-77";

    // Makes the user, who may do nothing that changes a row.
    explicit canary_user(engine_case const& engine);
    canary_user(canary_user const&) = delete;
    canary_user& operator=(canary_user const&) = delete;
    ~canary_user();

    // Its way to the database behind a URL of the same server.
    [[nodiscard]] server_address way_to(std::string const& url) const;

    // May make tables in this database, and do everything with them.
    void own(fresh_database const& tables) const;

    // Executed by the server's usual user.
    void administer(std::string const& statement) const;

    [[nodiscard]] bool is_on_mariadb() const { return engine_.name == "mariadb"; }

    [[nodiscard]] std::string const& name() const noexcept { return name_; }

private:
    engine_case engine_;
    std::string name_;
};

// The arguments of a process as the operating system shows them to everybody, each ended by a NUL.
[[nodiscard]] std::string arguments_of(pid_t process);

}  // namespace tiebreak::test
