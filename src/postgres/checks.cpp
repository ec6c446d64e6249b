// What is guaranteed on a database and what weakens it, in sentences for people.
#include "postgres/checks.hpp"

#include "postgres/connection.hpp"

#include <libpq-fe.h>

#include <stdexcept>
#include <sys/socket.h>

namespace tiebreak::postgres {

namespace {

// Before it, INSERT … ON CONFLICT took no predicate lock.
constexpr int serializable_since = 150020;

class report {
public:
    void holds(std::string text) { findings_.push_back({false, std::move(text)}); }

    void weakened(std::string text) { findings_.push_back({true, std::move(text)}); }

    [[nodiscard]] std::vector<sql::finding> take() { return std::move(findings_); }

private:
    std::vector<sql::finding> findings_;
};

void check_version(report& to, connection& on)
{
    auto const name = "PostgreSQL " + on.engine_version();
    to.holds(name + ": writers of different rows do not wait for each other; READ COMMITTED unless "
                    "asked");
    if (PQserverVersion(on.session()) < serializable_since)
        to.weakened(name + " is older than 15.20 (or the release of that day for its branch, for "
                           "others): do not rely on SERIALIZABLE alone where rows are inserted "
                           "with ON CONFLICT; version checks are not affected");
}

void check_durability(report& to, connection& on)
{
    auto const row = on.ask("SELECT current_setting('fsync'), current_setting('full_page_writes'), "
                            "current_setting('synchronous_commit'), "
                            "current_setting('synchronous_standby_names')");
    if (row.at(0) != "on")
        to.weakened("fsync is off: a crash can lose or damage what is committed");
    if (row.at(1) != "on")
        to.weakened("full_page_writes is off: a power cut can damage the database unless its file "
                    "system writes pages whole");
    auto const& commit = row.at(2);
    bool const has_standby = !row.at(3).empty();
    if (commit == "off")
        to.weakened("synchronous_commit is off: a crash can lose the last commits that were "
                    "answered");
    else if (row.at(0) == "on")
        to.holds("a commit survives a crash once it is answered (synchronous_commit=" + commit +
                 ")");
    if (has_standby && (commit == "local" || commit == "off"))
        to.weakened("synchronous_commit=" + commit +
                    ": a failover to the standby can lose the last commits");
    else if (has_standby && commit == "remote_write")
        to.weakened("synchronous_commit=remote_write: a standby that crashes at the failover can "
                    "lose the last commits");
    else if (has_standby)
        to.holds("a commit is on a standby once it is answered (synchronous_standby_names)");
    else
        to.weakened("no synchronous standby is named: a failover to a standby can lose the last "
                    "commits");
}

void check_role(report& to, connection& on)
{
    auto const row = on.ask("SELECT pg_is_in_recovery(), "
                            "current_setting('default_transaction_read_only'), "
                            "current_setting('server_encoding')");
    if (row.at(0) == "t")
        to.weakened("the server is a standby: it takes no writes, and what it shows may be old");
    else if (row.at(1) == "on")
        to.weakened("default_transaction_read_only is on: the server takes no writes");
    if (row.at(2) != "UTF8")
        to.weakened("the database is encoded in " + row.at(2) +
                    ": text that it cannot hold is refused or, with SQL_ASCII, not checked");
}

void check_link(report& to, connection& on)
{
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    bool const is_local =
        ::getpeername(PQsocket(on.session()), reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
        peer.ss_family == AF_UNIX;
    if (is_local)
        to.holds("the connection is a socket of this machine");
    else if (PQsslInUse(on.session()) != 0) {
        char const* const protocol = PQsslAttribute(on.session(), "protocol");
        to.holds("the connection is encrypted (" +
                 std::string{protocol == nullptr ? "TLS" : protocol} +
                 "); only sslmode=verify-full makes sure who answers");
    } else if (PQgssEncInUse(on.session()) != 0)
        to.holds("the connection is encrypted (GSSAPI)");
    else
        to.weakened("the connection is not encrypted: whoever is in between reads and changes all "
                    "(sslmode=verify-full)");
}

}  // namespace

std::vector<sql::finding> check(sql::connection& of)
{
    auto* const mine = dynamic_cast<connection*>(&of);
    if (mine == nullptr)
        throw std::invalid_argument("the connection is not one of PostgreSQL");
    report to;
    check_version(to, *mine);
    check_durability(to, *mine);
    check_role(to, *mine);
    check_link(to, *mine);
    return to.take();
}

}  // namespace tiebreak::postgres
