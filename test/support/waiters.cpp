#include "support/waiters.hpp"

namespace tiebreak::test {

bool somebody_waits(database& looks)
{
    auto const waiting =
        looks.engine() == "mariadb"
            ? "SELECT count(*) FROM information_schema.INNODB_TRX t "
              "JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id "
              "WHERE t.trx_state = 'LOCK WAIT' AND p.DB = DATABASE()"
            : "SELECT count(*) FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock' "
              "AND EXISTS (SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
              "WHERE l.pid = a.pid AND c.relnamespace::regnamespace::text = current_schema())";
    return looks.read(
        [&](snapshot& view) { return view.query<std::int64_t>(waiting).front() > 0; });
}

}  // namespace tiebreak::test
