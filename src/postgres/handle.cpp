#include "postgres/handle.hpp"

#include <libpq-fe.h>

namespace tiebreak::postgres {

void close_session::operator()(pg_conn* which) const noexcept
{
    if (::getpid() == owner)
        PQfinish(which);
    else if (int const socket = PQsocket(which); socket >= 0)
        ::close(socket);
}

void clear_result::operator()(pg_result* which) const noexcept
{
    PQclear(which);
}

}  // namespace tiebreak::postgres
