// Every row of the breaker's table, by a clock of the test's own.
#include "redis/breaker.hpp"

#include <gtest/gtest.h>

namespace tiebreak::detail {

namespace {

using std::chrono::milliseconds;
using time = breaker::time;

constexpr milliseconds rest{100};

TEST(Breaker, LetsCallsThroughUntilSoManyHaveFailedInARow)
{
    breaker of(3, rest);
    time const now{};
    for (int round = 0; round < 3; ++round) {
        of.failed(now);
        of.failed(now);
        EXPECT_TRUE(of.may_try(now));
        EXPECT_FALSE(of.is_open(now));
        of.succeeded();
    }
    of.failed(now);
    of.failed(now);
    of.failed(now);
    EXPECT_FALSE(of.may_try(now));
    EXPECT_TRUE(of.is_open(now));
}

TEST(Breaker, LetsOneCallTryWhenTheRestIsOver)
{
    breaker of(1, rest);
    time const now{};
    of.failed(now);
    EXPECT_FALSE(of.may_try(now + rest - milliseconds{1}));
    EXPECT_TRUE(of.may_try(now + rest));
    EXPECT_FALSE(of.may_try(now + rest)) << "a second one, while the first tries";
    of.succeeded();
    EXPECT_TRUE(of.may_try(now + rest));
    EXPECT_FALSE(of.is_open(now + rest));
}

TEST(Breaker, RestsAgainWhenThatCallFails)
{
    breaker of(2, rest);
    time const now{};
    of.failed(now);
    of.failed(now);
    EXPECT_TRUE(of.may_try(now + rest));
    of.failed(now + rest);
    EXPECT_FALSE(of.may_try(now + rest + rest - milliseconds{1}));
    EXPECT_TRUE(of.may_try(now + rest + rest));
}

TEST(Breaker, LetsAnotherCallTryWhenOneWithdrew)
{
    breaker of(1, rest);
    time const now{};
    of.failed(now);
    EXPECT_TRUE(of.may_try(now + rest));
    of.withdrew();
    EXPECT_TRUE(of.may_try(now + rest));
}

TEST(Breaker, RestsLongerForCallsThatBeganBefore)
{
    breaker of(1, rest);
    time const now{};
    of.failed(now);
    of.failed(now + milliseconds{50});
    EXPECT_FALSE(of.may_try(now + rest));
    EXPECT_TRUE(of.may_try(now + milliseconds{150}));
}

}  // namespace

}  // namespace tiebreak::detail
