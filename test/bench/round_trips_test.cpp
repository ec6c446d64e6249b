// The library waits for a server as often as an expert's own code does, and no more.
#include "bench/micro/contest.hpp"
#include "bench/round_trips.hpp"
#include "support/engines.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tiebreak::test {

namespace {

struct trips {
    int bare = 0;
    int library = 0;

    bool operator==(trips const&) const = default;
};

void PrintTo(trips const& of, std::ostream* out)
{
    *out << "bare " << of.bare << ", library " << of.library;
}

class RoundTrips : public testing::TestWithParam<engine_case> {
protected:
    // Of one operation of a benchmark, when everything is prepared.
    trips of(std::string_view name)
    {
        auto const all = bench::benchmarks();
        auto const one = std::ranges::find(all, name, &bench::benchmark::name);
        EXPECT_NE(one, all.end()) << name;
        one->bare(on_, 1);
        one->library(on_, 1);
        return {.bare = bench::round_trips([&] { one->bare(on_, 1); }),
                .library = bench::round_trips([&] { one->library(on_, 1); })};
    }

private:
    fresh_database fresh_{GetParam()};
    bench::contest on_{fresh_.url()};
};

TEST_P(RoundTrips, OfFindChangeAndCommitAreThoseOfTheBareClient)
{
    EXPECT_EQ(of("managed-find-change-commit"), (trips{.bare = 3, .library = 3}));
    EXPECT_EQ(of("managed-find-by-unique"), (trips{.bare = 3, .library = 3}));
}

TEST_P(RoundTrips, AreFewerThanOfAClientThatWaitsForBegin)
{
    EXPECT_EQ(of("same-against-four-round-trips"), (trips{.bare = 4, .library = 3}));
}

TEST_P(RoundTrips, OfAnInsertAreTwo)
{
    EXPECT_EQ(of("managed-insert"), (trips{.bare = 2, .library = 2}));
}

TEST_P(RoundTrips, DoNotGrowWithTheNumberOfChangedEntities)
{
    EXPECT_EQ(of("managed-10-entities-one-query"), (trips{.bare = 13, .library = 3}));
    EXPECT_EQ(of("managed-100-entities-one-query"), (trips{.bare = 103, .library = 3}));
}

TIEBREAK_ON_SERVERS(RoundTrips);

}  // namespace

}  // namespace tiebreak::test
