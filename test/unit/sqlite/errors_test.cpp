// The table of result codes: each row as it is written, and what can be provoked, provoked.
#include "fixture.hpp"
#include "sqlite/errors.hpp"
#include "support/meant_code.hpp"

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

namespace tiebreak::sqlite {

void PrintTo(meaning const& row, std::ostream* out)
{
    *out << row.code << " " << row.sentence;
}

namespace {

using begin = sql::begin_mode;

// What each code means, written down a second time: while connecting, in the transaction, in the
// middle of COMMIT.
struct meant_codes {
    errc connecting;
    errc in_transaction;
    errc committing;
    std::vector<int> codes;
};

std::vector<meant_codes> const& all_meant()
{
    using enum errc;
    static std::vector<meant_codes> const all{
        {backend_failure,
         backend_failure,
         backend_failure,
         {SQLITE_ERROR,
          SQLITE_ERROR_MISSING_COLLSEQ,
          SQLITE_PERM,
          SQLITE_LOCKED,
          SQLITE_LOCKED_VTAB,
          SQLITE_READONLY_DBMOVED,
          SQLITE_IOERR_READ,
          SQLITE_IOERR_SHORT_READ,
          SQLITE_IOERR_WRITE,
          SQLITE_IOERR_SHMOPEN,
          SQLITE_CORRUPT,
          SQLITE_CORRUPT_VTAB,
          SQLITE_CORRUPT_SEQUENCE,
          SQLITE_CORRUPT_INDEX,
          SQLITE_FULL,
          SQLITE_TOOBIG,
          SQLITE_MISUSE,
          SQLITE_NOLFS,
          SQLITE_AUTH,
          SQLITE_RANGE,
          SQLITE_NOTADB}},
        {transaction_aborted,
         transaction_aborted,
         transaction_aborted,
         {SQLITE_ERROR_SNAPSHOT, SQLITE_ABORT, SQLITE_ABORT_ROLLBACK, SQLITE_SCHEMA}},
        {backend_failure,
         backend_failure,
         commit_unknown,
         {SQLITE_INTERNAL,
          SQLITE_NOMEM,
          SQLITE_IOERR,
          SQLITE_IOERR_FSYNC,
          SQLITE_IOERR_DIR_FSYNC,
          SQLITE_IOERR_TRUNCATE,
          SQLITE_IOERR_SHMSIZE,
          SQLITE_IOERR_SHMLOCK,
          SQLITE_IOERR_SHMMAP,
          SQLITE_IOERR_NOMEM,
          SQLITE_IOERR_CORRUPTFS}},
        {unavailable,
         lock_timeout,
         lock_timeout,
         {SQLITE_BUSY, SQLITE_BUSY_RECOVERY, SQLITE_BUSY_TIMEOUT}},
        {unavailable, transaction_aborted, transaction_aborted, {SQLITE_BUSY_SNAPSHOT}},
        {unsafe_settings, unsafe_settings, unsafe_settings, {SQLITE_LOCKED_SHAREDCACHE}},
        {unsafe_settings,
         backend_failure,
         backend_failure,
         {SQLITE_READONLY,
          SQLITE_READONLY_RECOVERY,
          SQLITE_READONLY_CANTLOCK,
          SQLITE_READONLY_ROLLBACK,
          SQLITE_READONLY_CANTINIT,
          SQLITE_READONLY_DIRECTORY}},
        {deadline_exceeded, deadline_exceeded, deadline_exceeded, {SQLITE_INTERRUPT}},
        {unavailable,
         backend_failure,
         backend_failure,
         {SQLITE_CANTOPEN,
          SQLITE_CANTOPEN_ISDIR,
          SQLITE_CANTOPEN_FULLPATH,
          SQLITE_CANTOPEN_SYMLINK}},
        {unavailable, unavailable, unavailable, {SQLITE_PROTOCOL}},
        {constraint_violated,
         constraint_violated,
         constraint_violated,
         {SQLITE_CONSTRAINT,
          SQLITE_CONSTRAINT_CHECK,
          SQLITE_CONSTRAINT_FOREIGNKEY,
          SQLITE_CONSTRAINT_NOTNULL,
          SQLITE_CONSTRAINT_TRIGGER,
          SQLITE_CONSTRAINT_DATATYPE,
          SQLITE_MISMATCH}},
        {version_exhausted, version_exhausted, version_exhausted, {SQLITE_CONSTRAINT_FUNCTION}},
        {already_exists,
         already_exists,
         already_exists,
         {SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_ROWID}},
    };
    return all;
}

class EveryResultCode : public testing::TestWithParam<meaning> {};

TEST_P(EveryResultCode, IsTranslatedToWhatItMeans)
{
    auto const& row = GetParam();
    auto const meant = test::line_that_names(row.code, all_meant());
    auto const in = [&](phase when) { return make_error(row.code, when, "spoken"); };
    EXPECT_EQ(in(phase::connecting).code(), meant.connecting);
    EXPECT_EQ(in(phase::in_transaction).code(), meant.in_transaction);
    EXPECT_EQ(in(phase::commit_sent).code(), meant.committing);
    auto const e = in(phase::commit_sent);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_STREQ(e.what(), row.sentence);
    EXPECT_EQ(e.server_message(), "SQLite " + std::to_string(row.code) + ": spoken");
}

TEST_P(EveryResultCode, IsInDoubtOnlyWhileCommitting)
{
    auto const& row = GetParam();
    EXPECT_NE(row.connecting, errc::commit_unknown);
    EXPECT_NE(row.in_transaction, errc::commit_unknown);
    if (row.committing != errc::commit_unknown) {
        EXPECT_EQ(row.committing, row.in_transaction);
    }
}

TEST_P(EveryResultCode, HasASentenceForPeople)
{
    std::string_view const sentence = GetParam().sentence;
    EXPECT_GT(sentence.size(), 15U);
    EXPECT_EQ(sentence.find("SQLITE_"), std::string_view::npos);
    EXPECT_NE(sentence.back(), '.');
}

INSTANTIATE_TEST_SUITE_P(Table,
                         EveryResultCode,
                         testing::ValuesIn(meanings().begin(), meanings().end()),
                         [](auto const& of) { return "Code" + std::to_string(of.param.code); });

TEST(ResultCode, EachThatIsToHaveARowHasOne)
{
    for (auto const& line : all_meant())
        for (int const code : line.codes)
            EXPECT_EQ(std::ranges::count(meanings(), code, &meaning::code), 1) << code;
}

TEST(ResultCode, NoneHasTwoRows)
{
    std::set<int> seen;
    for (auto const& row : meanings())
        EXPECT_TRUE(seen.insert(row.code).second) << row.code;
}

TEST(ResultCode, OneWithoutARowIsTakenByItsPrimaryCode)
{
    EXPECT_EQ(meaning_of(SQLITE_CONSTRAINT_PINNED).code, SQLITE_CONSTRAINT);
    EXPECT_EQ(meaning_of(SQLITE_IOERR_VNODE).code, SQLITE_IOERR);
    EXPECT_EQ(meaning_of(SQLITE_CANTOPEN_NOTEMPDIR).code, SQLITE_CANTOPEN);
    EXPECT_EQ(meaning_of(250).code, SQLITE_ERROR);
}

TEST(ResultCode, OnlyAFlushedOrHalfFlushedCommitIsInDoubt)
{
    std::vector<int> in_doubt;
    for (auto const& row : meanings())
        if (row.committing == errc::commit_unknown)
            in_doubt.push_back(row.code);
    EXPECT_EQ(in_doubt,
              (std::vector{SQLITE_INTERNAL,
                           SQLITE_NOMEM,
                           SQLITE_IOERR,
                           SQLITE_IOERR_FSYNC,
                           SQLITE_IOERR_DIR_FSYNC,
                           SQLITE_IOERR_TRUNCATE,
                           SQLITE_IOERR_SHMSIZE,
                           SQLITE_IOERR_SHMLOCK,
                           SQLITE_IOERR_SHMMAP,
                           SQLITE_IOERR_NOMEM,
                           SQLITE_IOERR_CORRUPTFS}));
}

// A statement that the engine refuses, with the table it needs.
struct refused {
    char const* name;
    std::vector<char const*> before;
    char const* statement;
    int code;
    errc meant;
    bool rolls_back = false;
};

void PrintTo(refused const& which, std::ostream* out)
{
    *out << which.name;
}

class RefusedStatement : public testing::TestWithParam<refused> {
protected:
    std::unique_ptr<sql::connection> on_ = open({.path = ":memory:"});
};

TEST_P(RefusedStatement, IsNamedAndLeavesTheTransactionToBeRolledBack)
{
    auto const& which = GetParam();
    run(*on_, "CREATE TABLE witness(a)");
    for (auto const* sql : which.before)
        run(*on_, sql);
    on_->begin(begin::write, isolation::engine_default);
    run(*on_, "INSERT INTO witness VALUES(1)");
    auto const e = error_of([&] { run(*on_, which.statement); });
    EXPECT_EQ(e.code(), which.meant) << e.what() << " " << e.server_message();
    EXPECT_TRUE(names_code(e, which.code)) << e.server_message();
    EXPECT_EQ(e.when(), phase::in_transaction);
    EXPECT_EQ(on_->in_transaction(), !which.rolls_back);
    on_->rollback();
    EXPECT_FALSE(on_->in_transaction());
    EXPECT_EQ(number(*on_, "SELECT count(*) FROM witness"), 0);
    on_->begin(begin::write, isolation::engine_default);
    on_->commit();
}

TEST_P(RefusedStatement, ChangesNothingOnItsOwn)
{
    auto const& which = GetParam();
    for (auto const* sql : which.before)
        run(*on_, sql);
    auto const e = error_of([&] { run(*on_, which.statement); });
    EXPECT_EQ(e.code(), which.meant);
    EXPECT_NE(e.when(), phase::commit_sent);
    EXPECT_FALSE(on_->in_transaction());
    on_->begin(begin::write, isolation::engine_default);
    on_->commit();
}

constexpr auto twice = errc::already_exists;
constexpr auto violated = errc::constraint_violated;
constexpr auto failure = errc::backend_failure;

INSTANTIATE_TEST_SUITE_P(
    Provoked,
    RefusedStatement,
    testing::Values(refused{"PrimaryKey",
                            {"CREATE TABLE t(a TEXT PRIMARY KEY)", "INSERT INTO t VALUES('x')"},
                            "INSERT INTO t VALUES('x')",
                            SQLITE_CONSTRAINT_PRIMARYKEY,
                            twice},
                    refused{"Unique",
                            {"CREATE TABLE t(a UNIQUE)", "INSERT INTO t VALUES(1)"},
                            "INSERT INTO t VALUES(1)",
                            SQLITE_CONSTRAINT_UNIQUE,
                            twice},
                    refused{"RowId",
                            {"CREATE TABLE t(a)", "INSERT INTO t(rowid) VALUES(1)"},
                            "INSERT INTO t(rowid) VALUES(1)",
                            SQLITE_CONSTRAINT_ROWID,
                            twice},
                    refused{"Check",
                            {"CREATE TABLE t(a CHECK (a > 0))"},
                            "INSERT INTO t VALUES(0)",
                            SQLITE_CONSTRAINT_CHECK,
                            violated},
                    refused{"NotNull",
                            {"CREATE TABLE t(a NOT NULL)"},
                            "INSERT INTO t VALUES(NULL)",
                            SQLITE_CONSTRAINT_NOTNULL,
                            violated},
                    refused{"ForeignKey",
                            {"CREATE TABLE p(id INTEGER PRIMARY KEY)",
                             "CREATE TABLE t(p REFERENCES p(id))"},
                            "INSERT INTO t VALUES(7)",
                            SQLITE_CONSTRAINT_FOREIGNKEY,
                            violated},
                    refused{"Trigger",
                            {"CREATE TABLE t(a)",
                             "CREATE TRIGGER g BEFORE INSERT ON t BEGIN "
                             "SELECT RAISE(ABORT, 'no'); END"},
                            "INSERT INTO t VALUES(7)",
                            SQLITE_CONSTRAINT_TRIGGER,
                            violated},
                    refused{"TriggerThatRollsBack",
                            {"CREATE TABLE t(a)",
                             "CREATE TRIGGER g BEFORE INSERT ON t BEGIN "
                             "SELECT RAISE(ROLLBACK, 'no'); END"},
                            "INSERT INTO t VALUES(7)",
                            SQLITE_CONSTRAINT_TRIGGER,
                            violated,
                            true},
                    refused{"DataType",
                            {"CREATE TABLE t(a INTEGER) STRICT"},
                            "INSERT INTO t VALUES('x')",
                            SQLITE_CONSTRAINT_DATATYPE,
                            violated},
                    refused{"Mismatch",
                            {"CREATE TABLE t(a INTEGER PRIMARY KEY)"},
                            "INSERT INTO t VALUES('x')",
                            SQLITE_MISMATCH,
                            violated},
                    refused{"WrongSql", {}, "SELEKT 1", SQLITE_ERROR, failure},
                    refused{"MissingTable", {}, "SELECT * FROM missing", SQLITE_ERROR, failure},
                    refused{"TooBig",
                            {"CREATE TABLE t(a)"},
                            "INSERT INTO t VALUES(zeroblob(2000000000))",
                            SQLITE_TOOBIG,
                            failure}),
    [](auto const& of) { return of.param.name; });

class EngineError : public SqliteFile {};

TEST_F(EngineError, ADatabaseThatMayNotGrowIsFull)
{
    auto const on = open();
    run(*on, "CREATE TABLE t(a)");
    run(*on, "INSERT INTO t VALUES(1)");
    run(*on, "PRAGMA max_page_count = 4");
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO t VALUES(2)");
    auto const e = error_of([&] { run(*on, "INSERT INTO t VALUES(zeroblob(100000))"); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, SQLITE_FULL));
    EXPECT_STREQ(e.what(), "the disk or the database is full");
    on->rollback();
    EXPECT_EQ(number(*on, "SELECT sum(a) FROM t"), 1);
    EXPECT_EQ(run(*on, "INSERT INTO t VALUES(3)"), 1);
}

TEST_F(EngineError, AFileThatMayNotBeWrittenIsReadOnly)
{
    auto const on = open();
    run(*on, "CREATE TABLE t(a)");
    run(*on, "PRAGMA query_only = ON");
    auto const e = error_of([&] { run(*on, "INSERT INTO t VALUES(1)"); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, SQLITE_READONLY));
}

TEST_F(EngineError, AWriterThatDoesNotGiveWayIsALockTimeout)
{
    make_counter();
    stranger other(path());
    ASSERT_EQ(other.run("BEGIN IMMEDIATE"), SQLITE_OK);
    auto const on = open();
    on->set_deadline(soon());
    auto const e = error_of([&] { on->begin(begin::write, isolation::engine_default); });
    EXPECT_EQ(e.code(), errc::lock_timeout);
    EXPECT_TRUE(names_code(e, SQLITE_BUSY));
    EXPECT_FALSE(on->in_transaction());
    on->set_deadline(soon());
    EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::lock_timeout);
    ASSERT_EQ(other.run("COMMIT"), SQLITE_OK);
    EXPECT_EQ(run(*on, add_one), 1);
}

TEST_F(EngineError, AWriteAfterAStaleReadIsAborted)
{
    make_counter();
    auto const on = open();
    auto const select = on->prepare("SELECT n FROM counter UNION ALL SELECT n FROM counter");
    ASSERT_FALSE(select->first({}).empty());
    stranger other(path());
    ASSERT_EQ(other.run("UPDATE counter SET n = 9"), SQLITE_OK);
    auto const e = error_of([&] { on->begin(begin::write, isolation::engine_default); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, SQLITE_BUSY_SNAPSHOT));
    select->reset();
    on->begin(begin::write, isolation::engine_default);
    on->commit();
}

TEST_F(EngineError, AStatementOfTheSameConnectionInTheWayIsNamed)
{
    make_counter();
    auto const on = open();
    auto const select = on->prepare("SELECT n FROM counter UNION ALL SELECT n FROM counter");
    ASSERT_FALSE(select->first({}).empty());
    auto const e = error_of([&] { run(*on, "DROP TABLE counter"); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, SQLITE_LOCKED));
}

TEST_F(EngineError, AReadCutOffByARollbackIsAborted)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, "CREATE TABLE other(a)");
    auto const select = on->prepare("SELECT n FROM counter UNION ALL SELECT n FROM counter");
    ASSERT_FALSE(select->first({}).empty());
    on->rollback();
    auto const e = error_of([&] { static_cast<void>(select->next()); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, SQLITE_ABORT_ROLLBACK));
}

