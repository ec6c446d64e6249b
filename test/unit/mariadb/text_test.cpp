// What is seen of a statement before it runs.
#include "mariadb/text.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace tiebreak::mariadb {

void PrintTo(statement_kind kind, std::ostream* out)
{
    *out << static_cast<int>(kind);
}

namespace {

TEST(MariaText, APlainReadIsKnown)
{
    for (auto const* text : {"SELECT 1",
                             "  select * from t where a = 'FOR UPDATE'",
                             "(SELECT 1) UNION (SELECT 2)",
                             "/* LOCK */ SELECT `for`, \"into\" FROM t -- for update",
                             "# INSERT\nSELECT 'it''s', 'a\\'; for'",
                             "SHOW TABLES",
                             "DESC t",
                             "EXPLAIN SELECT 1"})
        EXPECT_EQ(kind_of(text), statement_kind::reads) << text;
}

TEST(MariaText, AReadThatHoldsOrWritesIsNotTakenForOne)
{
    for (auto const* text : {"SELECT * FROM t FOR UPDATE",
                             "select * from t lock in share mode",
                             "SELECT a INTO OUTFILE 'x' FROM t",
                             "SELECT a INTO @x FROM t",
                             "SELECT NEXTVAL(s)",
                             "SELECT NEXT VALUE FOR s",
                             "SELECT GET_LOCK('a', 1)",
                             "SELECT 1 /*! FOR UPDATE */",
                             "SELECT 1 /*M!100100 FOR UPDATE */",
                             "/*!40000 INSERT INTO t VALUES (1) */",
                             "WITH a AS (SELECT 1) SELECT * FROM a",
                             "CALL p()",
                             "SET @a = 1",
                             "SET STATEMENT max_statement_time=1 FOR SELECT 1",
                             "SET STATEMENT max_statement_time=1 FOR COMMIT",
                             "SET STATEMENT max_statement_time=1",
                             "CREATE TEMPORARY TABLE t(a INT)",
                             "VALUES (1)"})
        EXPECT_EQ(kind_of(text), statement_kind::writes) << text;
}

TEST(MariaText, StatementsWhoseRowsAreCountedAreKnown)
{
    for (auto const* text : {"INSERT INTO t VALUES (1)",
                             "insert into t select 1",
                             "UPDATE t SET a = 1",
                             "DELETE FROM t",
                             "REPLACE INTO t VALUES (1)",
                             "-- first\n/* then */ UPDATE t SET a = 1",
                             "SET STATEMENT a=1, b='FOR SELECT' FOR UPDATE t SET a = 1"})
        EXPECT_EQ(kind_of(text), statement_kind::changes) << text;
}

TEST(MariaText, WhatWouldCommitIsKnown)
{
    for (auto const* text : {"CREATE TABLE t(a INT)",
                             "alter table t add b int",
                             "DROP TABLE t",
                             "TRUNCATE t",
                             "RENAME TABLE t TO u",
                             "GRANT ALL ON *.* TO u",
                             "LOCK TABLES t WRITE",
                             "FLUSH TABLES",
                             "ANALYZE TABLE t",
                             "SET STATEMENT lock_wait_timeout=1 FOR CREATE TRIGGER t BEFORE UPDATE"
                             " ON a FOR EACH ROW SET NEW.b = 1"})
        EXPECT_EQ(kind_of(text), statement_kind::defines) << text;
}

TEST(MariaText, TransactionsAndSavepointsAreToldApart)
{
    for (auto const* text :
         {"BEGIN", "START TRANSACTION", "commit", "ROLLBACK", "ROLLBACK AND CHAIN", "XA START 'a'"})
        EXPECT_EQ(kind_of(text), statement_kind::transaction) << text;
    EXPECT_EQ(kind_of("SAVEPOINT a"), statement_kind::savepoint);
    EXPECT_EQ(kind_of("RELEASE SAVEPOINT a"), statement_kind::savepoint);
    EXPECT_EQ(kind_of("ROLLBACK TO a"), statement_kind::rolls_back);
    EXPECT_EQ(kind_of("rollback to savepoint a"), statement_kind::rolls_back);
}

TEST(MariaText, NothingIsNothing)
{
    for (auto const* text : {"", " ;\n", "-- only words", "/* open", "'"})
        EXPECT_EQ(kind_of(text), statement_kind::none) << text;
}

TEST(MariaText, WhatDoesNotWaitSaysSoAtItsEnd)
{
    for (auto const* text : {"SELECT * FROM t FOR UPDATE NOWAIT",
                             "select * from t lock in share mode nowait ;\n",
                             "SELECT * FROM t FOR UPDATE SKIP LOCKED -- of others",
                             "SELECT 'WAIT' FROM t FOR UPDATE SKIP /* all */ LOCKED"})
        EXPECT_TRUE(says_not_to_wait(text)) << text;
    for (auto const* text : {"SELECT * FROM t FOR UPDATE",
                             "SELECT * FROM t WHERE a = 'NOWAIT'",
                             "SELECT * FROM t FOR UPDATE -- NOWAIT",
                             "SELECT * FROM (SELECT * FROM t FOR UPDATE NOWAIT) a FOR UPDATE",
                             "SELECT locked FROM t FOR UPDATE WAIT 1",
                             "UPDATE t SET locked = 1",
                             ""})
        EXPECT_FALSE(says_not_to_wait(text)) << text;
}

}  // namespace
}  // namespace tiebreak::mariadb
