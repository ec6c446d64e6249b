// Percentiles: nearest rank, always a value that was measured.
#include "race/percentiles.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace tiebreak::race {

namespace {

std::vector<std::int64_t> one_to(std::int64_t last)
{
    std::vector<std::int64_t> values(static_cast<std::size_t>(last));
    std::iota(values.begin(), values.end(), 1);
    return values;
}

TEST(Percentiles, OfNothingAreZero)
{
    EXPECT_EQ(percentile({}, 50), 0);
    EXPECT_EQ(summarise({}), latency_summary{});
}

TEST(Percentiles, OfOneValueAreThatValue)
{
    for (double const percent : {0.0, 50.0, 99.0, 100.0})
        EXPECT_EQ(percentile({7}, percent), 7);
}

TEST(Percentiles, TakeTheNearestRank)
{
    auto const hundred = one_to(100);
    EXPECT_EQ(percentile(hundred, 50), 50);
    EXPECT_EQ(percentile(hundred, 95), 95);
    EXPECT_EQ(percentile(hundred, 99), 99);
    EXPECT_EQ(percentile(hundred, 100), 100);
    EXPECT_EQ(percentile(one_to(10), 95), 10);
    EXPECT_EQ(percentile(one_to(3), 50), 2);
}

TEST(Percentiles, SortTheirInput)
{
    EXPECT_EQ(summarise({30, 10, 20}),
              (latency_summary{.p50_us = 20, .p95_us = 30, .p99_us = 30, .max_us = 30}));
}

}  // namespace

}  // namespace tiebreak::race
