// What is promised under which options, what breaks a promise, and the exit code.
#include "race/verdict.hpp"

#include <gtest/gtest.h>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

constexpr strategy decider{.name = "optimistic"};
constexpr strategy control{.name = "naive", .kind = strategy_kind::control};

race_options with(scenario_kind scenario)
{
    return {.scenario = scenario};
}

strategy_result result_with(promise promised, audit_counts const& audit, std::int64_t failed = 0)
{
    strategy_result result{.promised = promised, .audit = audit};
    result.answers = {.requests = 500, .won = 500 - failed, .failed = failed};
    return result;
}

int exit_code(strategy_result const& result, race_options const& options = {})
{
    return exit_code_of({.options = options, .results = {result}});
}

TEST(Promise, IsExactByDefault)
{
    for (auto const scenario :
         {scenario_kind::coupon, scenario_kind::book, scenario_kind::ticket, scenario_kind::run})
        EXPECT_EQ(promise_of(decider, with(scenario)), promise::exact);
}

TEST(Promise, OfAControlIsNoneWhateverTheOptions)
{
    auto options = with(scenario_kind::coupon);
    EXPECT_EQ(promise_of(control, options), promise::none);
    options.attempts = 3;
    EXPECT_EQ(promise_of(control, options), promise::none);
}

TEST(Promise, IsSafeWithLimitedAttempts)
{
    for (auto const scenario : {scenario_kind::coupon, scenario_kind::book, scenario_kind::run}) {
        auto options = with(scenario);
        options.attempts = 3;
        EXPECT_EQ(promise_of(decider, options), promise::safe);
    }
}

TEST(Promise, IsSafeWithADeadlineShorterThanTheDefault)
{
    auto options = with(scenario_kind::coupon);
    options.deadline = 9'999ms;
    EXPECT_EQ(promise_of(decider, options), promise::safe);
    options.deadline = 10'000ms;
    EXPECT_EQ(promise_of(decider, options), promise::exact);
    options.think = 5ms;  // the default is now longer
    EXPECT_EQ(default_deadline(options), 15s);
    EXPECT_EQ(promise_of(decider, options), promise::safe);
}

TEST(Promise, OfTicketsStaysExactWithAttemptsAndRefusals)
{
    auto options = with(scenario_kind::ticket);
    options.attempts = 1;
    options.faults.decline_rate = 0.5;
    EXPECT_EQ(promise_of(decider, options), promise::exact);
}

TEST(Promise, OfTicketsIsSafeWithErrorsOrLostReplies)
{
    auto options = with(scenario_kind::ticket);
    options.faults.error_rate = 0.1;
    EXPECT_EQ(promise_of(decider, options), promise::safe);
    options.faults = {.drop_reply_rate = 0.1};
    EXPECT_EQ(promise_of(decider, options), promise::safe);
}

TEST(Verdict, IsExactOrNamesWhatIsNotZero)
{
    EXPECT_EQ(verdict_of({}), "exact");
    EXPECT_EQ(verdict_of({.unfilled = 3}), "unfilled");
    EXPECT_EQ(verdict_of({.lost_updates = 1, .oversold = 2, .unfilled = 3, .duplicates = 4}),
              "lost_updates,oversold,unfilled,duplicates");
}

TEST(Verdict, ExactIsBrokenByAnyAuditNumberAndByAFailure)
{
    EXPECT_TRUE(kept(result_with(promise::exact, {})));
    EXPECT_FALSE(kept(result_with(promise::exact, {.lost_updates = 1})));
    EXPECT_FALSE(kept(result_with(promise::exact, {.oversold = 1})));
    EXPECT_FALSE(kept(result_with(promise::exact, {.unfilled = 1})));
    EXPECT_FALSE(kept(result_with(promise::exact, {.duplicates = 1})));
    EXPECT_FALSE(kept(result_with(promise::exact, {}, 1)));
}

TEST(Verdict, SafeAllowsFailuresAndLeftoversOnly)
{
    EXPECT_TRUE(kept(result_with(promise::safe, {.unfilled = 5}, 40)));
    EXPECT_FALSE(kept(result_with(promise::safe, {.lost_updates = 1})));
    EXPECT_FALSE(kept(result_with(promise::safe, {.oversold = 1})));
    EXPECT_FALSE(kept(result_with(promise::safe, {.duplicates = 1})));
}

TEST(ExitCode, IsOneWhenAPromiseWasBroken)
{
    EXPECT_EQ(exit_code(result_with(promise::exact, {})), 0);
    EXPECT_EQ(exit_code(result_with(promise::exact, {.unfilled = 1})), 1);
    EXPECT_EQ(exit_code(result_with(promise::safe, {.unfilled = 1})), 0);
}

TEST(ExitCode, IsOneWhenAControlBrokeNothing)
{
    EXPECT_EQ(exit_code(result_with(promise::none, {.lost_updates = 1})), 0);
    EXPECT_EQ(exit_code(result_with(promise::none, {})), 1);
    EXPECT_EQ(exit_code(result_with(promise::none, {}, 5)), 1);
}

TEST(ExitCode, ExpectsNothingOfAControlWithoutRivalsOrWithFewRequests)
{
    EXPECT_EQ(exit_code(result_with(promise::none, {}), {.processes = 1}), 0);
    auto few = result_with(promise::none, {});
    few.answers = {.requests = 99, .won = 99};
    EXPECT_EQ(exit_code(few), 0);
    few.answers = {.requests = 100, .won = 100};
    EXPECT_EQ(exit_code(few), 1);
}

TEST(ExitCode, CountsEveryStrategy)
{
    race_report report{.results = {result_with(promise::none, {.lost_updates = 1}),
                                   result_with(promise::exact, {})}};
    EXPECT_EQ(exit_code_of(report), 0);
    report.results.push_back(result_with(promise::exact, {.duplicates = 1}));
    EXPECT_EQ(exit_code_of(report), 1);
}

}  // namespace

}  // namespace tiebreak::race
