// What a URL says about a MariaDB database, each part checked.
#pragma once

#include <tiebreak/observer.hpp>

#include "base/url.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tiebreak::mariadb {

struct server_address {
    std::string host{};     // empty: the local server
    unsigned int port = 0;  // 0: the client's default, 3306
    std::string socket{};   // a unix socket; then neither of the above
};

struct options {
    std::vector<server_address> servers{};  // tried in order; at least one
    std::optional<std::string> user{};
    std::optional<std::string> password{};
    std::string database{};
    std::chrono::seconds connect_timeout{5};
    bool encrypted = false;  // only with TLS, or not at all
    bool verified = false;   // the server's certificate is checked
    std::string authorities_file{};
    std::string certificate_file{};
    std::string key_file{};
    std::string defaults_file{};
    std::string defaults_group{};
    observer* watcher = nullptr;
};

// Throws std::invalid_argument with a sentence that says what to change.
[[nodiscard]] options options_of(base::url const& from, observer* watcher);

}  // namespace tiebreak::mariadb
