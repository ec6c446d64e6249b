// The deadlocks that a race reports: an insert that locks the row it refers to makes them, and the
// strategies that take the row itself first make none.
#include "race/catalogue.hpp"
#include "race/race.hpp"
#include "race/verdict.hpp"
#include "support/engines.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace tiebreak::test {

namespace {

class DeadlocksOfARace : public engine_test {
protected:
    // A crowd that is sure to meet on the one coupon, with time enough on a busy machine.
    [[nodiscard]] race::race_options options()
    {
        return {.url = fresh().url(),
                .strategies = {"optimistic", "conditional", "pessimistic", "insert_first"},
                .users = 300,
                .stock = 1000,
                .processes = 1,
                .threads = 20,
                .deadline = std::chrono::minutes{5},
                .level = isolation::read_committed};
    }
};

bool offers_insert_first(race::race_options options)
{
    options.strategies.clear();
    auto const offered = race::chosen(options);
    return std::ranges::find(offered, "insert_first", &race::strategy::name) != offered.end();
}

TEST_P(DeadlocksOfARace, AreThoseOfInsertFirstAlone)
{
    auto const asked = options();
    if (!offers_insert_first(asked))
        GTEST_SKIP() << "this engine lacks insert_first";
    race::race_watcher nobody;
    auto const report = race::run_race(asked, nobody);
    std::map<std::string, std::int64_t> deadlocks;
    for (auto const& result : report.results) {
        auto const name = std::string{result.what.name};
        deadlocks[name] = result.deadlocks;
        EXPECT_EQ(race::verdict_of(result.audit), "exact") << name;
        EXPECT_EQ(result.answers.won, asked.users) << name;
    }
    EXPECT_GT(deadlocks["insert_first"], 0);
    deadlocks.erase("insert_first");
    EXPECT_EQ(deadlocks,
              (std::map<std::string, std::int64_t>{
                  {"conditional", 0}, {"optimistic", 0}, {"pessimistic", 0}}));
}

TIEBREAK_ON_SERVERS(DeadlocksOfARace);

}  // namespace

}  // namespace tiebreak::test
