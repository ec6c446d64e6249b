// What is guaranteed on a database and what weakens it, in sentences for people.
#include "mariadb/checks.hpp"

#include "mariadb/connection.hpp"

#include <map>
#include <mysql.h>
#include <stdexcept>

namespace tiebreak::mariadb {

namespace {

constexpr std::size_t tables_named_max = 5;

class report {
public:
    void holds(std::string text) { findings_.push_back({false, std::move(text)}); }

    void weakened(std::string text) { findings_.push_back({true, std::move(text)}); }

    [[nodiscard]] std::vector<sql::finding> take() { return std::move(findings_); }

private:
    std::vector<sql::finding> findings_;
};

// The server's variables as this session sees them; an unknown one is empty.
class variables {
public:
    explicit variables(st_mysql* of)
    {
        for (auto& row : ask(of, "SHOW SESSION VARIABLES"))
            by_name_.emplace(std::move(row.at(0)), std::move(row.at(1)));
    }

    [[nodiscard]] std::string operator[](std::string const& name) const
    {
        auto const found = by_name_.find(name);
        return found == by_name_.end() ? std::string{} : found->second;
    }

private:
    std::map<std::string, std::string> by_name_;
};

void check_durability(report& to, variables const& is)
{
    auto const flush = is["innodb_flush_log_at_trx_commit"];
    if (flush == "1" || flush == "3")
        to.holds("a commit survives a power cut once it is answered "
                 "(innodb_flush_log_at_trx_commit=" +
                 flush + ")");
    else
        to.weakened("innodb_flush_log_at_trx_commit=" + flush +
                    ": a power cut can lose the commits of the last second" +
                    (flush == "0" ? ", the end of the server, too" : ""));
    if (is["log_bin"] == "ON" && is["sync_binlog"] != "1")
        to.weakened("sync_binlog=" + is["sync_binlog"] +
                    ": after a power cut replicas can have commits that this server lost, or lack "
                    "some");
    if (is["innodb_doublewrite"] == "OFF")
        to.weakened("innodb_doublewrite=OFF: a power cut can damage pages, unless the disk writes "
                    "them whole");
    if (auto const recovery = is["innodb_force_recovery"]; recovery != "0")
        to.weakened("innodb_force_recovery=" + recovery + ": the server runs to be repaired");
}

void check_isolation(report& to, variables const& is)
{
    if (is["innodb_snapshot_isolation"] == "ON")
        to.holds("at REPEATABLE READ a lost update is refused by the server "
                 "(innodb_snapshot_isolation=ON)");
    else
        to.weakened("this server has no innodb_snapshot_isolation: at REPEATABLE READ a "
                    "write of one's own SQL without a version check can overwrite another's");
    if (is["innodb_rollback_on_timeout"] == "ON")
        to.holds("innodb_rollback_on_timeout=ON: after a lock timeout the server has rolled back "
                 "by itself");
    auto const limit = is["max_statement_time"];
    if (limit.find_first_not_of("0.") != std::string::npos)
        to.weakened("max_statement_time=" + limit +
                    ": the server ends statements before the deadline, and a COMMIT that it ends "
                    "is of unknown outcome");
}

void check_cluster(report& to, variables const& is)
{
    if (is["wsrep_on"] != "ON")
        return;
    to.weakened("the server is a node of a cluster: a row lock holds on this node only, and a "
                "commit can fail that no other transaction on this node was in the way of");
    if (is["wsrep_dirty_reads"] == "ON")
        to.weakened("wsrep_dirty_reads=ON: a node cut off from the cluster answers with old rows");
    if (is["wsrep_sync_wait"] == "0")
        to.weakened("wsrep_sync_wait=0: a read can miss what another node has committed");
}

void check_link(report& to, st_mysql* on, connection const& of)
{
    if (char const* const cipher = mysql_get_ssl_cipher(on); cipher != nullptr) {
        if (of.opened_with().verified)
            to.holds(std::string("the connection is encrypted and the server known (") + cipher +
                     ")");
        else
            to.weakened("the connection is encrypted, but the server's certificate is not checked "
                        "(ssl_ca)");
    } else if (of.is_local()) {
        to.holds("the server is on this machine");
    } else {
        to.weakened("the connection is not encrypted (tls=required)");
    }
}

void check_tables(report& to, st_mysql* on)
{
    auto const strays = ask(on,
                            "SELECT table_name, engine FROM information_schema.tables "
                            "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' "
                            "AND (engine IS NULL OR engine <> 'InnoDB') ORDER BY 1 LIMIT 6");
    if (strays.empty()) {
        to.holds("all tables have transactions (InnoDB)");
        return;
    }
    std::string names;
    for (std::size_t i = 0; i < strays.size() && i < tables_named_max; ++i)
        names += (i == 0 ? "" : ", ") + strays[i].at(0) + " (" + strays[i].at(1) + ")";
    if (strays.size() > tables_named_max)
        names += " and others";
    to.weakened("these tables have no transactions, what is written to them is not rolled back: " +
                names);
}

}  // namespace

std::vector<sql::finding> check(sql::connection& of)
{
    auto* const mine = dynamic_cast<connection*>(&of);
    if (mine == nullptr)
        throw std::invalid_argument("the connection is not one of MariaDB");
    auto* const on = mine->handle();
    report to;
    to.holds("MariaDB " + mine->engine_version() +
             ": READ COMMITTED unless asked, matched rows are counted, strict mode, UTC");
    try {
        variables const is(on);
        check_durability(to, is);
        check_isolation(to, is);
        check_cluster(to, is);
        check_link(to, on, *mine);
        check_tables(to, on);
    } catch (error const& e) {
        to.weakened(std::string(e.what()) + " (" + std::string(e.server_message()) + ")");
    }
    return to.take();
}

void connection::require_transactions(std::string_view table)
{
    auto const look = prepare("SELECT engine FROM information_schema.tables WHERE table_schema = "
                              "DATABASE() AND table_name = ? AND table_type = 'BASE TABLE' "
                              "AND engine <> 'InnoDB'",
                              sql::taken_key::fails);
    sql::reading const until_end(*look);
    value const name{table};
    if (auto const row = look->first({&name, 1}); !row.empty())
        throw error(errc::unsafe_settings,
                    "a table has no transactions: what is written to it could not be rolled back",
                    "the storage engine of " + std::string{table} + " is " +
                        std::string{row[0].text()});
}

}  // namespace tiebreak::mariadb
