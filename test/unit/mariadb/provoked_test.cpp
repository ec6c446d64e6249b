// Errors that the server was made to raise, one a row of the table where that can be done.
#include <tiebreak/database.hpp>

#include "fixture.hpp"

#include <errmsg.h>
#include <ostream>
#include <vector>

namespace tiebreak::mariadb {
namespace {

using begin = sql::begin_mode;

constexpr auto twice = errc::already_exists;
constexpr auto violated = errc::constraint_violated;
constexpr auto failure = errc::backend_failure;

// A statement that the server refuses, with the tables it needs.
struct refused {
    char const* name;
    std::vector<char const*> before;
    char const* statement;
    unsigned int code;
    errc meant;
};

void PrintTo(refused const& which, std::ostream* out)
{
    *out << which.name;
}

class RefusedMariaStatement : public MariaServer, public testing::WithParamInterface<refused> {};

TEST_P(RefusedMariaStatement, IsNamedAndLeavesTheTransactionToBeRolledBack)
{
    auto const& which = GetParam();
    must("CREATE TABLE witness(a INT) ENGINE=InnoDB");
    for (auto const* sql : which.before)
        must(sql);
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO witness VALUES(1)");
    auto const e = error_of([&] { run(*on, which.statement); });
    EXPECT_EQ(e.code(), which.meant) << e.what() << " " << e.server_message();
    EXPECT_TRUE(names_code(e, which.code)) << e.server_message();
    EXPECT_EQ(e.when(), phase::in_transaction);
    EXPECT_TRUE(on->in_transaction());
    on->rollback();
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(ask("SELECT COUNT(*) FROM witness"), "0");
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO witness VALUES(1)");
    on->commit();
    EXPECT_EQ(ask("SELECT COUNT(*) FROM witness"), "1");
}

TEST_P(RefusedMariaStatement, ChangesNothingOnItsOwn)
{
    auto const& which = GetParam();
    for (auto const* sql : which.before)
        must(sql);
    auto const on = open();
    auto const e = error_of([&] { run(*on, which.statement); });
    EXPECT_EQ(e.code(), which.meant);
    EXPECT_EQ(e.when(), phase::in_transaction) << "surely not committed";
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(number(*on, "SELECT 1"), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Provoked,
    RefusedMariaStatement,
    testing::Values(
        refused{"PrimaryKey",
                {"CREATE TABLE t(a INT PRIMARY KEY)", "INSERT INTO t VALUES(1)"},
                "INSERT INTO t VALUES(1)",
                ER_DUP_ENTRY,
                twice},
        refused{"Unique",
                {"CREATE TABLE t(a INT UNIQUE)", "INSERT INTO t VALUES(1)"},
                "INSERT INTO t VALUES(1)",
                ER_DUP_ENTRY,
                twice},
        refused{"UniqueByUpdate",
                {"CREATE TABLE t(a INT UNIQUE)", "INSERT INTO t VALUES(1), (2)"},
                "UPDATE t SET a = 2 WHERE a = 1",
                ER_DUP_ENTRY,
                twice},
        refused{"MissingReference",
                {"CREATE TABLE p(id INT PRIMARY KEY)",
                 "CREATE TABLE t(p INT, FOREIGN KEY (p) REFERENCES p(id))"},
                "INSERT INTO t VALUES(7)",
                ER_NO_REFERENCED_ROW_2,
                violated},
        refused{"StillReferenced",
                {"CREATE TABLE p(id INT PRIMARY KEY)",
                 "CREATE TABLE t(p INT, FOREIGN KEY (p) REFERENCES p(id))",
                 "INSERT INTO p VALUES(1)",
                 "INSERT INTO t VALUES(1)"},
                "DELETE FROM p",
                ER_ROW_IS_REFERENCED_2,
                violated},
        refused{"Check",
                {"CREATE TABLE t(a INT CHECK (a > 0))"},
                "INSERT INTO t VALUES(0)",
                ER_CONSTRAINT_FAILED,
                violated},
        refused{"NotNull",
                {"CREATE TABLE t(a INT NOT NULL)"},
                "INSERT INTO t VALUES(NULL)",
                ER_BAD_NULL_ERROR,
                violated},
        refused{"NoDefault",
                {"CREATE TABLE t(a INT NOT NULL, b INT)"},
                "INSERT INTO t(b) VALUES(1)",
                ER_NO_DEFAULT_FOR_FIELD,
                violated},
        refused{"OutOfRange",
                {"CREATE TABLE t(a SMALLINT)"},
                "INSERT INTO t VALUES(40000)",
                ER_WARN_DATA_OUT_OF_RANGE,
                violated},
        refused{"SumOutOfRange",
                {"CREATE TABLE t(a BIGINT)", "INSERT INTO t VALUES(9223372036854775807)"},
                "UPDATE t SET a = a + 1",
                ER_DATA_OUT_OF_RANGE,
                violated},
        refused{"NotANumber",
                {"CREATE TABLE t(a INT)"},
                "INSERT INTO t VALUES('x')",
                ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
                violated},
        refused{"TooLong",
                {"CREATE TABLE t(a VARCHAR(3))"},
                "INSERT INTO t VALUES('four')",
                ER_DATA_TOO_LONG,
                violated},
        refused{"NotATime",
                {"CREATE TABLE t(a DATETIME)"},
                "INSERT INTO t VALUES('2026-02-30')",
                ER_TRUNCATED_WRONG_VALUE,
                violated},
        refused{"NotOfTheList",
                {"CREATE TABLE t(a ENUM('x'))"},
                "INSERT INTO t VALUES('y')",
                WARN_DATA_TRUNCATED,
                violated},
        refused{"NotOfTheFormat",
                {"CREATE TABLE t(a DATETIME)"},
                "INSERT INTO t VALUES(STR_TO_DATE('x', '%Y'))",
                ER_WRONG_VALUE_FOR_TYPE,
                violated},
        refused{"TimeOverflow",
                {"CREATE TABLE t(a DATETIME)", "INSERT INTO t VALUES('9999-12-31')"},
                "UPDATE t SET a = a + INTERVAL 1 YEAR",
                ER_DATETIME_FUNCTION_OVERFLOW,
                violated},
        refused{"DivisionByZero",
                {"CREATE TABLE t(a INT)"},
                "INSERT INTO t VALUES(1 / 0)",
                ER_DIVISION_BY_ZERO,
                violated},
        refused{"Trigger",
                {"CREATE TABLE t(a INT)",
                 "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SIGNAL SQLSTATE '45000'"},
                "INSERT INTO t VALUES(1)",
                ER_SIGNAL_EXCEPTION,
                violated},
        refused{"NoKeysLeft",
                {"CREATE TABLE t(id TINYINT AUTO_INCREMENT PRIMARY KEY, a INT)",
                 "INSERT INTO t VALUES(127, 1)"},
                "INSERT INTO t(a) VALUES(2)",
                167,  // HA_ERR_AUTOINC_ERANGE, as the server passes it on
                failure},
        refused{"TableFull",
                {"CREATE TABLE t(a BINARY(255)) ENGINE=MEMORY MAX_ROWS=1"},
                "INSERT INTO t SELECT '' FROM seq_1_to_1000000",
                ER_RECORD_FILE_FULL,
                failure},
        refused{"WrongSql", {}, "SELEKT 1", ER_PARSE_ERROR, failure},
        refused{"TwoStatements", {}, "SELECT 1; SELECT 2", ER_PARSE_ERROR, failure},
        refused{"MissingTable", {}, "SELECT * FROM missing", ER_NO_SUCH_TABLE, failure},
        refused{"MissingColumn",
                {"CREATE TABLE t(a INT)"},
                "SELECT b FROM t",
                ER_BAD_FIELD_ERROR,
                failure},
        refused{"MissingProcedure", {}, "CALL missing()", ER_SP_DOES_NOT_EXIST, failure},
        refused{"EndedByATimeLimit",
                {},
                "SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(20)",
                ER_STATEMENT_TIMEOUT,
                errc::deadline_exceeded}),
    [](auto const& of) { return of.param.name; });

class MariaFailure : public MariaServer {};

TEST_F(MariaFailure, ADeadlockIsRolledBackByTheServerAndTheConnectionTakesNothingElse)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    // the one that wrote less is the victim
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 2"), "");
    ASSERT_EQ(other.ask("INSERT INTO counter SELECT seq, 0 FROM seq_10_to_50"), "");
    other.send("UPDATE counter SET n = 60 WHERE id = 1");
    wait_until_waiting(other.id());
    auto const e = error_of([&] { run(*on, add_one_to_other); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, ER_LOCK_DEADLOCK));
    EXPECT_EQ(other.receive(), 0U);
    ASSERT_EQ(other.ask("COMMIT"), "");
    EXPECT_FALSE(on->in_transaction());
    EXPECT_THROW(run(*on, add_one), std::logic_error) << "would commit on its own";
    EXPECT_THROW(run(*on, "ROLLBACK TO nowhere"), std::logic_error);
    EXPECT_THROW(on->commit(), std::logic_error);
    EXPECT_THROW(on->begin(begin::write, isolation::engine_default), std::logic_error);
    on->rollback();
    EXPECT_EQ(counted(1), "60");
    EXPECT_EQ(counted(2), "50");
    EXPECT_EQ(run(*on, add_one), 1);
}

TEST_F(MariaFailure, AChangedRowUnderASnapshotIsRolledBackByTheServer)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::repeatable_read);
    EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 1"), 0);
    must("UPDATE counter SET n = 5 WHERE id = 1");
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, ER_CHECKREAD));
    EXPECT_FALSE(on->in_transaction());
    EXPECT_THROW(run(*on, add_one), std::logic_error) << "would commit on its own";
    EXPECT_THROW(static_cast<void>(on->prepare("SELECT 1")), std::logic_error);
    on->rollback();
    EXPECT_EQ(counted(), "5");
}

