// The table of SQLSTATEs: each row as it is written, and what one session can provoke, provoked.
#include "fixture.hpp"
#include "postgres/errors.hpp"
#include "support/meant_code.hpp"

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

namespace tiebreak::postgres {

void PrintTo(meaning const& row, std::ostream* out)
{
    *out << row.code << " " << row.sentence;
}

namespace {

using begin = sql::begin_mode;

std::string name_of_row(testing::TestParamInfo<meaning> const& of)
{
    return of.param.code.empty()  ? "Lost"
           : of.param.code == "*" ? "Other"
                                  : std::string{of.param.code};
}

// What each code means, written down a second time: while connecting, in the transaction, in the
// middle of COMMIT.
struct meant_codes {
    errc connecting;
    errc in_transaction;
    errc committing;
    std::vector<std::string_view> codes;
};

std::vector<meant_codes> const& all_meant()
{
    using enum errc;
    static std::vector<meant_codes> const all{
        {unavailable,
         unavailable,
         commit_unknown,
         {"", "08", "53300", "57", "57P01", "57P02", "57P03"}},
        {backend_failure,
         backend_failure,
         backend_failure,
         {"*",
          "0A000",
          "22012",
          "22023",
          "25",
          "28",
          "28000",
          "28P01",
          "3B",
          "3D000",
          "3F000",
          "42",
          "42501",
          "42703",
          "42704",
          "42883",
          "42P01",
          "54",
          "55"}},
        {backend_failure,
         backend_failure,
         commit_unknown,
         {"08P01", "57P04", "58", "58030", "XX", "XX000", "XX001", "XX002"}},
        {backend_failure,
         constraint_violated,
         constraint_violated,
         {"22",
          "22001",
          "22003",
          "22008",
          "22021",
          "22P02",
          "23",
          "23502",
          "23503",
          "23514",
          "40002",
          "44",
          "P0001"}},
        {backend_failure, already_exists, already_exists, {"23505", "23P01"}},
        {unavailable, unavailable, transaction_aborted, {"25006", "53", "53200", "53400", "57P05"}},
        {backend_failure, backend_failure, transaction_aborted, {"25P02"}},
        {unavailable, transaction_aborted, transaction_aborted, {"25P03", "40001", "40P01"}},
        {backend_failure, transaction_aborted, transaction_aborted, {"26000"}},
        {transaction_aborted, transaction_aborted, transaction_aborted, {"40", "72"}},
        {unavailable, transaction_aborted, commit_unknown, {"40003"}},
        {already_exists, already_exists, already_exists, {"42710", "42P07"}},
        {unavailable, backend_failure, backend_failure, {"53100"}},
        {unavailable, lock_timeout, lock_timeout, {"55P03"}},
        {unavailable, deadline_exceeded, transaction_aborted, {"57014"}},
    };
    return all;
}

class EverySqlstate : public testing::TestWithParam<meaning> {};

TEST_P(EverySqlstate, IsTranslatedToWhatItMeans)
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
    EXPECT_EQ(e.server_message(),
              "PostgreSQL " + (row.code.empty() ? "connection" : std::string{row.code}) +
                  ": spoken");
}

TEST_P(EverySqlstate, IsInDoubtOnlyWhileCommitting)
{
    auto const& row = GetParam();
    EXPECT_NE(row.connecting, errc::commit_unknown);
    EXPECT_NE(row.in_transaction, errc::commit_unknown);
    // resolved as if it were in doubt, so it has to say so
    EXPECT_NE(row.committing, errc::unavailable);
    EXPECT_NE(row.committing, errc::deadline_exceeded);
}

TEST_P(EverySqlstate, HasASentenceForPeople)
{
    std::string_view const sentence = GetParam().sentence;
    EXPECT_GT(sentence.size(), 15U);
    EXPECT_NE(sentence.back(), '.');
}

INSTANTIATE_TEST_SUITE_P(Table,
                         EverySqlstate,
                         testing::ValuesIn(meanings().begin(), meanings().end()),
                         name_of_row);

TEST(Sqlstate, EachThatIsToHaveARowHasOne)
{
    for (auto const& line : all_meant())
        for (auto const code : line.codes)
            EXPECT_EQ(std::ranges::count(meanings(), code, &meaning::code), 1) << code;
}

TEST(Sqlstate, NoneHasTwoRows)
{
    std::set<std::string_view> seen;
    for (auto const& row : meanings())
        EXPECT_TRUE(seen.insert(row.code).second) << row.code;
}

TEST(Sqlstate, OneWithoutARowIsTakenByItsClass)
{
    EXPECT_EQ(meaning_of("08006").code, "08");
    EXPECT_EQ(meaning_of("22007").code, "22");
    EXPECT_EQ(meaning_of("23001").code, "23");
    EXPECT_EQ(meaning_of("42601").code, "42");
    EXPECT_EQ(meaning_of("54001").code, "54");
    EXPECT_EQ(meaning_of("TB001").code, "*");
}

TEST(Sqlstate, OnlyAServerThatFailsOrEndsLeavesACommitInDoubt)
{
    std::vector<std::string_view> in_doubt;
    for (auto const& row : meanings())
        if (row.committing == errc::commit_unknown)
            in_doubt.push_back(row.code);
    EXPECT_EQ(in_doubt,
              (std::vector<std::string_view>{"",
                                             "08",
                                             "08P01",
                                             "40003",
                                             "53300",
                                             "57",
                                             "57P01",
                                             "57P02",
                                             "57P03",
                                             "57P04",
                                             "58",
                                             "58030",
                                             "XX",
                                             "XX000",
                                             "XX001",
                                             "XX002"}));
}

// A statement that the server refuses, with the tables it needs.
struct refused {
    char const* name;
    std::vector<char const*> before;
    char const* statement;
    char const* code;
    errc meant;
};

void PrintTo(refused const& which, std::ostream* out)
{
    *out << which.name;
}

class PostgresRefusal : public PostgresServer, public testing::WithParamInterface<refused> {
protected:
    void make_tables()
    {
        ask("CREATE TABLE witness(a int)");
        for (auto const* sql : GetParam().before)
            ASSERT_EQ(ask(sql), "") << sql;
    }

