#include "mariadb/handle.hpp"

#include <mysql.h>

namespace tiebreak::mariadb {

void close_connection::operator()(st_mysql* which) const noexcept
{
    mysql_close(which);
}

void close_statement::operator()(st_mysql_stmt* which) const noexcept
{
    mysql_stmt_close(which);
}

bool is_cut_off(st_mysql* which) noexcept
{
    return which->net.pvio == nullptr;
}

}  // namespace tiebreak::mariadb