TEST_F(MariaFailure, AHeldRowThatIsNotWaitedForLeavesTheTransactionOpenAndNotToBeCommitted)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 2"), "");
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    auto const e = error_of([&] {
        static_cast<void>(number(*on, "SELECT n FROM counter WHERE id = 2 FOR UPDATE NOWAIT"));
    });
    EXPECT_EQ(e.code(), errc::lock_timeout);
    EXPECT_TRUE(names_code(e, ER_LOCK_WAIT_TIMEOUT));
    EXPECT_TRUE(on->in_transaction());
    EXPECT_THROW(on->commit(), std::logic_error) << "would commit half";
    EXPECT_THROW(run(*on, add_one), std::logic_error);
    EXPECT_TRUE(on->in_transaction());
    on->rollback();
    EXPECT_EQ(counted(), "0");
}

TEST_F(MariaFailure, AWaitThatTheServerEndsIsALockTimeout)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    auto const on = open();
    run(*on, "SET innodb_lock_wait_timeout = 1");
    auto const alone = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(alone.code(), errc::lock_timeout);
    EXPECT_EQ(alone.when(), phase::in_transaction) << "surely not committed";
    EXPECT_TRUE(names_code(alone, ER_LOCK_WAIT_TIMEOUT));
}

TEST_F(MariaFailure, AStatementEndedByAnAdministratorIsNamed)
{
    auto const on = open();
    auto const id = id_of(*on);
    auto const sleep = on->prepare("SELECT SLEEP(100), COUNT(*) FROM seq_1_to_2");
    std::thread administrator([&] {
        wait_until_running(id, "SELECT SLEEP");
        EXPECT_EQ(ask("KILL QUERY " + id), "");
    });
    auto const e = error_of([&] { static_cast<void>(sleep->first({})); });
    administrator.join();
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, ER_QUERY_INTERRUPTED));
    EXPECT_EQ(number(*on, "SELECT 1"), 1);
    EXPECT_TRUE(on->alive());
}

