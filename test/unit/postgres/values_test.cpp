// Values on their way to the server and back, at their extremes and beyond.
#include "fixture.hpp"
#include "sql/statement.hpp"

#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

namespace tiebreak::postgres {
namespace {

using std::chrono::microseconds;

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

value time(std::int64_t microseconds_since_1970)
{
    return value{time_point{microseconds{microseconds_since_1970}}};
}

value bytes(std::string_view of)
{
    return value{std::as_bytes(std::span{of})};
}

class PostgresValues : public PostgresServer {
protected:
    void SetUp() override
    {
        PostgresServer::SetUp();
        if (!IsSkipped())
            on_ = open();
    }

    void TearDown() override
    {
        on_.reset();
        PostgresServer::TearDown();
    }

    [[nodiscard]] stored_value back(std::string const& type, value sent)
    {
        auto const question = on_->prepare("SELECT CAST($1 AS " + type + ") AS v");
        std::array const bound{sent};
        auto const row = question->first(bound);
        EXPECT_EQ(row.size(), 1U);
        return stored_value{row.empty() ? value{} : row[0]};
    }

    void expect_same(std::string const& type, value sent)
    {
        auto const found = back(type, sent);
        EXPECT_EQ(found.get().kind(), sent.kind()) << type << " " << to_string(sent);
        EXPECT_EQ(found.get(), sent)
            << type << " " << to_string(sent) << " came back as " << to_string(found.get());
    }

    void expect_refused(std::string const& type, value sent, std::string_view sentence)
    {
        auto const e = error_of([&] { static_cast<void>(back(type, sent)); });
        EXPECT_EQ(e.code(), errc::constraint_violated) << type;
        EXPECT_EQ(e.what(), sentence) << type << " " << e.server_message();
    }

    [[nodiscard]] stored_value told(std::string const& expression)
    {
        auto const question = on_->prepare("SELECT " + expression + " AS v");
        auto const row = question->first({});
        return stored_value{row.empty() ? value{} : row[0]};
    }

