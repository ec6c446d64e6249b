// Owners of the client library's handles.
#pragma once

#include <memory>

struct st_mysql;
struct st_mysql_stmt;

namespace tiebreak::mariadb {

struct close_connection {
    void operator()(st_mysql* which) const noexcept;
};

struct close_statement {
    void operator()(st_mysql_stmt* which) const noexcept;
};

// Closing says farewell to the server, so in a child made by fork neither may run.
using connection_handle = std::unique_ptr<st_mysql, close_connection>;
using statement_handle = std::unique_ptr<st_mysql_stmt, close_statement>;

// True when the client library has given the connection up: nothing can be sent any more.
[[nodiscard]] bool is_cut_off(st_mysql* which) noexcept;

}  // namespace tiebreak::mariadb
