// Connecting to a server and making the session keep the promises.
#pragma once

#include "mariadb/handle.hpp"
#include "mariadb/options.hpp"
#include "sql/connection.hpp"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::mariadb {

// What the server says about itself when a connection is opened.
struct server_facts {
    bool in_cluster = false;          // Galera
    bool has_snapshot_check = false;  // innodb_snapshot_isolation
    bool is_read_only = false;
    bool idles_without_limit = false;                                   // idle_transaction_timeout
    std::size_t message_max = std::numeric_limits<std::size_t>::max();  // max_allowed_packet
    std::string default_engine{};
    std::string enforced_engine{};
};

// Connects and logs in, within the options' limit and until `until` at most. Throws unavailable,
// backend_failure (wrong password, no such database, not MariaDB, too old).
[[nodiscard]] connection_handle
connect(options const& how, server_address const& to, sql::deadline until);
// The same for one short command: no answer takes longer than `limit`, which is whole seconds.
[[nodiscard]] connection_handle
connect_briefly(options const& how, server_address const& to, std::chrono::seconds limit);

// Two round trips. Throws unavailable (accepts no writes), unsafe_settings.
[[nodiscard]] server_facts look_at(st_mysql* server);
void refuse_unsafe(server_facts const& server);

// One round trip: time zone, strictness, isolation and all else a session's meaning depends on.
void set_session(st_mysql* server, server_facts const& facts);

// Runs a text and answers its rows; NULL is an empty text. Throws as while connecting.
std::vector<std::vector<std::string>> ask(st_mysql* server, std::string_view text);

}  // namespace tiebreak::mariadb