constexpr std::string_view endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

TEST_F(EngineError, AStatementPastTheDeadlineIsEnded)
{
    auto const on = open();
    auto const select = on->prepare(endless);
    on->set_deadline(soon());
    auto const e = error_of([&] { static_cast<void>(select->first({})); });
    EXPECT_EQ(e.code(), errc::deadline_exceeded);
    EXPECT_TRUE(names_code(e, SQLITE_INTERRUPT));
    on->set_deadline(sql::deadline::max());
    EXPECT_EQ(number(*on, "SELECT 1"), 1);
}

TEST_F(EngineError, AWritePastTheDeadlineRollsTheTransactionBack)
{
    make_counter();
    auto const on = open();
    auto const slow = on->prepare("INSERT INTO counter WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL "
                                  "SELECT i + 1 FROM n) SELECT i, 0 FROM n");
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    on->set_deadline(soon());
    EXPECT_EQ(error_of([&] { slow->execute({}); }).code(), errc::deadline_exceeded);
    EXPECT_FALSE(on->in_transaction()) << "the engine has rolled back";
    EXPECT_THROW(run(*on, add_one), std::logic_error) << "would commit on its own";
    EXPECT_THROW(on->begin(begin::write, isolation::engine_default), std::logic_error);
    on->rollback();
    on->set_deadline(soon());
    auto const alone = error_of([&] { slow->execute({}); });
    EXPECT_EQ(alone.code(), errc::deadline_exceeded);
    EXPECT_EQ(alone.when(), phase::in_transaction) << "surely not committed";
    EXPECT_EQ(counted(), 0);
}

TEST_F(EngineError, AReferenceCheckedAtTheCommitLeavesItOpen)
{
    auto const on = open();
    run(*on, "CREATE TABLE p(id INTEGER PRIMARY KEY)");
    run(*on, "CREATE TABLE t(p REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)");
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO t VALUES(7)");
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(e.code(), errc::constraint_violated);
    EXPECT_EQ(e.when(), phase::in_transaction) << "surely not committed";
    EXPECT_TRUE(on->in_transaction());
    on->rollback();
    EXPECT_EQ(number(*on, "SELECT count(*) FROM t"), 0);
    auto const alone = error_of([&] { run(*on, "INSERT INTO t VALUES(7)"); });
    EXPECT_EQ(alone.code(), errc::constraint_violated);
    EXPECT_EQ(number(*on, "SELECT count(*) FROM t"), 0);
}

}  // namespace
}  // namespace tiebreak::sqlite
