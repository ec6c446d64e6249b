// The database server is killed and started again, twice, while real processes race on it: every
// request gets an answer, and what was answered is what the rows say.
#include "race/race.hpp"
#include "race/verdict.hpp"
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/private_server.hpp"

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <string>

namespace tiebreak::test {

namespace {

using race::race_options;
using race::scenario_kind;

constexpr int restarts_of_a_race = 2;

// TIEBREAK_RACE_SIZE makes the races so many times as long.
std::int64_t size_of_race()
{
    char const* const text = std::getenv("TIEBREAK_RACE_SIZE");
    return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

// Ends the server as a crash would at a third and at two thirds of each strategy's race.
class crashing final : public race::race_watcher {
public:
    explicit crashing(private_server& server) : server_(server) {}

    void started(race::strategy const&, std::size_t, std::size_t) override { restarts_ = 0; }

    void advanced(std::int64_t answered, std::int64_t goal) override
    {
        if (restarts_ == restarts_of_a_race ||
            answered < goal * (restarts_ + 1) / (restarts_of_a_race + 1))
            return;
        ++restarts_;
        server_.kill();
        server_.start();
    }

    void finished(race::strategy_result const& result) override
    {
        EXPECT_EQ(restarts_, restarts_of_a_race) << "the race of " << result.what.name;
    }

private:
    private_server& server_;
    int restarts_ = 0;
};

struct race_case {
    engine_case engine{};
    scenario_kind scenario{};
    std::vector<std::string> strategies{};
    std::int64_t users = 0;
};

void PrintTo(race_case const& of, std::ostream* out)
{
    *out << of.engine.name << " " << race::name_of(of.scenario);
}

class RestartedServer : public testing::TestWithParam<race_case> {
protected:
    void SetUp() override
    {
        if (GetParam().engine.url.empty())
            GTEST_FAIL() << "no " << GetParam().engine.name << " server is named, and all are "
                         << "required";
    }

    captured_log log_;
};

std::string notes_of(race::strategy_result const& of)
{
    std::string text;
    for (auto const& note : of.notes)
        text += note + "\n";
    return text;
}

TEST_P(RestartedServer, TwiceInARaceLeavesNothingUnansweredAndNothingWrong)
{
    private_server server(GetParam().engine.name);
    ASSERT_FALSE(server.url().empty());
    race_options const options{.scenario = GetParam().scenario,
                               .url = server.url(),
                               .strategies = GetParam().strategies,
                               .users = GetParam().users * size_of_race(),
                               .stock = GetParam().users * size_of_race() * 2 / 3,
                               .processes = 2,
                               .threads = 4,
                               .deadline = std::chrono::seconds{60}};
    crashing watcher(server);
    auto const report = race::run_race(options, watcher);
    ASSERT_EQ(report.results.size(), options.strategies.size());
    for (auto const& result : report.results) {
        SCOPED_TRACE(std::string{result.what.name} + "\n" + notes_of(result));
        auto const& answers = result.answers;
        EXPECT_EQ(answers.killed, 0);
        EXPECT_EQ(answers.failed, 0);
        EXPECT_EQ(race::verdict_of(result.audit), "exact");
        EXPECT_EQ(race::promise_of(result.what, options), race::promise::exact);
    }
    EXPECT_EQ(race::exit_code_of(report), 0);
}

std::vector<race_case> cases()
{
    std::vector<race_case> all;
    for (auto const& engine : servers()) {
        all.push_back({engine, scenario_kind::coupon, {"optimistic"}, 600});
        all.push_back({engine, scenario_kind::run, {"fenced"}, 200});
        if (size_of_race() == 1)
            continue;  // in the short version the others show the same
        all.push_back({engine, scenario_kind::book, {"pessimistic"}, 300});
        all.push_back({engine, scenario_kind::ticket, {"conditional"}, 60});
    }
    return all;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RestartedServer);
INSTANTIATE_TEST_SUITE_P(race, RestartedServer, testing::ValuesIn(cases()), [](auto const& one) {
    return one.param.engine.name + "_" + std::string{race::name_of(one.param.scenario)};
});

}  // namespace

}  // namespace tiebreak::test
