// Ending a session whose client was lost in the middle of a transaction.
#include "mariadb/connection.hpp"
#include "mariadb/opening.hpp"

#include <mysql.h>
#include <string>

namespace tiebreak::mariadb {

std::int64_t connection::session_number() const noexcept
{
    return static_cast<std::int64_t>(mysql_thread_id(handle()));
}

// Numbers begin anew when the server does, but a later session has not slept for so long.
void connection::end_idle_transaction(std::int64_t session, std::chrono::milliseconds idle_for)
{
    call const talk(*this, call::kind::statement);
    auto const number = std::to_string(session);
    auto const found =
        ask(handle(),
            "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = " + number +
                " AND COMMAND = 'Sleep' AND TIME_MS >= " + std::to_string(idle_for.count()));
    if (!found.empty())
        ask(handle(), "KILL CONNECTION " + number);
}

}  // namespace tiebreak::mariadb
