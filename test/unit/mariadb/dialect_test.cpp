// The text that MariaDB is spoken to with, and what it means there.
#include "fixture.hpp"

#include <limits>

namespace tiebreak::mariadb {
namespace {

template <class Append>
std::string written(Append&& append)
{
    std::string out;
    append(dialect(), out);
    return out;
}

std::string type(column_type what, sql::column_use use = {})
{
    return written([&](auto& d, auto& out) { d.type(out, what, use); });
}

std::string hold(sql::row_lock how, sql::if_held then)
{
    return written([&](auto& d, auto& out) { d.hold(out, how, then); });
}

TEST(MariaDialect, QuotesInIdentifiersAreDoubled)
{
    EXPECT_EQ(written([](auto& d, auto& out) { d.identifier(out, "coupon"); }), "`coupon`");
    EXPECT_EQ(written([](auto& d, auto& out) { d.identifier(out, "a`b"); }), "`a``b`");
}

TEST(MariaDialect, TypesAreThoseOfTheTable)
{
    EXPECT_EQ(type(column_type::boolean), "TINYINT(1)");
    EXPECT_EQ(type(column_type::int16), "SMALLINT");
    EXPECT_EQ(type(column_type::int32), "INT");
    EXPECT_EQ(type(column_type::int64), "BIGINT");
    EXPECT_EQ(type(column_type::real), "DOUBLE");
    EXPECT_EQ(type(column_type::text), "LONGTEXT");
    EXPECT_EQ(type(column_type::text, {.indexed = true}), "VARCHAR(255)");
    EXPECT_EQ(type(column_type::bytes), "LONGBLOB");
    EXPECT_EQ(type(column_type::bytes, {.indexed = true}), "VARBINARY(255)");
    EXPECT_EQ(type(column_type::time), "DATETIME(6)");
    EXPECT_EQ(type(column_type::int64, {.indexed = true, .generated_key = true}),
              "BIGINT AUTO_INCREMENT PRIMARY KEY");
}

TEST(MariaDialect, RowsAreHeldAsAskedFor)
{
    EXPECT_EQ(hold(sql::row_lock::none, sql::if_held::skip), "");
    EXPECT_EQ(hold(sql::row_lock::share, sql::if_held::wait), " LOCK IN SHARE MODE");
    EXPECT_EQ(hold(sql::row_lock::update, sql::if_held::fail), " FOR UPDATE NOWAIT");
    EXPECT_EQ(hold(sql::row_lock::update, sql::if_held::skip), " FOR UPDATE SKIP LOCKED");
}

class MariaSql : public MariaServer {};

TEST_F(MariaSql, TheClockIsUtcAndOfMicroseconds)
{
    auto const on = open();
    auto const now = written([](auto& d, auto& out) { d.now(out); });
    auto const question = on->prepare("SELECT " + now);
    auto const row = question->first({});
    ASSERT_EQ(row[0].kind(), value_kind::time);
    auto const here = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    EXPECT_NEAR(static_cast<double>(row[0].integer()), static_cast<double>(here.count()), 60e6);
    question->reset();
    EXPECT_EQ(number(*on, "SELECT @@session.time_zone = '+00:00'"), 1);
}

TEST_F(MariaSql, ExpressionsMeanWhatTheySay)
{
    auto const on = open();
    EXPECT_EQ(
        number(*on, "SELECT " + written([](auto& d, auto& out) { d.greatest(out, "3", "7"); })), 7);
    auto const later =
        written([](auto& d, auto& out) { d.later(out, "TIMESTAMP'2026-01-01 00:00:00'", "?"); });
    auto const question = on->prepare("SELECT " + later + " = '2026-01-01 00:00:01.000001'");
    std::array const bound{integer(1'000'001)};
    EXPECT_EQ(question->first(bound)[0].integer(), 1);
}

TEST_F(MariaSql, EveryWayToHoldIsUnderstood)
{
    make_counter();
    auto const on = open();
    on->begin(sql::begin_mode::write, isolation::engine_default);
    for (auto const how : {sql::row_lock::share, sql::row_lock::update})
        for (auto const then : {sql::if_held::wait, sql::if_held::fail, sql::if_held::skip})
            EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 1" + hold(how, then)), 0);
}

TEST_F(MariaSql, TheNextVersionNeverWraps)
{
    auto const on = open();
    run(*on, "CREATE TABLE v(id INT PRIMARY KEY, s SMALLINT, i INT, b BIGINT)");
    run(*on, "INSERT INTO v VALUES(1, 32767, 2147483647, 9223372036854775807)");
    run(*on, "INSERT INTO v VALUES(2, 32766, 2147483646, 4294967295)");
    auto const bump = [&](char const* column, std::int64_t highest, int id) {
        auto const next =
            written([&](auto& d, auto& out) { d.next_version(out, column, highest); });
        return run(*on,
                   std::string("UPDATE v SET ") + column + " = " + next +
                       " WHERE id = " + std::to_string(id));
    };
    auto const i16 = std::numeric_limits<std::int16_t>::max();
    auto const i32 = std::numeric_limits<std::int32_t>::max();
    auto const i64 = std::numeric_limits<std::int64_t>::max();
    auto const u32 = std::numeric_limits<std::uint32_t>::max();
    EXPECT_EQ(error_of([&] { bump("s", i16, 1); }).code(), errc::version_exhausted);
    EXPECT_EQ(error_of([&] { bump("i", i32, 1); }).code(), errc::version_exhausted);
    EXPECT_EQ(error_of([&] { bump("b", i64, 1); }).code(), errc::version_exhausted);
    EXPECT_EQ(error_of([&] { bump("b", u32, 2); }).code(), errc::version_exhausted);
    EXPECT_EQ(bump("s", i16, 2), 1);
    EXPECT_EQ(bump("i", i32, 2), 1);
    EXPECT_EQ(number(*on,
                     "SELECT s = 32767 AND i = 2147483647 AND b = 4294967295 FROM v "
                     "WHERE id = 2"),
              1);
    run(*on, "UPDATE v SET b = 4294967294 WHERE id = 2");
    EXPECT_EQ(bump("b", u32, 2), 1);
    EXPECT_EQ(number(*on,
                     "SELECT s = 32767 AND i = 2147483647 AND b = 9223372036854775807 FROM v "
                     "WHERE id = 1"),
              1);
    run(*on, "INSERT INTO v(id) VALUES(3)");
    EXPECT_EQ(bump("b", u32, 3), 1) << "NULL is no maximum";
}

TEST_F(MariaSql, TextsAreEqualWhenTheirBytesAre)
{
    auto const on = open();
    std::string table = "CREATE TABLE t(a VARCHAR(20) UNIQUE)";
    dialect().table_options(table);
    run(*on, table);
    for (auto const* name : {"a", "A", "a ", "ä", "á"})
        EXPECT_EQ(run(*on, "INSERT INTO t VALUES(?)", text(name)), 1) << name;
    EXPECT_EQ(error_of([&] { run(*on, "INSERT INTO t VALUES('a')"); }).code(),
              errc::already_exists);
    auto const find = on->prepare("SELECT COUNT(*) FROM t WHERE a = ?");
    std::array const bound{text("a ")};
    EXPECT_EQ(find->first(bound)[0].integer(), 1);
}

TEST_F(MariaSql, AnAssignmentSeesTheRowAsItWas)
{
    make_counter();
    auto const on = open();
    run(*on, "ALTER TABLE counter ADD old BIGINT NOT NULL DEFAULT 7");
    EXPECT_EQ(run(*on, "UPDATE counter SET n = n + 1, old = n WHERE id = 1"), 1);
    EXPECT_EQ(number(*on, "SELECT old FROM counter WHERE id = 1"), 0);
}

TEST_F(MariaSql, AGeneratedKeyIsAnswered)
{
    auto const on = open();
    run(*on, "CREATE TABLE t(id " + type(column_type::int64, {.generated_key = true}) + ", a INT)");
    auto const insert = on->prepare("INSERT INTO t(a) VALUES(1)");
    EXPECT_EQ(insert->insert({}), 1);
    EXPECT_EQ(insert->insert({}), 2);
    run(*on, "DELETE FROM t WHERE id = 2");
    EXPECT_EQ(insert->insert({}), 3);
}

TEST_F(MariaSql, ATakenKeyIsPassedOverButOtherErrorsCome)
{
    auto const on = open();
    run(*on, "CREATE TABLE t(id INT PRIMARY KEY, a INT NOT NULL UNIQUE CHECK (a < 10))");
    auto const insert = on->prepare("INSERT INTO t VALUES(?, ?)", sql::taken_key::is_passed_over);
    auto const add = [&](value id, value a) {
        std::array const bound{id, a};
        return insert->execute(bound);
    };
    on->begin(sql::begin_mode::write, isolation::engine_default);
    EXPECT_EQ(add(integer(1), integer(1)), 1);
    EXPECT_EQ(add(integer(1), integer(2)), 0);
    EXPECT_EQ(add(integer(2), integer(1)), 0);
    std::array const twice{integer(1), integer(1)};
    EXPECT_FALSE(insert->insert(twice));
    EXPECT_TRUE(on->in_transaction());
    EXPECT_EQ(add(integer(3), integer(3)), 1);
    on->commit();
    EXPECT_EQ(number(*on, "SELECT COUNT(*) FROM t"), 2);
    EXPECT_EQ(add(integer(3), integer(4)), 0) << "on its own";
    EXPECT_EQ(error_of([&] { add(integer(4), value{}); }).code(), errc::constraint_violated);
    EXPECT_EQ(error_of([&] { add(integer(4), integer(10)); }).code(), errc::constraint_violated);
}

}  // namespace
}  // namespace tiebreak::mariadb
