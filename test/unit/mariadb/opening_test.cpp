// Connecting: what is refused, how long it takes, and how a session is set.
#include "fixture.hpp"
#include "support/loopback.hpp"
#include "support/private_server.hpp"
#include "support/shop.hpp"
#include "support/temporary_folder.hpp"

#include <errmsg.h>
#include <fcntl.h>
#include <fstream>
#include <sys/socket.h>
#include <vector>

namespace tiebreak::mariadb {
namespace {

using begin = sql::begin_mode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::loopback_port;

std::string written_to(test::temporary_folder& folder, char const* name, std::string const& text)
{
    folder.expect_only({name});
    std::ofstream(folder.file(name)) << text;
    return folder.file(name);
}

class MariaOpening : public MariaServer {
protected:
    static error refusal(std::string const& url, milliseconds within = seconds{20})
    {
        auto const start = steady_clock::now();
        auto const e = error_of([&] { static_cast<void>(engine_at(url)->open(in(within))); });
        EXPECT_EQ(e.when(), phase::connecting) << e.what();
        EXPECT_LT(steady_clock::now() - start, within + seconds{1});
        EXPECT_EQ(std::string_view{e.what()}.find("hunter2"), std::string_view::npos);
        EXPECT_EQ(e.server_message().find("hunter2"), std::string_view::npos);
        return e;
    }

    std::string host_and_port() const
    {
        auto const place = without_database(server_);
        auto const at = place.find('@') + 1;
        return place.substr(at, place.size() - at - 1);
    }
};

TEST_F(MariaOpening, AWrongPasswordIsOneClearLine)
{
    auto const e = refusal(url_of("tiebreak", "hunter2"));
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_STREQ(e.what(), "the database server refused user or password");
    EXPECT_TRUE(names_code(e, ER_ACCESS_DENIED_ERROR));
}

TEST_F(MariaOpening, AMissingDatabaseIsOneClearLine)
{
    auto const e = refusal(without_database(server_) + "not_there");
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_STREQ(e.what(), "the server has no database of this name");
    EXPECT_TRUE(names_code(e, ER_BAD_DB_ERROR));
}

TEST_F(MariaOpening, ADatabaseOfOthersIsOneClearLine)
{
    must("CREATE USER " + name_ + " IDENTIFIED BY 'hunter2'");
    auto const e = refusal(url_of(name_, "hunter2"));
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, ER_DBACCESS_DENIED_ERROR));
    must("DROP USER " + name_);
}

TEST_F(MariaOpening, AUsersLimitIsUnavailable)
{
    must("CREATE USER " + name_ + " IDENTIFIED BY 'hunter2' WITH MAX_USER_CONNECTIONS 1");
    must("GRANT ALL ON " + name_ + ".* TO " + name_);
    {
        auto const first = open_at(url_of(name_, "hunter2"));
        auto const e = refusal(url_of(name_, "hunter2"));
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_TRUE(names_code(e, ER_USER_LIMIT_REACHED)) << e.server_message();
    }
    must("DROP USER " + name_);
}

TEST_F(MariaOpening, APortWhereNobodyListensIsUnavailable)
{
    loopback_port const port(loopback_port::kind::refuses);
    auto const e = refusal("mariadb://app:hunter2@" + port.place() + "/shop");
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_STREQ(e.what(), "the database server cannot be reached");
}

TEST_F(MariaOpening, ASocketThatIsNotThereIsUnavailable)
{
    auto const e = refusal("mariadb://app:hunter2@localhost/shop?socket=/not/there.sock");
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_TRUE(names_code(e, CR_CONNECTION_ERROR));
}

TEST_F(MariaOpening, AHostWithoutAnAddressIsUnavailable)
{
    auto const e = refusal("mariadb://app:hunter2@not-there.invalid/shop");
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_TRUE(names_code(e, CR_UNKNOWN_HOST)) << e.server_message();
}

