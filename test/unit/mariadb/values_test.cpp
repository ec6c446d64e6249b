// Values there and back, and what cannot be represented.
#include <tiebreak/time.hpp>

#include "fixture.hpp"

#include <cfloat>
#include <cmath>
#include <limits>

namespace tiebreak::mariadb {
namespace {

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

value at(std::int64_t microseconds)
{
    return value{time_point{std::chrono::microseconds{microseconds}}};
}

class MariaValues : public MariaServer {
protected:
    void SetUp() override
    {
        MariaServer::SetUp();
        if (IsSkipped() || HasFatalFailure())
            return;
        on_ = open();
    }

    void TearDown() override
    {
        on_.reset();
        MariaServer::TearDown();
    }

    // A table with one column of this type.
    void make(std::string const& type)
    {
        run(*on_, "CREATE OR REPLACE TABLE t(id INT AUTO_INCREMENT PRIMARY KEY, a " + type + ")");
    }

    // What comes back of a value.
    stored_value there_and_back(value v)
    {
        run(*on_, "DELETE FROM t");
        run(*on_, "INSERT INTO t(a) VALUES(?)", v);
        auto const read = on_->prepare("SELECT a FROM t");
        auto const row = read->first({});
        EXPECT_EQ(row.size(), 1U);
        return row.empty() ? stored_value{} : stored_value{row[0]};
    }

    void survives(value v, value_kind as)
    {
        auto const back = there_and_back(v);
        EXPECT_EQ(back.get(), v) << to_string(v) << " became " << to_string(back.get());
        EXPECT_EQ(back.get().kind(), v.is_null() ? value_kind::null : as);
    }

    stored_value answer(std::string const& expression)
    {
        auto const question = on_->prepare("SELECT " + expression + " AS answer");
        auto const row = question->first({});
        EXPECT_EQ(row.size(), 1U);
        return row.empty() ? stored_value{} : stored_value{row[0]};
    }

