// All strategies of all scenarios on every server, in small: several stocks, processes and
// isolation levels. `make nightly` races the whole table.
#include "race/race.hpp"
#include "race/verdict.hpp"
#include "support/engines.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace tiebreak::test {

namespace {

using race::scenario_kind;

struct combination {
    std::string name{};
    race::race_options options{};
};

std::vector<combination> const combinations{
    {"CouponsForAFew", {.stock = 13, .processes = 3, .threads = 2}},
    {"CouponsForAll",
     {.stock = 1000, .processes = 2, .threads = 4, .level = isolation::repeatable_read}},
    {"CouponsForAllButOne",
     {.stock = 59, .processes = 2, .threads = 2, .level = isolation::serializable}},
    {"CouponsInThreeAttempts", {.stock = 30, .processes = 2, .threads = 3, .attempts = 3}},
    {"Books", {.scenario = scenario_kind::book, .processes = 3, .threads = 2}},
    {"BooksOfOneProcess",
     {.scenario = scenario_kind::book,
      .processes = 1,
      .threads = 5,
      .level = isolation::repeatable_read}},
    {"BooksInSeries",
     {.scenario = scenario_kind::book,
      .processes = 2,
      .threads = 2,
      .level = isolation::serializable}},
    {"Tickets", {.scenario = scenario_kind::ticket, .processes = 5, .threads = 1}},
    {"TicketsInOneAttempt",
     {.scenario = scenario_kind::ticket, .processes = 2, .threads = 3, .attempts = 1}},
    {"TicketsInSeries",
     {.scenario = scenario_kind::ticket,
      .processes = 3,
      .threads = 2,
      .level = isolation::serializable}},
    {"Runs", {.scenario = scenario_kind::run, .processes = 3, .threads = 2}},
    {"RunsOnSnapshots",
     {.scenario = scenario_kind::run,
      .processes = 2,
      .threads = 3,
      .level = isolation::repeatable_read}},
};

// Small enough for every machine; too small for a control to be sure to break something.
std::int64_t users_of(scenario_kind scenario)
{
    switch (scenario) {
    case scenario_kind::coupon: return 60;
    case scenario_kind::book: return 40;
    case scenario_kind::ticket: return 12;
    case scenario_kind::run: break;
    }
    return 24;
}

struct race_case {
    engine_case engine{};
    combination what{};
};

void PrintTo(race_case const& of, std::ostream* out)
{
    *out << of.what.name << " on " << of.engine.name;
}

class EveryServer : public testing::TestWithParam<race_case> {};

TEST_P(EveryServer, KeepsThePromisesOfAllStrategies)
{
    if (GetParam().engine.url.empty())
        GTEST_FAIL() << "no " << GetParam().engine.name << " server is named, and all are required";
    fresh_database const fresh(GetParam().engine);
    auto options = GetParam().what.options;
    options.users = users_of(options.scenario);
    options.url = fresh.url();
    race::race_watcher nobody;
    auto const report = race::run_race(options, nobody);
    EXPECT_GE(report.results.size(), 2U);
    for (auto const& result : report.results) {
        std::string notes;
        for (auto const& note : result.notes)
            notes += "\n" + note;
        EXPECT_TRUE(race::kept(result))
            << result.what.name << ": " << race::verdict_of(result.audit) << notes;
        auto const& answers = result.answers;
        EXPECT_EQ(answers.won + answers.refused + answers.replayed + answers.failed,
                  answers.requests)
            << result.what.name << notes;
    }
    EXPECT_EQ(race::exit_code_of(report), 0);
}

std::vector<race_case> cases()
{
    std::vector<race_case> all;
    for (auto const& engine : servers())
        for (auto const& each : combinations)
            all.push_back({engine, each});
    return all;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryServer);
INSTANTIATE_TEST_SUITE_P(races, EveryServer, testing::ValuesIn(cases()), [](auto const& one) {
    return one.param.what.name + "_" + one.param.engine.name;
});

}  // namespace

}  // namespace tiebreak::test