TEST_F(MariaOpening, AServerThatNeverAnswersIsWaitedForUpToTheLimit)
{
    loopback_port const port(loopback_port::kind::listens);
    auto const start = steady_clock::now();
    auto const e =
        refusal("mariadb://app:hunter2@" + port.place() + "/shop?connect_timeout=1", seconds{3});
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_GE(steady_clock::now() - start, milliseconds{900});
    auto const deadline = refusal("mariadb://app:hunter2@" + port.place() + "/shop", seconds{1});
    EXPECT_EQ(deadline.code(), errc::unavailable);
}

TEST_F(MariaOpening, ADeadlineThatHasPassedConnectsToNobody)
{
    auto const e = refusal(url(), milliseconds{-1});
    EXPECT_EQ(e.code(), errc::unavailable);
}

TEST_F(MariaOpening, AnEncryptedConnectionIsNotReplacedByAPlainOne)
{
    auto const e = refusal(url("tls=required"));
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, CR_SSL_CONNECTION_ERROR)) << e.server_message();
}

TEST_F(MariaOpening, TheNextHostIsTriedWhenOneIsUnavailable)
{
    loopback_port const port(loopback_port::kind::refuses);
    auto place = url();
    place.insert(place.find('@') + 1, port.place() + ",");
    EXPECT_EQ(number(*open_at(place), "SELECT 1"), 1);
    auto const wrong = "mariadb://tiebreak:hunter2@" + host_and_port() + "," + port.place() + "/x";
    EXPECT_EQ(refusal(wrong).code(), errc::backend_failure) << "no other host would help";
}

TEST_F(MariaOpening, APortOnLocalhostIsMeantAsOne)
{
    loopback_port const port(loopback_port::kind::refuses);
    auto const place = port.place();
    auto const e = refusal("mariadb://app@localhost" + place.substr(place.find(':')) + "/shop");
    EXPECT_EQ(e.server_message().find("socket"), std::string_view::npos) << e.server_message();
}

TEST_F(MariaOpening, ByAUnixSocket)
{
    auto const place = ask("SELECT @@socket");
    auto const user = url().substr(0, url().find('@') + 1);
    auto const on = open_at(user + "localhost/" + name_ + "?socket=" + place);
    EXPECT_EQ(text_of(*on, "SELECT DATABASE()"), name_);
}

TEST_F(MariaOpening, ThePasswordMayStandInAFileOrTheEnvironment)
{
    auto const place = "mariadb://tiebreak@" + host_and_port() + "/" + name_;
    test::temporary_folder folder;
    auto const file = written_to(folder, "password", "tiebreak\n");
    EXPECT_EQ(number(*open_at(place + "?password_file=" + file), "SELECT 1"), 1);
    EXPECT_EQ(refusal(place).code(), errc::backend_failure);
    ::setenv("MYSQL_PWD", "tiebreak", 1);
    EXPECT_EQ(number(*open_at(place), "SELECT 1"), 1);
    ::unsetenv("MYSQL_PWD");
}

TEST_F(MariaOpening, AFileOfDefaultsFillsInWhatIsOpenButUndoesNoPromise)
{
    test::temporary_folder folder;
    auto const file = written_to(folder,
                                 "my.cnf",
                                 "[client]\nuser=tiebreak\npassword=tiebreak\nreconnect\n"
                                 "multi-statements\nlocal-infile=1\n");
    auto const on =
        open_at("mariadb://" + host_and_port() + "/" + name_ + "?read_default_file=" + file);
    EXPECT_EQ(error_of([&] { run(*on, "SELECT 1; SELECT 2"); }).code(), errc::backend_failure);
    must("CREATE TABLE t(a INT)");
    EXPECT_EQ(run(*on, "INSERT INTO t VALUES(1)"), 1);
    EXPECT_EQ(run(*on, "UPDATE t SET a = 1"), 1) << "matched rows";
    terminate(id_of(*on));
    EXPECT_EQ(error_of([&] { run(*on, "SELECT 1"); }).code(), errc::unavailable);
}

