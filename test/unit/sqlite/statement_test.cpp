// What a statement answers, and when it refuses to run.
#include "fixture.hpp"

#include <stdexcept>
#include <vector>

namespace tiebreak::sqlite {
namespace {

using begin = sql::begin_mode;

class SqliteStatement : public testing::Test {
protected:
    SqliteStatement()
    {
        run(*on_, "CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT UNIQUE)");
    }

    std::unique_ptr<sql::connection> on_ = open({.path = ":memory:"});
};

TEST_F(SqliteStatement, CountsMatchedRowsNotChangedOnes)
{
    run(*on_, "INSERT INTO t VALUES(1, 5, 'x'), (2, 5, 'y'), (3, 6, 'z')");
    EXPECT_EQ(run(*on_, "UPDATE t SET a = 5 WHERE a = 5"), 2);
    EXPECT_EQ(run(*on_, "UPDATE t SET a = 5 WHERE a = 99"), 0);
    EXPECT_EQ(run(*on_, "DELETE FROM t"), 3);
}

TEST_F(SqliteStatement, CountsOnlyItsOwnChanges)
{
    EXPECT_EQ(run(*on_, "INSERT INTO t VALUES(1, 5, 'x'), (2, 5, 'y')"), 2);
    EXPECT_EQ(run(*on_, "CREATE TABLE other(a)"), 0);
    EXPECT_EQ(run(*on_, "SELECT * FROM t"), 0);
    EXPECT_EQ(run(*on_, "PRAGMA user_version = 7"), 0);
    EXPECT_EQ(run(*on_, "INSERT INTO t VALUES(1, 5, 'x') ON CONFLICT DO NOTHING"), 0);
    EXPECT_EQ(run(*on_,
                  "/* why */ -- and\n WITH n(i) AS (VALUES(8),(9)) "
                  "INSERT INTO other SELECT i FROM n"),
              2);
}

TEST_F(SqliteStatement, InsertAnswersTheKey)
{
    auto const insert = on_->prepare("INSERT INTO t(a) VALUES(?)");
    value const v = integer(5);
    EXPECT_EQ(insert->insert({&v, 1}), 1);
    EXPECT_EQ(insert->insert({&v, 1}), 2);
}

TEST_F(SqliteStatement, ReadsRowsOneByOne)
{
    run(*on_, "INSERT INTO t VALUES(1, 5, 'x'), (2, 6, NULL)");
    auto const select = on_->prepare("SELECT id, a, b FROM t ORDER BY id");
    EXPECT_TRUE(select->reads_only());
    ASSERT_EQ(select->column_count(), 3U);
    EXPECT_EQ(select->column_name(2), "b");
    EXPECT_THROW(static_cast<void>(select->column_name(3)), std::out_of_range);
    sql::reading const scope(*select);
    auto row = select->first({});
    ASSERT_EQ(row.size(), 3U);
    EXPECT_EQ(row[1].integer(), 5);
    EXPECT_EQ(row[2].text(), "x");
    row = select->next();
    ASSERT_EQ(row.size(), 3U);
    EXPECT_TRUE(row[2].is_null());
    EXPECT_TRUE(select->next().empty());
}

TEST_F(SqliteStatement, CanRunAgainAfterTheLastRowWithoutReset)
{
    auto const select = on_->prepare("SELECT id FROM t WHERE id = ?");
    value const v = integer(1);
    EXPECT_TRUE(select->first({&v, 1}).empty());
    EXPECT_TRUE(select->first({&v, 1}).empty());
}

TEST_F(SqliteStatement, RunningItWhileItsRowsAreReadIsMisuse)
{
    run(*on_, "INSERT INTO t VALUES(1, 5, 'x'), (2, 6, 'y')");
    auto const select = on_->prepare("SELECT id FROM t WHERE id > ?");
    value const v = integer(0);
    ASSERT_FALSE(select->first({&v, 1}).empty());
    EXPECT_THROW(static_cast<void>(select->first({&v, 1})), std::logic_error);
    value const s = text("0");
    EXPECT_THROW(static_cast<void>(select->first({&s, 1})), std::logic_error);
    select->reset();
    EXPECT_FALSE(select->first({&v, 1}).empty());
}

TEST_F(SqliteStatement, AnotherNumberOfParametersIsRefused)
{
    auto const select = on_->prepare("SELECT id FROM t WHERE id = ?1 OR a = ?2");
    value const v = integer(1);
    EXPECT_THROW(static_cast<void>(select->first({&v, 1})), std::invalid_argument);
    EXPECT_THROW(select->execute({}), std::invalid_argument);
}

TEST_F(SqliteStatement, OnlyOneStatementIsAllowedInAText)
{
    EXPECT_NO_THROW(on_->prepare("SELECT 1;"));
    EXPECT_NO_THROW(on_->prepare("SELECT 1; -- that is all\n ; /* really */"));
    EXPECT_THROW(on_->prepare("SELECT 1; DELETE FROM t"), std::invalid_argument);
    EXPECT_THROW(on_->prepare("SELECT 1; /* */ SELECT 2"), std::invalid_argument);
    EXPECT_THROW(on_->prepare(""), std::invalid_argument);
    EXPECT_THROW(on_->prepare("-- nothing"), std::invalid_argument);
}

TEST_F(SqliteStatement, TransactionsAreNotBegunOrEndedByText)
{
    for (auto const* sql : {"BEGIN", "begin immediate", " /* */ COMMIT", "--\nEND", "End"})
        EXPECT_THROW(on_->prepare(sql), std::invalid_argument) << sql;
    EXPECT_THROW(run(*on_, "SAVEPOINT a"), std::logic_error);
    EXPECT_FALSE(on_->in_transaction());
}

TEST_F(SqliteStatement, SavepointsUndoAPart)
{
    on_->begin(begin::write, isolation::engine_default);
    run(*on_, "INSERT INTO t VALUES(1, 1, 'x')");
    run(*on_, "SAVEPOINT part");
    run(*on_, "INSERT INTO t VALUES(2, 2, 'y')");
    run(*on_, "ROLLBACK TO part");
    run(*on_, "RELEASE part");
    EXPECT_TRUE(on_->in_transaction());
    on_->commit();
    EXPECT_EQ(number(*on_, "SELECT sum(id) FROM t"), 1);
}

TEST_F(SqliteStatement, ARollbackByTextIsNoticed)
{
    on_->begin(begin::write, isolation::engine_default);
    run(*on_, "INSERT INTO t VALUES(1, 1, 'x')");
    run(*on_, "ROLLBACK");
    EXPECT_FALSE(on_->in_transaction());
    EXPECT_THROW(run(*on_, "INSERT INTO t VALUES(2, 2, 'y')"), std::logic_error);
    EXPECT_THROW(on_->commit(), std::logic_error);
    on_->rollback();
    EXPECT_EQ(number(*on_, "SELECT count(*) FROM t"), 0);
}

TEST_F(SqliteStatement, AWritingStatementThatReturnsRowsCommitsBeforeTheyAreRead)
{
    auto const insert = on_->prepare("INSERT INTO t(b) VALUES('x'), ('y') RETURNING id, b");
    EXPECT_FALSE(insert->reads_only());
    auto row = insert->first({});
    EXPECT_FALSE(on_->in_transaction());
    EXPECT_EQ(number(*on_, "SELECT count(*) FROM t"), 2);
    ASSERT_EQ(row.size(), 2U);
    EXPECT_EQ(row[1].text(), "x");
    row = insert->next();
    ASSERT_EQ(row.size(), 2U);
    EXPECT_EQ(row[0].integer(), 2);
    EXPECT_EQ(row[1].text(), "y");
    EXPECT_TRUE(insert->next().empty());
    insert->reset();
}

TEST_F(SqliteStatement, AColumnAddedLaterIsSeen)
{
    run(*on_, "INSERT INTO t VALUES(1, 5, 'x')");
    auto const select = on_->prepare("SELECT * FROM t");
    EXPECT_EQ(select->first({}).size(), 3U);
    select->reset();
    run(*on_, "ALTER TABLE t ADD COLUMN c INTEGER DEFAULT 8");
    auto const row = select->first({});
    ASSERT_EQ(row.size(), 4U);
    EXPECT_EQ(row[3].integer(), 8);
}

TEST_F(SqliteStatement, AMisspeltColumnInQuotesIsAnErrorNotAText)
{
    auto const e = error_of([&] { on_->prepare("SELECT \"verison\" FROM t"); });
    EXPECT_EQ(e.code(), errc::backend_failure);
}

TEST_F(SqliteStatement, TheClockIsInMicroseconds)
{
    auto const before =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    auto const now = number(*on_, "SELECT tiebreak_now()");
    auto const after =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    EXPECT_GE(now, before.time_since_epoch().count());
    EXPECT_LE(now, after.time_since_epoch().count());
}

}  // namespace
}  // namespace tiebreak::sqlite