    static void expect_meant(error const& e)
    {
        EXPECT_EQ(e.code(), GetParam().meant) << e.what() << " " << e.server_message();
        EXPECT_TRUE(names_code(e, GetParam().code)) << e.server_message();
        EXPECT_EQ(e.when(), phase::in_transaction);
    }
};

TEST_P(PostgresRefusal, IsNamedAndLeavesTheTransactionToBeRolledBack)
{
    make_tables();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO witness VALUES(1)");
    expect_meant(error_of([&] { run(*on, GetParam().statement); }));
    EXPECT_TRUE(on->in_transaction());
    on->rollback();
    EXPECT_EQ(ask("SELECT count(*) FROM witness"), "0");
    EXPECT_TRUE(on->alive());
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO witness VALUES(1)");
    on->commit();
    EXPECT_EQ(ask("SELECT count(*) FROM witness"), "1");
}

TEST_P(PostgresRefusal, ChangesNothingOnItsOwn)
{
    make_tables();
    auto const on = open();
    expect_meant(error_of([&] { run(*on, GetParam().statement); }));
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(run(*on, "INSERT INTO witness VALUES(1)"), 1);
}

constexpr auto twice = errc::already_exists;
constexpr auto violated = errc::constraint_violated;
constexpr auto failure = errc::backend_failure;

INSTANTIATE_TEST_SUITE_P(
    Provoked,
    PostgresRefusal,
    testing::Values(
        refused{"PrimaryKey",
                {"CREATE TABLE t(a int PRIMARY KEY)", "INSERT INTO t VALUES(1)"},
                "INSERT INTO t VALUES(1)",
                "23505",
                twice},
        refused{"Exclusion",
                {"CREATE TABLE t(a int4range, EXCLUDE USING gist (a WITH &&))",
                 "INSERT INTO t VALUES('[1,5]')"},
                "INSERT INTO t VALUES('[3,7]')",
                "23P01",
                twice},
        refused{"ForeignKey",
                {"CREATE TABLE p(id int PRIMARY KEY)", "CREATE TABLE t(p int REFERENCES p)"},
                "INSERT INTO t VALUES(7)",
                "23503",
                violated},
        refused{"Check",
                {"CREATE TABLE t(a int CHECK (a > 0))"},
                "INSERT INTO t VALUES(0)",
                "23514",
                violated},
        refused{"NotNull",
                {"CREATE TABLE t(a int NOT NULL)"},
                "INSERT INTO t VALUES(NULL)",
                "23502",
                violated},
        refused{"CheckOfAView",
                {"CREATE TABLE t(a int)",
                 "CREATE VIEW v AS SELECT a FROM t WHERE a > 0 WITH CHECK OPTION"},
                "INSERT INTO v VALUES(0)",
                "44000",
                violated},
        refused{"Trigger",
                {"CREATE TABLE t(a int)",
                 "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
                 "EXCEPTION 'no'; END $$",
                 "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()"},
                "INSERT INTO t VALUES(1)",
                "P0001",
                violated},
        refused{"NumberOutOfRange",
                {"CREATE TABLE t(a int)", "INSERT INTO t VALUES(2147483647)"},
                "UPDATE t SET a = a + 1",
                "22003",
                violated},
        refused{"TextTooLong",
                {"CREATE TABLE t(a varchar(2))"},
                "INSERT INTO t VALUES('abc')",
                "22001",
                violated},
        refused{"TimeOutOfRange",
                {"CREATE TABLE t(a timestamptz)"},
                "INSERT INTO t SELECT timestamptz '294276-12-31' + interval '2 days'",
                "22008",
                violated},
        refused{"TextThatIsNoNumber",
                {"CREATE TABLE t(a int)"},
                "INSERT INTO t SELECT CAST('x' || current_setting('port') AS int)",
                "22P02",
                violated},
        refused{"DivisionByZero", {}, "SELECT 1 / (random() * 0)::int", "22012", failure},
        refused{"InvalidSetting", {}, "SET lock_timeout = 'no'", "22023", failure},
        refused{"WrongSql", {}, "SELEKT 1", "42601", failure},
        refused{"TwoStatements", {}, "SELECT 1; SELECT 2", "42601", failure},
        refused{"MissingTable", {}, "SELECT * FROM missing", "42P01", failure},
        refused{"MissingSchema", {}, "CREATE TABLE missing.t(a int)", "3F000", failure},
        refused{"MissingColumn", {}, "SELECT missing FROM witness", "42703", failure},
        refused{"MissingFunction", {}, "SELECT missing(1)", "42883", failure},
        refused{"MissingType", {}, "SELECT CAST(NULL AS missing)", "42704", failure},
        refused{"TableTwice", {}, "CREATE TABLE witness(a int)", "42P07", errc::already_exists},
        // also what the second of two rivals gets that make one table at once
        refused{"TypeTwice",
                {"CREATE TYPE twice AS ENUM ('a')"},
                "CREATE TYPE twice AS ENUM ('b')",
                "42710",
                errc::already_exists},
        refused{"NotSupported", {}, "SELECT max(a) FROM witness FOR UPDATE", "0A000", failure},
        refused{"Raised40001",
                {},
                "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$",
                "40001",
                errc::transaction_aborted},
        refused{"TooComplex",
                {"CREATE FUNCTION deep(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN "
                 "deep($1 + 1); END $$"},
                "SELECT deep(1)",
                "54001",
                failure}),
    [](auto const& of) { return of.param.name; });

class PostgresError : public PostgresServer {};

TEST_F(PostgresError, QuotesDataForLogsOnly)
{
    ask("CREATE TABLE t(a text PRIMARY KEY)");
    ask("INSERT INTO t VALUES('secret')");
    auto const on = open();
    auto const e = error_of([&] { run(*on, "INSERT INTO t VALUES($1)", text("secret")); });
    EXPECT_STREQ(e.what(), "a unique or primary key is already taken");
    EXPECT_NE(e.server_message().find("Key (a)=(secret) already exists"), std::string_view::npos);
}

TEST_F(PostgresError, AReferenceCheckedAtTheCommitIsADefiniteAnswer)
{
    ask("CREATE TABLE p(id int PRIMARY KEY)");
    ask("CREATE TABLE t(p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO t VALUES(7)");
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(e.code(), errc::constraint_violated);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_FALSE(on->in_transaction());
    auto const alone = error_of([&] { run(*on, "INSERT INTO t VALUES(7)"); });
    EXPECT_EQ(alone.code(), errc::constraint_violated);
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
    EXPECT_TRUE(on->alive());
}

TEST_F(PostgresError, ADeadlockAbortsOne)
{
    make_counter();
    auto const on = open();
    stranger other(url());
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(run(*on, add_one), 1);
    other.ask("BEGIN");
    other.ask("SET LOCAL deadlock_timeout = '1h'");  // it is never the one that looks
    other.ask(std::string{add_one_to_other});
    other.send(std::string{add_one});
    wait_until_waiting(std::to_string(other.process()));
    auto const e = error_of([&] { run(*on, add_one_to_other); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, "40P01")) << e.server_message();
    on->rollback();
}

TEST_F(PostgresError, ASnapshotThatIsTooOldToWriteAborts)
{
    make_counter();
    for (auto const level : {isolation::repeatable_read, isolation::serializable}) {
        auto const on = open();
        on->begin(begin::write, level);
        EXPECT_GE(number(*on, "SELECT n FROM counter WHERE id = 1"), 0);
        ask(std::string{add_one});
        auto const e = error_of([&] { run(*on, add_one); });
        EXPECT_EQ(e.code(), errc::transaction_aborted);
        EXPECT_TRUE(names_code(e, "40001")) << e.server_message();
    }
}

TEST_F(PostgresError, ASerializationFailureMayComeWithTheCommit)
{
    make_counter();
    auto const a = open();
    auto const b = open();
    for (auto* one : {a.get(), b.get()}) {
        one->begin(begin::write, isolation::serializable);
        number(*one, "SELECT sum(n) FROM counter");
    }
    run(*a, add_one);
    run(*b, add_one_to_other);
    a->commit();
    auto const e = error_of([&] { b->commit(); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, "40001")) << e.server_message();
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_EQ(counted(2), "0");
}

TEST_F(PostgresError, AReadingTransactionWritesNothing)
{
    make_counter();
    auto const on = open();
    on->begin(begin::read, isolation::engine_default);
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_TRUE(names_code(e, "25006"));
    on->rollback();
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresError, AnAdministratorsCancelEndsTheStatement)
{
    auto const on = open();
    auto const process = process_of(*on);
    ask("SELECT pg_advisory_lock(77)");
    std::thread canceller([&] {
        stranger other(url());
        while (other.ask("SELECT EXISTS(SELECT FROM pg_locks WHERE NOT granted AND pid = " +
                         process + ")") != "t")
            std::this_thread::yield();
        other.ask("SELECT pg_cancel_backend(" + process + ")");
    });
    auto const e = error_of([&] { run(*on, "SELECT pg_advisory_lock(77)"); });
    canceller.join();
    EXPECT_EQ(e.code(), errc::deadline_exceeded);
    EXPECT_TRUE(names_code(e, "57014"));
    EXPECT_TRUE(on->alive());
}

TEST_F(PostgresError, AServerLimitOnStatementsIsADeadline)
{
    auto const on = open();
    run(*on, "SET statement_timeout = '20ms'");
    auto const e = error_of([&] { run(*on, "SELECT pg_sleep(20)"); });
    EXPECT_EQ(e.code(), errc::deadline_exceeded);
    EXPECT_TRUE(names_code(e, "57014"));
}

TEST_F(PostgresError, ATransactionThatIdlesForTooLongIsRolledBack)
{
    make_counter();
    auto const on = open();
    auto const process = process_of(*on);
    run(*on, "SET idle_in_transaction_session_timeout = '20ms'");
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    wait_until_gone(process);
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(e.code(), errc::transaction_aborted) << e.server_message();
    EXPECT_TRUE(names_code(e, "25P03")) << e.server_message();
    EXPECT_FALSE(on->alive());
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresError, ASessionThatIdlesForTooLongIsReplaced)
{
    auto const noticed = open();
    auto const unnoticed = open();
    for (auto* one : {noticed.get(), unnoticed.get()}) {
        auto const process = process_of(*one);
        run(*one, "SET idle_session_timeout = '20ms'");
        wait_until_gone(process);
    }
    EXPECT_FALSE(noticed->alive());
    EXPECT_EQ(error_of([&] { number(*noticed, "SELECT 1"); }).code(), errc::unavailable);
    auto const e = error_of([&] { number(*unnoticed, "SELECT 1"); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_TRUE(names_code(e, "57P05")) << e.server_message();
    EXPECT_FALSE(unnoticed->alive());
}

TEST_F(PostgresError, AMissingPermissionIsNamed)
{
    make_counter();
    ask("CREATE ROLE " + schema_);
    ask("GRANT USAGE ON SCHEMA " + schema_ + " TO " + schema_);
    {
        auto const on = open();
        run(*on, "SET ROLE " + schema_);
        auto const e = error_of([&] { run(*on, add_one); });
        EXPECT_EQ(e.code(), errc::backend_failure);
        EXPECT_STREQ(e.what(), "the user has no permission for it in the database");
        EXPECT_TRUE(names_code(e, "42501")) << e.server_message();
    }
    EXPECT_EQ(counted(), "0");
    ask("REVOKE USAGE ON SCHEMA " + schema_ + " FROM " + schema_);
    ask("DROP ROLE " + schema_);
}

TEST_F(PostgresError, AConfiguredLimitThatIsReachedIsUnavailable)
{
    auto const on = open();
    run(*on, "SET work_mem = '64kB'");
    run(*on, "SET temp_file_limit = '64kB'");
    auto const e = error_of([&] {
        number(*on, "SELECT max(n) FROM (SELECT n FROM generate_series(1, 50000) n ORDER BY -n) s");
    });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_TRUE(names_code(e, "53400")) << e.server_message();
    EXPECT_EQ(number(*on, "SELECT 1"), 1);
}

}  // namespace
}  // namespace tiebreak::postgres