TEST_F(MariaOpening, ASessionIsSetSoThatThePromisesHold)
{
    auto const on = open();
    auto const holds = [&](std::string const& condition) {
        EXPECT_EQ(number(*on, "SELECT " + condition), 1) << condition;
    };
    holds("@@tx_isolation = 'READ-COMMITTED'");
    holds("@@autocommit");
    holds("@@completion_type = 'NO_CHAIN'");
    holds("@@time_zone = '+00:00'");
    holds("@@innodb_snapshot_isolation");
    holds("@@innodb_lock_wait_timeout = 50");
    holds("@@idle_transaction_timeout = 300");
    holds("@@foreign_key_checks");
    holds("@@unique_checks");
    holds("@@character_set_client = 'utf8mb4'");
    holds("@@collation_connection = 'utf8mb4_nopad_bin'");
    for (auto const* mode :
         {"STRICT_TRANS_TABLES", "ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"})
        holds("FIND_IN_SET('" + std::string(mode) + "', @@sql_mode) > 0");
}

TEST_F(MariaOpening, NothingIsLeftOpenForPrograms)
{
    auto const on = open();
    on->set_deadline(in(seconds{20}));
    run(*on, "SELECT 1");
    int sockets = 0;
    for (int each = 3; each < 200; ++each) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        if (::getpeername(each, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
            continue;
        int const flags = ::fcntl(each, F_GETFD);
        sockets += (flags & FD_CLOEXEC) != 0 ? 1 : 0;
    }
    EXPECT_EQ(sockets, 2) << "the connection and the watchdog's copy; the test's own are inherited";
}

TEST_F(MariaOpening, TheVersionIsTheServers)
{
    EXPECT_EQ(open()->engine_version(), ask("SELECT VERSION()"));
}

// --- what needs a server of its own
// ---------------------------------------------------------------
class MariaPrivateServer : public MariaServer {};

TEST_F(MariaPrivateServer, ThatIsReadOnlyIsUnavailableForWriters)
{
    test::private_server const server("mariadb");
    stranger other(server.url());
    ASSERT_EQ(other.ask("CREATE TABLE t(a INT) ENGINE=InnoDB"), "");
    ASSERT_EQ(other.ask("INSERT INTO t VALUES(1)"), "");
    ASSERT_EQ(other.ask("CREATE USER app IDENTIFIED BY 'pw'"), "");
    ASSERT_EQ(other.ask("GRANT ALL ON tiebreak.* TO app"), "");
    auto const app = "mariadb://app:pw" + server.url().substr(server.url().find('@'));
    auto const on = open_at(app);
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(run(*on, "UPDATE t SET a = 2"), 1);
    auto const late = open_at(app);
    ASSERT_EQ(other.ask("SET GLOBAL read_only = 1"), "");

    auto const refused = error_of([&] { static_cast<void>(open_at(app)); });
    EXPECT_EQ(refused.code(), errc::unavailable);
    EXPECT_STREQ(refused.what(), "the database server is read-only");
    auto const write = error_of([&] { run(*late, "UPDATE t SET a = 3"); });
    EXPECT_EQ(write.code(), errc::unavailable);
    EXPECT_TRUE(names_code(write, ER_OPTION_PREVENTS_STATEMENT));
    auto const commit = error_of([&] { on->commit(); });
    EXPECT_EQ(commit.code(), errc::unavailable) << commit.what();
    on->rollback();
    EXPECT_EQ(other.ask("SELECT a FROM t"), "1");
}

TEST_F(MariaPrivateServer, ThatIsFullIsUnavailable)
{
    test::private_server const server("mariadb");
    {
        stranger other(server.url());
        ASSERT_EQ(other.ask("CREATE USER app IDENTIFIED BY 'pw'"), "");
        ASSERT_EQ(other.ask("GRANT ALL ON tiebreak.* TO app"), "");
        ASSERT_EQ(other.ask("SET GLOBAL max_connections = 10"), "");
    }
    auto const app = "mariadb://app:pw" + server.url().substr(server.url().find('@'));
    std::vector<std::unique_ptr<sql::connection>> open;
    auto const e = error_of([&] {
        for (int i = 0; i < 20; ++i)
            open.push_back(open_at(app));
    });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_TRUE(names_code(e, ER_CON_COUNT_ERROR)) << e.server_message();
}

TEST_F(MariaPrivateServer, ThatKeepsNoFurtherPreparedStatementSaysSo)
{
    test::private_server const server("mariadb");
    stranger other(server.url());
    auto const on = open_at(server.url());
    ASSERT_EQ(other.ask("SET GLOBAL max_prepared_stmt_count = 0"), "");
    auto const e = error_of([&] { run(*on, "SELECT ?", integer(1)); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, ER_MAX_PREPARED_STMT_COUNT_REACHED)) << e.server_message();
    ASSERT_EQ(other.ask("SET GLOBAL max_prepared_stmt_count = 100"), "");
    EXPECT_EQ(run(*on, "SELECT ?", integer(1)), 0);
}

TEST_F(MariaPrivateServer, ThatTakesShortMessagesOnlyIsSentNoLongerOnes)
{
    constexpr int rows = 300;
    test::private_server const server("mariadb");
    stranger other(server.url());
    ASSERT_EQ(other.ask("SET GLOBAL max_allowed_packet = 65536"), "");
    database db(server.url());
    create_table<test::book>(db);
    db.transact([&](unit_of_work& work) {
        for (int i = 0; i < rows; ++i)
            work.add(test::book{.title = std::to_string(i)});
    });
    db.transact([&](unit_of_work& work) {
        for (auto& one : work.select<test::book>().all())
            one->text = std::string(1000, 'x');
    });
    EXPECT_EQ(other.ask("SELECT SUM(LENGTH(text)) FROM books WHERE version = 2"),
              std::to_string(rows * 1000));
}

TEST_F(MariaPrivateServer, WhoseTablesWouldHaveNoTransactionsIsUnsafe)
{
    test::private_server const server("mariadb");
    stranger other(server.url());
    ASSERT_EQ(other.ask("SET GLOBAL default_storage_engine = MyISAM"), "");
    auto const e = error_of([&] { static_cast<void>(open_at(server.url())); });
    EXPECT_EQ(e.code(), errc::unsafe_settings);
    EXPECT_EQ(e.server_message(), "the storage engine is MyISAM");
}

TEST_F(MariaPrivateServer, WeakSettingsAreStated)
{
    test::private_server const server("mariadb");
    stranger other(server.url());
    auto const weaknesses = [&] {
        auto const engine = engine_at(server.url());
        auto const on = engine->open(in(seconds{20}));
        std::string all;
        for (auto const& one : engine->check(*on))
            if (one.weakens)
                all += one.text + "\n";
        return all;
    };
    EXPECT_EQ(weaknesses(), "");
    ASSERT_EQ(other.ask("SET GLOBAL innodb_flush_log_at_trx_commit = 2"), "");
    ASSERT_EQ(other.ask("SET GLOBAL max_statement_time = 5"), "");
    ASSERT_EQ(other.ask("CREATE TABLE stray(a INT) ENGINE=MyISAM"), "");
    auto const found = weaknesses();
    for (auto const* word : {"innodb_flush_log_at_trx_commit=2", "max_statement_time=5", "stray"})
        EXPECT_NE(found.find(word), std::string::npos) << word << " in\n" << found;
}

TEST_F(MariaPrivateServer, KeepsItsOwnLimitOfIdleTransactions)
{
    test::private_server const server("mariadb");
    ASSERT_EQ(stranger(server.url()).ask("SET GLOBAL idle_transaction_timeout = 7"), "");
    auto const on = open_at(server.url());
    EXPECT_EQ(number(*on, "SELECT @@idle_transaction_timeout"), 7);
}

TEST_F(MariaPrivateServer, ThatStopsEndsItsConnections)
{
    test::private_server server("mariadb");
    auto const idle = open_at(server.url());
    auto const busy = open_at(server.url());
    busy->begin(begin::write, isolation::engine_default);
    run(*busy, "SELECT 1");
    server.stop();
    EXPECT_FALSE(idle->alive());
    auto const e = error_of([&] { run(*busy, "SELECT 2"); });
    EXPECT_EQ(e.code(), errc::unavailable) << e.server_message();
    busy->rollback();
    EXPECT_FALSE(busy->alive());
    auto const again = error_of([&] { static_cast<void>(open_at(server.url())); });
    EXPECT_EQ(again.code(), errc::unavailable);
    EXPECT_EQ(again.when(), phase::connecting);
}

}  // namespace
}  // namespace tiebreak::mariadb