    std::unique_ptr<sql::connection> on_;
};

constexpr std::string_view number_range = "a number is outside of the range of its column";
constexpr std::string_view time_range = "a time is outside of the range of its column";
constexpr std::string_view misfit = "a value does not fit the type of its column";

TEST_F(PostgresValues, IntegersComeBackAsTheyWere)
{
    for (auto const v : {lowest, lowest + 1, std::int64_t{-1}, std::int64_t{0}, highest})
        expect_same("bigint", integer(v));
    for (auto const v : {-2147483648LL, -1LL, 0LL, 2147483647LL})
        expect_same("integer", integer(v));
    for (auto const v : {-32768, -1, 0, 32767})
        expect_same("smallint", integer(v));
    for (auto const v : {0LL, 4294967295LL})
        expect_same("oid", integer(v));
}

TEST_F(PostgresValues, AnIntegerBeyondItsColumnIsRefusedAndNeverWraps)
{
    for (auto const v : {-2147483649LL, 2147483648LL})
        expect_refused("integer", integer(v), number_range);
    for (auto const v : {-32769, 32768, 65536})
        expect_refused("smallint", integer(v), number_range);
    for (auto const v : {-1LL, 4294967296LL})
        expect_refused("oid", integer(v), number_range);
    expect_refused("boolean", integer(2), number_range);
}

TEST_F(PostgresValues, BooleansComeBackAsTheyWere)
{
    expect_same("boolean", value{true});
    expect_same("boolean", value{false});
    EXPECT_EQ(back("boolean", integer(1)).get().kind(), value_kind::boolean);
    EXPECT_EQ(back("bigint", value{true}).get(), integer(1));
}

TEST_F(PostgresValues, RealsComeBackBitByBit)
{
    using limits = std::numeric_limits<double>;
    for (double const v : {0.0,
                           -0.0,
                           0.1,
                           limits::max(),
                           limits::lowest(),
                           limits::min(),
                           limits::denorm_min(),
                           limits::infinity(),
                           -limits::infinity(),
                           limits::quiet_NaN()})
        expect_same("double precision", value{v});
    expect_same("real", value{0.5});
    expect_same("real", value{double{std::numeric_limits<float>::max()}});
    expect_refused("real", value{1e39}, number_range);
    EXPECT_EQ(back("double precision", integer(9007199254740992)).get(), value{9007199254740992.0});
    expect_refused("double precision", integer(9007199254740993), number_range);
    expect_refused("double precision", integer(highest), number_range);
    EXPECT_EQ(back("double precision", integer(lowest)).get(), value{-9223372036854775808.0});
}

TEST_F(PostgresValues, TextComesBackAsItWas)
{
    for (auto const* type : {"text", "varchar", "name", "json::text"})
        if (std::string_view{type} != "json::text")
            expect_same(type, text("it's \\ \xE2\x82\xAC \xF0\x9F\x8E\x89"));
    expect_same("text", text(""));
    expect_same("text", value{std::string_view{}});
    std::string const large(3'000'000, 'x');
    expect_same("text", text(large));
    expect_same("varchar(3)", text("abc"));
    expect_same("character(3)", text("abc"));
}

TEST_F(PostgresValues, TextThatTheServerCannotHoldIsRefused)
{
    constexpr std::string_view with_nul("a\0b", 3);
    expect_refused(
        "text", text(with_nul), "a text holds a NUL byte, which PostgreSQL cannot store");
    expect_refused(
        "uuid", text(with_nul), "a text holds a NUL byte, which PostgreSQL cannot store");
    expect_refused("text", text("\xff"), "a text does not fit the encoding of the database");
}

TEST_F(PostgresValues, BytesComeBackAsTheyWere)
{
    constexpr std::string_view with_nul("\0\xff'\\", 4);
    expect_same("bytea", bytes(with_nul));
    expect_same("bytea", bytes(""));
    expect_same("bytea", value{std::span<std::byte const>{}});
    EXPECT_EQ(back("bytea", text(with_nul)).get(), bytes(with_nul));
    expect_refused("text", bytes("x"), misfit);
}

TEST_F(PostgresValues, TimesComeBackToTheMicrosecond)
{
    for (auto const* type : {"timestamptz", "timestamp"}) {
        for (auto const at : {std::int64_t{0},
                              std::int64_t{-1},
                              std::int64_t{1},
                              std::int64_t{946684800000000},
                              std::int64_t{1767225599999999},
                              std::int64_t{-210866803200000000},  // 4714-11-24 BC, the first
                              highest})
            expect_same(type, time(at));
        expect_refused(type, time(-210866803200000001), time_range);
        expect_refused(type, time(lowest), time_range);
        expect_refused(type, time(lowest + 946684800000000), time_range);
        expect_refused(type, time(lowest + 946684800000001), time_range);
        expect_refused(type, integer(0), misfit);
    }
    EXPECT_EQ(told("timestamptz '1970-01-01 00:00:01Z'").get(), time(1'000'000));
}

TEST_F(PostgresValues, TheTimeZoneOfTheSessionChangesNothing)
{
    run(*on_, "SET TimeZone = 'Asia/Kathmandu'");
    expect_same("timestamptz", time(1767225599999999));
    EXPECT_EQ(told("timestamptz '1970-01-01 00:00:00Z'").get(), time(0));
}

TEST_F(PostgresValues, DatesAreMidnights)
{
    constexpr std::int64_t day = 86'400'000'000;
    for (auto const days : {-2'440'588LL, -1LL, 0LL, 20'000LL, 106'000'000LL})
        expect_same("date", time(days * day));
    expect_refused("date", time(1), "a time of day does not fit a date");
    EXPECT_EQ(told("date '1970-01-02'").get(), time(day));
}

TEST_F(PostgresValues, TimesThatCannotBeReadNameTheirColumn)
{
    for (auto const* expression : {"timestamptz 'infinity'",
                                   "timestamp '-infinity'",
                                   "date 'infinity'",
                                   "date '-infinity'",
                                   "timestamptz '294276-12-31 23:59:59.999999Z'",
                                   "date '5000000-01-01'"}) {
        auto const e = error_of([&] { static_cast<void>(told(expression)); });
        EXPECT_EQ(e.code(), errc::backend_failure);
        EXPECT_TRUE(std::string_view{e.what()}.starts_with("the column v ")) << e.what();
    }
}

TEST_F(PostgresValues, NumericIsAnIntegerWhenItIsWhole)
{
    EXPECT_EQ(told("(SELECT sum(x) FROM (VALUES (bigint '1'), (2)) t(x))").get(), integer(3));
    EXPECT_EQ(told("numeric '9223372036854775807'").get(), integer(highest));
    EXPECT_EQ(told("numeric '-9223372036854775808'").get(), integer(lowest));
    EXPECT_EQ(told("numeric '100000000'").get(), integer(100000000));
    EXPECT_EQ(told("numeric '0'").get(), integer(0));
    expect_same("numeric", integer(lowest));
    EXPECT_THROW(static_cast<void>(told("numeric '9223372036854775808'")), error);
    EXPECT_THROW(static_cast<void>(told("numeric 'NaN'")), error);
    EXPECT_THROW(static_cast<void>(told("numeric 'Infinity'")), error);
}

TEST_F(PostgresValues, NumericWithAFractionIsTheNearestReal)
{
    EXPECT_EQ(told("numeric '0.1'").get(), value{0.1});
    EXPECT_EQ(told("numeric '-12345.67890'").get(), value{-12345.6789});
    EXPECT_EQ(told("numeric '0.00001234'").get(), value{0.00001234});
    EXPECT_EQ(told("numeric '100000.0'").get(), value{100000.0});
    EXPECT_EQ(told("numeric '1e-20'").get(), value{1e-20});
    EXPECT_EQ(told("(SELECT avg(x) FROM (VALUES (1), (2)) t(x))").get(), value{1.5});
    expect_same("numeric", value{0.1});
}

TEST_F(PostgresValues, NullIsNullInEveryType)
{
    for (auto const* type :
         {"bigint", "text", "bytea", "boolean", "timestamptz", "numeric", "uuid"})
        expect_same(type, value{});
}

TEST_F(PostgresValues, OtherTypesTravelAsText)
{
    constexpr auto id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    expect_same("uuid", text(id));
    EXPECT_EQ(back("json", text(R"({"a": 1})")).get(), text(R"({"a": 1})"));
    EXPECT_EQ(back("jsonb", text(R"({"a":1})")).get(), text(R"({"a": 1})"));
    ask("CREATE TYPE mood AS ENUM ('fine', 'tired')");
    expect_same("mood", text("tired"));
    EXPECT_EQ(back("bigint", text("12")).get(), integer(12));
    expect_refused("mood", text("angry"), misfit);
    expect_refused("mood", integer(1), misfit);
    expect_refused("uuid", text("no"), misfit);
}

TEST_F(PostgresValues, ADomainTravelsAsWhatItStandsOn)
{
    ask("CREATE DOMAIN amount AS bigint CHECK (VALUE >= 0)");
    ask("CREATE DOMAIN price AS amount");
    ask("CREATE TABLE goods(p price)");
    EXPECT_EQ(run(*on_, "INSERT INTO goods VALUES($1)", integer(7)), 1);
    EXPECT_EQ(number(*on_, "SELECT p FROM goods"), 7);
    auto const e = error_of([&] { run(*on_, "INSERT INTO goods VALUES($1)", integer(-1)); });
    EXPECT_EQ(e.code(), errc::constraint_violated);
}

TEST_F(PostgresValues, ATypeThatCannotBeReadNamesItsColumn)
{
    auto const e = error_of([&] { static_cast<void>(told("interval '1 day'")); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_STREQ(e.what(), "the column v has a type that cannot be read: cast it to text");
    EXPECT_EQ(told("interval '1 day'::text").get(), text("1 day"));
    EXPECT_EQ(run(*on_, "SELECT interval '1 day'"), 1) << "nobody reads it";
}

TEST_F(PostgresValues, AFunctionThatAnswersNothingAnswersNull)
{
    EXPECT_TRUE(told("pg_advisory_lock(1)").get().is_null());
}

TEST_F(PostgresValues, AnotherNumberOfParametersIsAMistake)
{
    EXPECT_THROW(run(*on_, "SELECT $1::int"), std::invalid_argument);
    EXPECT_THROW(run(*on_, "SELECT 1", integer(1)), std::invalid_argument);
}

}  // namespace
}  // namespace tiebreak::postgres
