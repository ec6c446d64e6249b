// Ending a session whose client was lost in the middle of a transaction.
#include "postgres/connection.hpp"
#include "postgres/errors.hpp"

#include <libpq-fe.h>

#include <string>

namespace tiebreak::postgres {

std::int64_t connection::session_number() const noexcept
{
    return PQbackendPID(session());
}

// A process that was given the same number later has not been idle for so long.
void connection::end_idle_transaction(std::int64_t session, std::chrono::milliseconds idle_for)
{
    auto const text = "SELECT pg_catalog.pg_terminate_backend(pid) "
                      "FROM pg_catalog.pg_stat_activity "
                      "WHERE pid = " +
                      std::to_string(session) +
                      " AND state LIKE 'idle in transaction%' AND state_change <= "
                      "pg_catalog.clock_timestamp() - interval '" +
                      std::to_string(idle_for.count()) + " milliseconds'";
    static_cast<void>(ask(text.c_str()));
}

}  // namespace tiebreak::postgres
