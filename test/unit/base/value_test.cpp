// Values for people, numbers for plans, names of enumerators.
#include <tiebreak/capability.hpp>
#include <tiebreak/detail/plan.hpp>
#include <tiebreak/value.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace tiebreak {
namespace {

value time_of(std::int64_t us)
{
    return value{time_point{std::chrono::microseconds{us}}};
}

TEST(Value, ReadsAsPeopleWriteIt)
{
    EXPECT_EQ(to_string(value{}), "NULL");
    EXPECT_EQ(to_string(value{true}), "true");
    EXPECT_EQ(to_string(value{false}), "false");
    EXPECT_EQ(to_string(value{std::numeric_limits<std::int64_t>::min()}), "-9223372036854775808");
    EXPECT_EQ(to_string(value{0.1}), "0.1");
    EXPECT_EQ(to_string(value{std::string_view{"a b"}}), "a b");
    blob const three(3);
    EXPECT_EQ(to_string(value{std::span{three}}), "3 bytes");
}

TEST(Value, TimesAreIso8601InUtcWithMicroseconds)
{
    EXPECT_EQ(to_string(time_of(0)), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(to_string(time_of(-1)), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(to_string(time_of(1'709'210'096'123'456)), "2024-02-29T12:34:56.123456Z");
    EXPECT_EQ(to_string(time_of(std::numeric_limits<std::int64_t>::max())),
              "9223372036854775807 us since 1970");
}

TEST(Plan, EveryIndexIsNew)
{
    auto const first = detail::next_plan_index();
    auto const second = detail::next_plan_index();
    EXPECT_NE(first, second);
}

TEST(Capability, NamesAreThoseOfTheSource)
{
    EXPECT_EQ(name_of(capability::row_locks), "row_locks");
    EXPECT_EQ(name_of(capability::statement_timeout), "statement_timeout");
    EXPECT_EQ(name_of(isolation::read_committed), "read_committed");
    EXPECT_EQ(name_of(isolation::serializable), "serializable");
}

}  // namespace
}  // namespace tiebreak
