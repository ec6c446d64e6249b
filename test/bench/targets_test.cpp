// What a benchmark is held to: a ratio above its target fails, noise around it does not.
#include "bench/pairs.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace tiebreak::test {

namespace {

bench::result measured(std::string name, double low, double median, double high, double target)
{
    return {.name = std::move(name),
            .engine = "sqlite",
            .ratio = median,
            .ratio_low = low,
            .ratio_high = high,
            .target = target};
}

struct judgement {
    int exit_code = -1;
    std::string said{};
};

judgement of(std::vector<bench::result> const& all)
{
    std::ostringstream said;
    int const exit_code = bench::judge(all, said);
    return {exit_code, said.str()};
}

TEST(BenchmarkTarget, IsMetByTheMedian)
{
    auto const judged = of({measured("find", 1.02, 1.10, 1.30, 1.10)});
    EXPECT_EQ(judged.exit_code, 0);
    EXPECT_EQ(judged.said, "");
}

TEST(BenchmarkTarget, WithinTheSpreadIsNotMissed)
{
    auto const near = measured("find", 1.084, 1.112, 1.133, 1.10);
    EXPECT_EQ(bench::standing_of(near), bench::standing::unclear);
    EXPECT_EQ(of({near}).exit_code, 0);
}

TEST(BenchmarkTarget, BelowTheWholeSpreadIsMissedAndNamed)
{
    auto const judged = of({measured("find", 1.02, 1.05, 1.10, 1.10),
                            measured("change", 1.181, 1.212, 1.243, 1.15),
                            measured("insert", 0.75, 0.80, 0.85, 0.70)});
    EXPECT_EQ(judged.exit_code, 1);
    EXPECT_EQ(judged.said,
              "above the target: change on sqlite (1.181..1.243, at most 1.150), insert on sqlite "
              "(0.750..0.850, at most 0.700)\n");
}

TEST(BenchmarkTarget, ThatIsNotSetCannotBeMissed)
{
    EXPECT_EQ(of({measured("find", 8, 9, 10, 0)}).exit_code, 0);
}

}  // namespace

}  // namespace tiebreak::test