TEST_F(MariaFailure, AConnectionThatDiedIdleIsNotAlive)
{
    auto const on = open();
    EXPECT_TRUE(on->alive());
    terminate(id_of(*on));
    EXPECT_FALSE(on->alive());
    auto const e = error_of([&] { run(*on, "SELECT 1"); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_FALSE(on->alive());
    auto const again = error_of([&] { on->begin(begin::write, isolation::engine_default); });
    EXPECT_EQ(again.code(), errc::unavailable);
}

TEST_F(MariaFailure, AConnectionLostInATransactionCommittedNothing)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    terminate(id_of(*on));
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::unavailable) << e.what();
    EXPECT_EQ(e.when(), phase::in_transaction);
    EXPECT_FALSE(on->in_transaction());
    EXPECT_FALSE(on->alive());
    on->rollback();
    EXPECT_EQ(counted(), "0");
}

TEST_F(MariaFailure, AConnectionLostBeforeCommitWasReadIsInDoubt)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    terminate(id_of(*on));
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_FALSE(on->alive());
    EXPECT_EQ(counted(), "0");
}

TEST_F(MariaFailure, AConnectionLostWhileItsCommitWaitsIsInDoubt)
{
    make_counter();
    auto const on = open();
    auto const id = id_of(*on);
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    stranger holder(url());
    ASSERT_EQ(holder.ask("BACKUP STAGE START"), "");
    ASSERT_EQ(holder.ask("BACKUP STAGE BLOCK_COMMIT"), "");
    std::thread administrator([&] {
        wait_until_running(id, "COMMIT");
        EXPECT_EQ(ask("KILL " + id), "");
    });
    auto const e = error_of([&] { on->commit(); });
    administrator.join();
    EXPECT_EQ(e.code(), errc::commit_unknown) << e.what() << e.server_message();
    ASSERT_EQ(holder.ask("BACKUP STAGE END"), "");
    EXPECT_FALSE(on->alive());
}

