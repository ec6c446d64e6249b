// Numbers and grids as people read them.
#include "race/grid.hpp"
#include "race/words.hpp"

#include <gtest/gtest.h>

namespace tiebreak::race {

namespace {

TEST(Words, NumbersHaveThousandsApart)
{
    EXPECT_EQ(number_text(0), "0");
    EXPECT_EQ(number_text(999), "999");
    EXPECT_EQ(number_text(1'000), "1,000");
    EXPECT_EQ(number_text(-1'234'567), "-1,234,567");
    EXPECT_EQ(number_text(-123), "-123");
}

TEST(Words, DurationsHaveTheUnitThatFits)
{
    EXPECT_EQ(duration_text(0), "0 µs");
    EXPECT_EQ(duration_text(999), "999 µs");
    EXPECT_EQ(duration_text(1'250), "1.2 ms");
    EXPECT_EQ(duration_text(25'400), "25 ms");
    EXPECT_EQ(duration_text(2'345'000), "2.35 s");
    EXPECT_EQ(duration_text(65'000'000), "65.0 s");
}

TEST(Words, DamageIsNamedInTheWordsOfTheScenario)
{
    EXPECT_EQ(damage_text({}, scenario_kind::coupon), "nothing");
    EXPECT_EQ(damage_text({.lost_updates = 1}, scenario_kind::book), "1 lost line");
    EXPECT_EQ(damage_text({.oversold = 2, .duplicates = 3}, scenario_kind::ticket),
              "2 approved twice, 3 charged twice");
}

TEST(Words, PerOrderCountsAreMostFrequentFirst)
{
    EXPECT_EQ(per_order_text({{"0/5/0", 3}, {"1/4/0", 90}, {"2/3/0", 7}}),
              "1/4/0 × 90, 2/3/0 × 7, 0/5/0 × 3");
    EXPECT_EQ(per_order_text({{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}}), "d × 4, c × 3, b × 2 …");
}

TEST(Words, TheContestIsOneSentence)
{
    EXPECT_EQ(contest_text({.users = 1, .stock = 1}), "1 member asks at once for 1 coupon");
    EXPECT_EQ(contest_text({.scenario = scenario_kind::ticket}),
              "500 orders are approved five times at once each");
}

TEST(Words, SettingsNameWhatTheProviderDoesWrong)
{
    auto const text =
        settings_text({.scenario = scenario_kind::ticket, .faults = {.drop_reply_rate = 0.125}});
    EXPECT_NE(text.find("the provider loses 12.5 % of replies"), std::string::npos);
}

grid numbers()
{
    return {.columns = {{.heading = "name"},
                        {.heading = "µs", .right = true},
                        {.heading = "hidden", .shown = false},
                        {.heading = "rest", .dispensable = 1}},
            .rows = {{{"a"}, {"10"}, {"x"}, {"long text"}}, {{"bcdef"}, {"7"}, {"x"}, {"-"}}}};
}

TEST(Grid, AlignsByWhatIsSeenNotByBytes)
{
    EXPECT_EQ(laid_out(numbers(), false),
              "name   µs  rest\n"
              "a      10  long text\n"
              "bcdef   7  -\n");
}

TEST(Grid, HidesWhatIsDispensableWhenItGetsNarrow)
{
    auto what = numbers();
    EXPECT_FALSE(fit(what, 20));
    EXPECT_TRUE(fit(what, 19));
    EXPECT_EQ(laid_out(what, false), "name   µs\na      10\nbcdef   7\n");
    EXPECT_FALSE(fit(what, 3)) << "nothing is left to hide";
}

}  // namespace

}  // namespace tiebreak::race
