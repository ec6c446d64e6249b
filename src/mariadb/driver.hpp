// What the rest of the library knows of the MariaDB driver: how to open a database.
#pragma once

#include <tiebreak/observer.hpp>

#include "base/url.hpp"
#include "sql/engine.hpp"

#include <memory>

namespace tiebreak::mariadb {

// The dialect, for printing SQL without a database.
[[nodiscard]] sql::dialect const& dialect() noexcept;

// The database a URL names:
//
//   mariadb://user:password@host:port,host2/database?parameter=value
//
// `mysql://` means the same. Hosts are tried in order; the first that accepts work is used. Without
// a host it is the local server's socket; without a user, the one of the process.
//
// parameter            meaning                                                     without it
// socket               path of the server's unix socket, instead of a host         the client's
// password_file        file whose first line is the password                       MYSQL_PWD
// connect_timeout      seconds until a server counts as unreachable, 1 to 300      5
// tls                  required, or off                                            off
// ssl_ca               file with the authorities; asks for tls and verifies        none
// ssl_cert, ssl_key    the client's certificate and key; ask for tls               none
// ssl_verify           on or off: is the server's certificate checked              on with ssl_ca
// read_default_file    a my.cnf that fills in what the URL leaves open             none
// read_default_group   which of its groups, besides [client]                       none
//
// `watcher` is told of waits for locks that ended without one (the server does not tell of others);
// may be null. Throws std::invalid_argument. Nothing is connected yet.
[[nodiscard]] std::unique_ptr<sql::engine> open_engine(base::url const& from, observer* watcher);

}  // namespace tiebreak::mariadb
