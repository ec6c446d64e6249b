// The text that SQLite is spoken to with.
#include "fixture.hpp"

namespace tiebreak::sqlite {
namespace {

template <class Append>
std::string written(Append&& append)
{
    std::string out;
    append(dialect(), out);
    return out;
}

TEST(SqliteDialect, QuotesInIdentifiersAreDoubled)
{
    EXPECT_EQ(written([](auto& d, auto& out) { d.identifier(out, "coupon"); }), "\"coupon\"");
    EXPECT_EQ(written([](auto& d, auto& out) { d.identifier(out, "a\"b"); }), "\"a\"\"b\"");
}

TEST(SqliteDialect, PlaceholdersAreNumbered)
{
    EXPECT_EQ(written([](auto& d, auto& out) { d.placeholder(out, 12); }), "?12");
}

TEST(SqliteDialect, TypesAreThoseOfTheTable)
{
    auto const type = [](column_type what, sql::column_use use = {}) {
        return written([&](auto& d, auto& out) { d.type(out, what, use); });
    };
    for (auto const what : {column_type::boolean,
                            column_type::int16,
                            column_type::int32,
                            column_type::int64,
                            column_type::time})
        EXPECT_EQ(type(what), "INTEGER");
    EXPECT_EQ(type(column_type::real), "REAL");
    EXPECT_EQ(type(column_type::text, {.indexed = true}), "TEXT");
    EXPECT_EQ(type(column_type::bytes), "BLOB");
    EXPECT_EQ(type(column_type::int64, {.indexed = true, .generated_key = true}),
              "INTEGER PRIMARY KEY AUTOINCREMENT");
}

TEST(SqliteDialect, CapabilitiesAreThoseOfAnEngineWithOneWriter)
{
    EXPECT_TRUE(dialect().supports(capability::several_processes));
    EXPECT_TRUE(dialect().supports(capability::statement_timeout));
    for (auto const what : {capability::concurrent_writers,
                            capability::row_locks,
                            capability::shared_row_locks,
                            capability::skip_locked,
                            capability::pipelining})
        EXPECT_FALSE(dialect().supports(what));
    EXPECT_FALSE(open({.path = ":memory:"})->speaks().supports(capability::several_processes));
}

TEST(SqliteDialect, ExpressionsMeanWhatTheySay)
{
    auto const on = open({.path = ":memory:"});
    auto const evaluate = [&](std::string const& expression) {
        return number(*on, "SELECT " + expression);
    };
    EXPECT_EQ(evaluate(written([](auto& d, auto& out) { d.greatest(out, "3", "7"); })), 7);
    EXPECT_EQ(evaluate("2 * " + written([](auto& d, auto& out) { d.later(out, "3", "7"); })), 20);
    EXPECT_GT(evaluate(written([](auto& d, auto& out) { d.now(out); })), 1'600'000'000'000'000);
}

TEST(SqliteDialect, ATakenKeyIsPassedOverButOtherErrorsCome)
{
    auto const on = open({.path = ":memory:"});
    run(*on, "CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER NOT NULL UNIQUE CHECK (a < 10))");
    auto const tail = written([](auto& d, auto& out) { d.unless_taken(out, "\"id\""); });
    auto const insert = [&](std::string const& values) {
        return run(*on, "INSERT INTO t VALUES(" + values + ")" + tail);
    };
    EXPECT_EQ(insert("1, 1"), 1);
    EXPECT_EQ(insert("1, 2"), 0);
    EXPECT_EQ(insert("2, 1"), 0);
    EXPECT_EQ(error_of([&] { insert("3, NULL"); }).code(), errc::constraint_violated);
    EXPECT_EQ(error_of([&] { insert("3, 10"); }).code(), errc::constraint_violated);
    EXPECT_EQ(number(*on, "SELECT count(*) FROM t"), 1);
}

TEST(SqliteDialect, AGeneratedKeyIsNeverGivenTwice)
{
    auto const on = open({.path = ":memory:"});
    auto const type = written(
        [](auto& d, auto& out) { d.type(out, column_type::int64, {.generated_key = true}); });
    run(*on, "CREATE TABLE t(id " + type + " NOT NULL, a INTEGER)");
    auto const insert = on->prepare("INSERT INTO t(a) VALUES(1)");
    EXPECT_EQ(insert->insert({}), 1);
    EXPECT_EQ(insert->insert({}), 2);
    run(*on, "DELETE FROM t WHERE id = 2");
    EXPECT_EQ(insert->insert({}), 3);
}

}  // namespace
}  // namespace tiebreak::sqlite