TEST_F(MariaFailure, AWriteOnItsOwnWhoseAnswerWasLostIsInDoubt)
{
    make_counter();
    auto const on = open();
    auto const id = id_of(*on);
    stranger holder(url());
    ASSERT_EQ(holder.ask("BEGIN"), "");
    ASSERT_EQ(holder.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    std::thread administrator([&] {
        wait_until_waiting(id);
        EXPECT_EQ(ask("KILL " + id), "");
    });
    auto const e = error_of([&] { run(*on, add_one); });
    administrator.join();
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
}

TEST_F(MariaFailure, AReadWhoseAnswerWasLostIsNotInDoubt)
{
    auto const on = open();
    auto const id = id_of(*on);
    std::thread administrator([&] {
        wait_until_running(id, "SELECT SLEEP");
        EXPECT_EQ(ask("KILL " + id), "");
    });
    auto const e = error_of([&] { run(*on, "SELECT SLEEP(100)"); });
    administrator.join();
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_EQ(e.when(), phase::in_transaction);
}

TEST_F(MariaFailure, ATableThatIsThereOrIsNotIsNamed)
{
    must("CREATE TABLE t(a INT) ENGINE=InnoDB");
    auto const on = open();
    auto const there = error_of([&] { run(*on, "CREATE TABLE t(b INT)"); });
    EXPECT_EQ(there.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(there, ER_TABLE_EXISTS_ERROR)) << there.server_message();
    auto const missing = error_of([&] { run(*on, "DROP TABLE missing"); });
    EXPECT_EQ(missing.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(missing, ER_BAD_TABLE_ERROR)) << missing.server_message();
    EXPECT_EQ(ask("SELECT a FROM t"), "") << "as it was";
}

TEST_F(MariaFailure, AValueLargerThanAPacketIsNamed)
{
    must("CREATE TABLE t(a LONGTEXT) ENGINE=InnoDB");
    auto const most = static_cast<std::size_t>(std::stoul(ask("SELECT @@max_allowed_packet")));
    std::string const large(most + (std::size_t{1} << 20U), 'x');
    auto const on = open();
    auto const insert = on->prepare("INSERT INTO t VALUES(?)");
    auto const run_with = [&](std::string_view one) { insert->execute(std::array{text(one)}); };
    auto const expect_named = [](error const& e) {
        EXPECT_EQ(e.code(), errc::backend_failure) << e.what();
        EXPECT_TRUE(names_code(e, ER_NET_PACKET_TOO_LARGE)) << e.server_message();
        EXPECT_EQ(e.when(), phase::in_transaction) << "surely not committed";
    };
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO t VALUES('first')");
    expect_named(error_of([&] { run_with(large); }));
    EXPECT_THROW(on->commit(), std::logic_error);
    on->rollback();
    expect_named(error_of([&] { run_with(std::string_view{large}.substr(0, most)); }));
    expect_named(error_of([&] { run(*on, "INSERT INTO t VALUES('" + large + "')"); }));
    EXPECT_TRUE(on->alive()) << "nothing was sent";
    EXPECT_EQ(ask("SELECT COUNT(*) FROM t"), "0");
    run_with(std::string_view{large}.substr(0, most - 100));
    EXPECT_EQ(ask("SELECT LENGTH(a) FROM t"), std::to_string(most - 100));
}

TEST_F(MariaFailure, AValueLargerThanAPacketIsNotSentAgain)
{
    must("CREATE TABLE t(a LONGTEXT) ENGINE=InnoDB");
    auto const most = static_cast<std::size_t>(std::stoul(ask("SELECT @@max_allowed_packet")));
    std::string const large(most * 2, 'x');
    database db(url());
    int runs = 0;
    auto const e = error_of([&] {
        db.transact([&](unit_of_work& work) {
            ++runs;
            work.execute("INSERT INTO t VALUES(?)", large);
        });
    });
    EXPECT_EQ(e.code(), errc::backend_failure) << e.what();
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(ask("SELECT COUNT(*) FROM t"), "0");
}

TEST_F(MariaFailure, ATableChangedUnderAPreparedStatementIsPreparedAgain)
{
    make_counter();
    auto const on = open();
    auto const update = on->prepare(add_one);
    auto const read = on->prepare("SELECT n FROM counter WHERE id = 1");
    EXPECT_EQ(update->execute({}), 1);
    EXPECT_EQ(read->first({})[0].integer(), 1);
    must("ALTER TABLE counter MODIFY n INT NOT NULL, ADD extra INT");
    EXPECT_EQ(update->execute({}), 1);
    EXPECT_EQ(read->first({})[0].integer(), 2);
    must("DROP TABLE counter");
    make_counter();
    EXPECT_EQ(update->execute({}), 1);
    EXPECT_EQ(read->first({})[0].integer(), 1);
}

TEST_F(MariaFailure, AllColumnsOfAChangedTableAreReadAnew)
{
    make_counter();
    auto const on = open();
    auto const all = on->prepare("SELECT * FROM counter WHERE id = 1");
    EXPECT_EQ(all->first({}).size(), 2U);
    must("ALTER TABLE counter ADD extra VARCHAR(10) NOT NULL DEFAULT 'more'");
    auto const row = all->first({});
    ASSERT_EQ(row.size(), 3U);
    EXPECT_EQ(row[2].text(), "more");
    EXPECT_EQ(all->column_count(), 3U);
    EXPECT_EQ(all->column_name(2), "extra");
}

TEST_F(MariaFailure, ATableChangedUnderASnapshotAbortsTheTransaction)
{
    make_counter();
    must("CREATE TABLE later(a INT) ENGINE=InnoDB");
    auto const on = open();
    on->begin(begin::write, isolation::repeatable_read);
    EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 1"), 0);
    must("INSERT INTO later VALUES(1)");
    must("ALTER TABLE later ADD b INT, FORCE");
    auto const e = error_of([&] { run(*on, "SELECT * FROM later"); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, ER_TABLE_DEF_CHANGED)) << e.server_message();
    on->rollback();
    EXPECT_EQ(number(*on, "SELECT COUNT(*) FROM later"), 1);
}

TEST_F(MariaFailure, AWriteInAReadingTransactionIsRefused)
{
    make_counter();
    must("CREATE FUNCTION " + name_ + ".raised() RETURNS INT MODIFIES SQL DATA BEGIN " +
         "UPDATE counter SET n = n + 1; RETURN 1; END");
    auto const on = open();
    on->begin(begin::read, isolation::engine_default);
    EXPECT_THROW(run(*on, add_one), std::logic_error);
    EXPECT_THROW(run(*on, "SET STATEMENT max_statement_time = 10 FOR " + std::string(add_one)),
                 std::logic_error);
    auto const e = error_of([&] { run(*on, "SELECT raised()"); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION));
    on->rollback();
    EXPECT_EQ(run(*on, add_one), 1);
}

TEST_F(MariaFailure, AMissingPermissionIsNamed)
{
    make_counter();
    must("CREATE USER " + name_ + " IDENTIFIED BY 'pw'");
    must("GRANT SELECT (id) ON " + name_ + ".counter TO " + name_);
    {
        auto const on = open_at(url_of(name_, "pw"));
        auto const table = error_of([&] { run(*on, "DELETE FROM counter"); });
        EXPECT_EQ(table.code(), errc::backend_failure);
        EXPECT_TRUE(names_code(table, ER_TABLEACCESS_DENIED_ERROR));
        auto const column = error_of([&] { run(*on, "SELECT n FROM counter"); });
        EXPECT_EQ(column.code(), errc::backend_failure);
        EXPECT_TRUE(names_code(column, ER_COLUMNACCESS_DENIED_ERROR));
        auto const setting = error_of([&] { run(*on, "SET GLOBAL max_connections = 400"); });
        EXPECT_EQ(setting.code(), errc::backend_failure);
        EXPECT_TRUE(names_code(setting, ER_SPECIFIC_ACCESS_DENIED_ERROR));
    }
    must("DROP USER " + name_);
}

TEST_F(MariaFailure, WhatEndsTheTransactionByItselfIsNoticed)
{
    make_counter();
    must("CREATE PROCEDURE finish() COMMIT");
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    auto const e = error_of([&] { run(*on, "CALL finish()"); });
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_FALSE(on->in_transaction());
    EXPECT_THROW(run(*on, add_one), std::logic_error);
    on->rollback();
    EXPECT_EQ(counted(), "1");
}

TEST_F(MariaFailure, WhatWouldCommitIsRefusedInATransaction)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, "CREATE TABLE first(a INT)");  // nothing has been written yet
    run(*on, add_one);
    EXPECT_THROW(run(*on, "CREATE TABLE second(a INT)"), std::logic_error);
    on->rollback();
    EXPECT_EQ(counted(), "0");
    EXPECT_EQ(ask("SELECT COUNT(*) FROM first"), "0") << "it is there: it commits on its own";
    EXPECT_EQ(ask("SELECT COUNT(*) FROM second"), "!1146");
}

TEST_F(MariaFailure, TransactionsAreNotForStatements)
{
    auto const on = open();
    for (auto const* text : {"BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "", "-- nothing"})
        EXPECT_THROW(run(*on, text), std::invalid_argument) << text;
}

}  // namespace
}  // namespace tiebreak::mariadb
