// The words of PostgreSQL, and that the server reads them as they are meant.
#include "fixture.hpp"

namespace tiebreak::postgres {
namespace {

template <class Append>
std::string made(Append append)
{
    std::string out;
    append(out);
    return out;
}

TEST(PostgresDialect, QuotesIdentifiers)
{
    EXPECT_EQ(made([](auto& out) { dialect().identifier(out, "a\"b"); }), "\"a\"\"b\"");
}

TEST(PostgresDialect, HoldsRows)
{
    auto const held = [](sql::row_lock how, sql::if_held then) {
        return made([&](auto& out) { dialect().hold(out, how, then); });
    };
    EXPECT_EQ(held(sql::row_lock::none, sql::if_held::wait), "");
    EXPECT_EQ(held(sql::row_lock::share, sql::if_held::wait), " FOR SHARE");
    EXPECT_EQ(held(sql::row_lock::update, sql::if_held::fail), " FOR NO KEY UPDATE NOWAIT");
    EXPECT_EQ(held(sql::row_lock::update, sql::if_held::skip), " FOR NO KEY UPDATE SKIP LOCKED");
}

class PostgresDialectOnServer : public PostgresServer {};

TEST_F(PostgresDialectOnServer, MakesColumnsOfItsTypes)
{
    auto const type = [](column_type what, sql::column_use use) {
        return made([&](auto& out) { dialect().type(out, what, use); });
    };
    auto const on = open();
    run(*on,
        "CREATE TABLE t(id " + type(column_type::int64, {.generated_key = true}) + ", a " +
            type(column_type::boolean, {}) + ", b " + type(column_type::int16, {}) + ", c " +
            type(column_type::int32, {}) + ", d " + type(column_type::real, {}) + ", e " +
            type(column_type::text, {.indexed = true}) + ", f " + type(column_type::bytes, {}) +
            ", g " + type(column_type::time, {}) + ")");
    EXPECT_EQ(text_of(*on,
                      "SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) "
                      "FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"),
              "bigint, boolean, smallint, integer, double precision, text, bytea, timestamp with "
              "time zone");
    auto const insert =
        on->prepare("INSERT INTO t(a) VALUES($1) ON CONFLICT DO NOTHING" +
                    made([](auto& out) { dialect().answering_key(out, "\"id\""); }));
    std::array const bound{value{true}};
    EXPECT_EQ(insert->insert(bound), 1);
    EXPECT_EQ(insert->insert(bound), 2);
}

TEST_F(PostgresDialectOnServer, OrdersTextByItsBytes)
{
    auto const on = open();
    run(*on, "CREATE TABLE t(a " + made([](auto& out) {
                 dialect().type(out, column_type::text, {});
             }) + ")");
    run(*on, "INSERT INTO t VALUES('a'), ('B'), ('\xC3\xA4')");
    EXPECT_EQ(text_of(*on, "SELECT string_agg(a, '' ORDER BY a) FROM t"), "Ba\xC3\xA4");
}

TEST_F(PostgresDialectOnServer, AddsMicrosecondsExactly)
{
    auto const on = open();
    auto const later =
        made([](auto& out) { dialect().later(out, "timestamptz '2000-01-01Z'", "$1"); });
    auto const question = on->prepare("SELECT " + later);
    for (std::int64_t const step : {0LL,
                                    1LL,
                                    -1LL,
                                    999'999LL,
                                    86'400'000'001LL,
                                    31'536'000'000'001LL,
                                    9'007'199'254'740'991LL}) {
        std::array const bound{integer(step)};
        auto const row = question->first(bound);
        ASSERT_EQ(row.size(), 1U);
        EXPECT_EQ(row[0].integer() - 946'684'800'000'000, step);
    }
}

TEST_F(PostgresDialectOnServer, ItsClockGoesOnInsideATransaction)
{
    auto const on = open();
    auto const now = made([](auto& out) { dialect().now(out); });
    on->begin(sql::begin_mode::write, isolation::engine_default);
    auto const question = on->prepare("SELECT " + now);
    auto const first = question->first({})[0].integer();
    auto const second = question->first({})[0].integer();
    EXPECT_LT(first, second);
    on->rollback();
    EXPECT_EQ(number(*on, "SELECT CASE WHEN " + made([](auto& out) {
                              dialect().greatest(out, "1", "2");
                          }) + " = 2 THEN 1 ELSE 0 END"),
              1);
}

}  // namespace
}  // namespace tiebreak::postgres