    std::unique_ptr<sql::connection> on_;
};

TEST_F(MariaValues, IntegersOfEveryWidth)
{
    struct width {
        char const* type;
        std::int64_t least;
        std::int64_t most;
    };

    for (auto const& one : {width{"TINYINT", -128, 127},
                            width{"TINYINT(1)", 0, 1},
                            width{"TINYINT UNSIGNED", 0, 255},
                            width{"SMALLINT", -32768, 32767},
                            width{"SMALLINT UNSIGNED", 0, 65535},
                            width{"MEDIUMINT", -8388608, 8388607},
                            width{"MEDIUMINT UNSIGNED", 0, 16777215},
                            width{"INT", INT32_MIN, INT32_MAX},
                            width{"INT UNSIGNED", 0, UINT32_MAX},
                            width{"BIGINT", lowest, highest},
                            width{"BIGINT UNSIGNED", 0, highest},
                            width{"YEAR", 1901, 2155},
                            width{"BIT(1)", 0, 1},
                            width{"BIT(63)", 0, highest}}) {
        make(one.type);
        for (auto const number : {one.least, one.most})
            survives(integer(number), value_kind::integer);
        survives(value{}, value_kind::integer);
    }
}

TEST_F(MariaValues, OneBeyondAWidthIsRefused)
{
    make("SMALLINT");
    EXPECT_EQ(error_of([&] { run(*on_, "INSERT INTO t(a) VALUES(?)", integer(32768)); }).code(),
              errc::constraint_violated);
    make("INT UNSIGNED");
    EXPECT_EQ(error_of([&] { run(*on_, "INSERT INTO t(a) VALUES(?)", integer(-1)); }).code(),
              errc::constraint_violated);
}

TEST_F(MariaValues, BooleansAreNumbersThere)
{
    make("TINYINT(1)");
    EXPECT_EQ(there_and_back(value{true}).get().integer(), 1);
    EXPECT_EQ(there_and_back(value{false}).get().integer(), 0);
}

TEST_F(MariaValues, RealNumbersToTheLastBit)
{
    make("DOUBLE");
    for (double const number : {0.0, 0.1, -1.5, 1e300, DBL_MAX, DBL_MIN, -DBL_MAX, M_PI})
        survives(value{number}, value_kind::real);
    make("FLOAT");
    EXPECT_EQ(there_and_back(value{0.25}).get().real(), 0.25);
    EXPECT_EQ(there_and_back(value{0.1}).get().real(), static_cast<double>(0.1F));
}

TEST_F(MariaValues, TextsOfEveryLength)
{
    make("LONGTEXT");
    for (std::size_t const size : {0U, 1U, 255U, 256U, 257U, 65'535U, 65'536U, 5'000'000U}) {
        std::string const content(size, 'x');
        survives(text(content), value_kind::text);
    }
    survives(text("äöü 日本 😀 \\ ' \" \n"), value_kind::text);
    survives(text(std::string_view{"a\0b", 3}), value_kind::text);
    survives(value{}, value_kind::text);
    make("VARCHAR(20)");
    survives(text("trailing  "), value_kind::text);
}

TEST_F(MariaValues, BytesAreBytes)
{
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    all += all;
    for (auto const* type : {"LONGBLOB", "VARBINARY(600)", "BLOB"}) {
        make(type);
        survives(value{std::as_bytes(std::span{all})}, value_kind::bytes);
        survives(value{std::span<std::byte const>{}}, value_kind::bytes);
    }
}

TEST_F(MariaValues, TimesInMicroseconds)
{
    make("DATETIME(6)");
    for (auto const moment : {std::int64_t{0},
                              std::int64_t{-1},
                              std::int64_t{1},
                              std::int64_t{1'700'000'000'123'456},
                              std::int64_t{1'709'210'096'000'000},       // 29 February 2024
                              std::int64_t{-62'135'596'800'000'000},     // year 1
                              std::int64_t{253'402'300'799'999'999}}) {  // the end of 9999
        survives(at(moment), value_kind::time);
    }
    make("TIMESTAMP(6) NULL");
    survives(at(1'700'000'000'123'456), value_kind::time);
    EXPECT_EQ(text_of(*on_, "SELECT CAST(a AS CHAR) FROM t"), "2023-11-14 22:13:20.123456");
}

TEST_F(MariaValues, ATimeBeyondTheCalendarIsRefused)
{
    make("DATETIME(6)");
    for (auto const moment : {std::int64_t{253'402'300'800'000'000},
                              std::int64_t{-62'135'596'800'000'001},
                              highest,
                              lowest})
        EXPECT_EQ(error_of([&] { run(*on_, "INSERT INTO t(a) VALUES(?)", at(moment)); }).code(),
                  errc::constraint_violated)
            << moment;
}

TEST_F(MariaValues, ADateIsItsMidnight)
{
    EXPECT_EQ(answer("DATE'2024-02-29'").get(), at(1'709'164'800'000'000));
    EXPECT_EQ(answer("DATE'2024-02-29'").get().kind(), value_kind::time);
}

TEST_F(MariaValues, ASumOfIntegersIsAnInteger)
{
    make("BIGINT");
    run(*on_, "INSERT INTO t(a) VALUES(?), (?)", integer(highest), integer(-7));
    EXPECT_EQ(answer("(SELECT SUM(a) FROM t)").get(), integer(highest - 7));
    EXPECT_EQ(answer("(SELECT COUNT(*) FROM t)").get(), integer(2));
    EXPECT_EQ(answer("CAST(-3 AS DECIMAL(10,0))").get(), integer(-3));
}

TEST_F(MariaValues, ADecimalWithFractionIsTheNearestReal)
{
    EXPECT_EQ(answer("CAST(0.1 AS DECIMAL(10,2))").get(), value{0.1});
    EXPECT_EQ(answer("(SELECT AVG(x) FROM (SELECT 1 AS x UNION SELECT 2) AS y)").get(), value{1.5});
}

TEST_F(MariaValues, TextOfOtherKindsIsText)
{
    make("ENUM('red', 'green')");
    survives(text("green"), value_kind::text);
    make("SET('a', 'b')");
    survives(text("a,b"), value_kind::text);
    make("JSON");
    survives(text("{\"a\": 1}"), value_kind::text);
    make("UUID");
    survives(text("123e4567-e89b-12d3-a456-426655440000"), value_kind::text);
    EXPECT_EQ(answer("CONCAT('a', 1)").get(), text("a1"));
    EXPECT_TRUE(answer("NULL").get().is_null());
}

TEST_F(MariaValues, WhatCannotBeRepresentedNamesTheColumn)
{
    run(*on_, "SET sql_mode = ''");
    make("DATETIME");
    run(*on_, "INSERT INTO t(a) VALUES('0000-00-00')");
    auto const names_it = [&](std::string const& expression) {
        auto const e = error_of([&] { static_cast<void>(answer(expression)); });
        EXPECT_EQ(e.code(), errc::backend_failure) << expression;
        EXPECT_NE(std::string_view{e.what()}.find("answer"), std::string_view::npos) << e.what();
    };
    names_it("CAST(18446744073709551615 AS UNSIGNED)");
    names_it("CAST(9223372036854775808 AS DECIMAL(30,0))");
    names_it("b'1111111111111111111111111111111111111111111111111111111111111111' + 0");
    names_it("TIME'10:11:12'");
    names_it("ST_GeomFromText('POINT(1 1)')");
    names_it("(SELECT a FROM t)");
    EXPECT_EQ(number(*on_, "SELECT 1"), 1) << "the connection is as before";
}

TEST_F(MariaValues, NullsChangeNothingOfAParametersType)
{
    make("BIGINT");
    auto const insert = on_->prepare("INSERT INTO t(a) VALUES(?)");
    for (value const v : {value{}, integer(1), value{}, integer(2), text("3"), value{}, value{4.0}})
        EXPECT_EQ(insert->execute(std::array{v}), 1);
    EXPECT_EQ(number(*on_, "SELECT SUM(a) * 10 + SUM(a IS NULL) FROM t"), 103);
}

TEST_F(MariaValues, ARowLongerThanTheOneBeforeIsWhole)
{
    make("LONGTEXT");
    auto const insert = on_->prepare("INSERT INTO t(a) VALUES(?)");
    std::string const lengths[] = {
        "short", std::string(1000, 'a'), "", std::string(300, 'b'), std::string(100'000, 'c')};
    for (auto const& each : lengths)
        insert->execute(std::array{text(each)});
    insert->execute(std::array{value{}});
    auto const read = on_->prepare("SELECT a, id FROM t ORDER BY id");
    auto row = read->first({});
    std::int64_t number = 0;
    for (auto const& each : lengths) {
        ASSERT_EQ(row.size(), 2U);
        EXPECT_EQ(row[0].text(), each);
        EXPECT_EQ(row[1].integer(), ++number);
        row = read->next();
    }
    ASSERT_EQ(row.size(), 2U);
    EXPECT_TRUE(row[0].is_null());
    EXPECT_TRUE(read->next().empty());
    EXPECT_EQ(read->column_count(), 2U);
    EXPECT_EQ(read->column_name(1), "id");
    EXPECT_THROW(static_cast<void>(read->column_name(2)), std::out_of_range);
}

TEST_F(MariaValues, SeveralLongValuesOfARowAreAllThere)
{
    auto const on = open();
    auto const read = on->prepare("SELECT REPEAT('x', ?), NULL, REPEAT('y', ?), 7, REPEAT('z', 3)");
    for (std::int64_t const length : {10, 100'000, 1'000'000, 20}) {
        std::array const lengths{value{length}, value{length}};
        auto const row = read->first(lengths);
        ASSERT_EQ(row.size(), 5U);
        EXPECT_EQ(row[0].text(), std::string(static_cast<std::size_t>(length), 'x'));
        EXPECT_TRUE(row[1].is_null());
        ASSERT_FALSE(row[2].is_null()) << length;
        EXPECT_EQ(row[2].text(), std::string(static_cast<std::size_t>(length), 'y'));
        EXPECT_EQ(row[3].integer(), 7);
        EXPECT_EQ(row[4].text(), "zzz");
    }
}

TEST_F(MariaValues, AnotherNumberOfParametersIsMisuse)
{
    EXPECT_THROW(run(*on_, "SELECT ?"), std::invalid_argument);
    EXPECT_THROW(run(*on_, "SELECT 1", integer(1)), std::invalid_argument);
}

}  // namespace
}  // namespace tiebreak::mariadb
