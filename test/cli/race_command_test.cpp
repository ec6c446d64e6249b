// `tiebreak race` from end to end: real processes, its answers, and its exit codes.
#include "cli/program.hpp"
#include "support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

namespace tiebreak::test {

namespace {

namespace json = boost::json;

struct raced {
    int exit_code = -1;
    std::map<std::string, json::object> results{};
    std::string err{};
};

raced race(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), "race");
    for (auto const* each : {"--json", "-", "--quiet"})
        arguments.emplace_back(each);
    auto const answer = run_program(arguments);
    raced result{.exit_code = answer.exit_code, .err = answer.err};
    json::error_code wrong;
    auto const whole = json::parse(answer.out, wrong);
    EXPECT_FALSE(wrong) << answer.out << answer.err;
    if (wrong)
        return result;
    for (auto const& each : whole.at("results").as_array())
        result.results[std::string{each.at("strategy").as_string()}] = each.as_object();
    return result;
}

std::int64_t number(json::object const& result, char const* field)
{
    return result.at(field).as_int64();
}

// What always holds, and what `exact` promises.
void expect_whole(json::object const& result)
{
    EXPECT_EQ(number(result, "won") + number(result, "refused") + number(result, "replayed") +
                  number(result, "killed") + number(result, "failed"),
              number(result, "requests"))
        << json::serialize(result);
}

void expect_exact(json::object const& result)
{
    expect_whole(result);
    EXPECT_EQ(result.at("promise"), "exact");
    EXPECT_EQ(result.at("verdict"), "exact") << json::serialize(result);
    EXPECT_EQ(number(result, "failed"), 0) << json::serialize(result);
}

void expect_broken(json::object const& result)
{
    expect_whole(result);
    EXPECT_EQ(result.at("promise"), "none");
    EXPECT_NE(result.at("verdict"), "exact") << json::serialize(result);
}

TEST(RaceCommand, CouponsAreIssuedExactlyAndControlsBreak)
{
    auto const done = race({"coupon", "--users", "60", "--stock", "20", "--processes", "4"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    EXPECT_EQ(done.err, "");
    ASSERT_EQ(done.results.size(), 5U);
    for (auto const* name : {"optimistic", "conditional", "pessimistic"}) {
        auto const& result = done.results.at(name);
        expect_exact(result);
        EXPECT_EQ(number(result, "requests"), 60);
        EXPECT_EQ(number(result, "won"), 20);
        EXPECT_EQ(number(result, "refused"), 40);
    }
    expect_broken(done.results.at("naive"));
    expect_broken(done.results.at("in_process"));
}

TEST(RaceCommand, EverybodyGetsOneWhenThereIsEnough)
{
    auto const done = race({"--users", "50", "--stock", "1000", "--strategy", "conditional"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    expect_exact(done.results.at("conditional"));
    EXPECT_EQ(number(done.results.at("conditional"), "won"), 50);
}

TEST(RaceCommand, LimitedAttemptsAreSafeAndSaySo)
{
    auto const done = race({"--users",
                            "100",
                            "--stock",
                            "90",
                            "--attempts",
                            "1",
                            "--think",
                            "2",
                            "--strategy",
                            "optimistic"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    auto const& result = done.results.at("optimistic");
    expect_whole(result);
    EXPECT_EQ(result.at("promise"), "safe");
    EXPECT_GT(number(result, "failed"), 0);
    EXPECT_EQ(number(result, "lost_updates"), 0);
    EXPECT_EQ(number(result, "oversold"), 0);
    EXPECT_EQ(number(result, "duplicates"), 0);
}

TEST(RaceCommand, OverHttpThePromisesAreTheSame)
{
    auto const raced_over = [](std::vector<std::string> arguments) {
        for (auto const* each : {"--via", "http", "--processes", "2", "--threads", "4"})
            arguments.emplace_back(each);
        auto done = race(std::move(arguments));
        EXPECT_EQ(done.exit_code, 0) << done.err;
        return done;
    };
    auto const coupons = raced_over({"coupon", "--users", "40", "--stock", "10"});
    for (auto const* name : {"optimistic", "conditional", "pessimistic"}) {
        expect_exact(coupons.results.at(name));
        EXPECT_EQ(number(coupons.results.at(name), "won"), 10);
    }
    expect_broken(coupons.results.at("naive"));
    auto const books = raced_over({"book", "--users", "30", "--strategy", "optimistic"});
    EXPECT_EQ(number(books.results.at("optimistic"), "won"), 30);
    auto const tickets = raced_over(
        {"ticket", "--users", "10", "--strategy", "conditional,optimistic,unique_claim"});
    for (auto const& [name, result] : tickets.results) {
        expect_exact(result);
        EXPECT_EQ(result.at("per_order").as_object(), (json::object{{"1/4/0", 10}})) << name;
    }
    auto const runs = raced_over({"run", "--users", "20"});
    expect_exact(runs.results.at("fenced"));
    expect_exact(runs.results.at("two_phase"));
}

TEST(RaceCommand, ServersThatAreKilledLeaveEveryOrderPaidOnceOrNotAtAll)
{
    auto const done = race({"ticket",
                            "--via",
                            "http",
                            "--users",
                            "40",
                            "--processes",
                            "3",
                            "--kill",
                            "--latency-ms",
                            "50..200",
                            "--strategy",
                            "conditional"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    auto const& result = done.results.at("conditional");
    expect_whole(result);
    EXPECT_EQ(number(result, "oversold"), 0);
    EXPECT_EQ(number(result, "duplicates"), 0);
    EXPECT_EQ(number(result, "lost_updates"), 0);
    EXPECT_EQ(result.at("promise"), "safe");
}

TEST(RaceCommand, EveryLineOfABookStays)
{
    auto const done = race({"book", "--users", "60"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    for (auto const* name : {"optimistic", "pessimistic"}) {
        expect_exact(done.results.at(name));
        EXPECT_EQ(number(done.results.at(name), "won"), 60);
    }
    expect_broken(done.results.at("naive"));
    expect_broken(done.results.at("in_process"));
}

TEST(RaceCommand, EveryOrderIsApprovedOnceAndChargedOnce)
{
    auto const done = race({"ticket", "--users", "25", "--think", "5"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    for (auto const* name :
         {"conditional", "unique_claim", "optimistic", "pessimistic", "pessimistic_where"}) {
        auto const& result = done.results.at(name);
        expect_exact(result);
        EXPECT_EQ(result.at("per_order").as_object(), (json::object{{"1/4/0", 25}}));
    }
    expect_broken(done.results.at("naive"));
    expect_broken(done.results.at("in_process"));
}

TEST(RaceCommand, OneAttemptIsEnoughForATicket)
{
    auto const done =
        race({"ticket", "--users", "20", "--attempts", "1", "--strategy", "optimistic"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    expect_exact(done.results.at("optimistic"));
    EXPECT_EQ(number(done.results.at("optimistic"), "won"), 20);
}

TEST(RaceCommand, APaymentProviderInTroubleCostsApprovalsAndNothingElse)
{
    auto const done = race({"ticket",
                            "--users",
                            "40",
                            "--decline-rate",
                            "0.2",
                            "--error-rate",
                            "0.2",
                            "--drop-reply-rate",
                            "0.2",
                            "--strategy",
                            "conditional,unique_claim,optimistic,pessimistic,pessimistic_where"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    for (auto const& [name, result] : done.results) {
        expect_whole(result);
        EXPECT_EQ(result.at("promise"), "safe");
        EXPECT_EQ(result.at("verdict"), "exact") << json::serialize(result);
        EXPECT_GT(number(result, "failed"), 0) << name;
    }
}

TEST(RaceCommand, KilledWorkersLoseNoRunAndPayNoneTwice)
{
    auto const done = race({"run", "--users", "120", "--kill"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    for (auto const* name : {"fenced", "two_phase"}) {
        auto const& result = done.results.at(name);
        expect_exact(result);
        EXPECT_GT(number(result, "killed"), 0);
    }
}

TEST(RaceCommand, APausedWorkerChangesNothingUnlessItIsUnfenced)
{
    auto const done = race({"run", "--users", "120", "--pause"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    expect_exact(done.results.at("fenced"));
    expect_exact(done.results.at("two_phase"));
    expect_broken(done.results.at("unfenced"));
    EXPECT_GT(number(done.results.at("unfenced"), "lost_updates"), 0);
}

TEST(RaceCommand, OneProcessCanRaceInMemory)
{
    auto const done = race({"--db",
                            "sqlite::memory:",
                            "--processes",
                            "1",
                            "--users",
                            "40",
                            "--stock",
                            "10",
                            "--strategy",
                            "optimistic"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    expect_exact(done.results.at("optimistic"));
    EXPECT_EQ(done.err, "");
}

TEST(RaceCommand, WritesAReportThatNeedsNoOtherFile)
{
    temporary_folder const folder;
    auto const path = folder.file("report.html");
    auto const answer = run_program(
        {"race", "book", "--users", "10", "--strategy", "optimistic", "--quiet", "--html", path});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.out, "");
    std::ifstream file(path);
    std::stringstream page;
    page << file.rdbuf();
    EXPECT_NE(page.str().find("10 clients add a line each"), std::string::npos);
}

TEST(RaceCommand, ShowsATableWithoutColoursInAPipe)
{
    auto const answer =
        run_program({"race", "--users", "10", "--stock", "5", "--strategy", "conditional"});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_NE(answer.out.find("conditional"), std::string::npos);
    EXPECT_EQ(answer.out.find('\x1b'), std::string::npos);
    EXPECT_EQ(answer.err, "") << "no progress line where nobody sees it";
}

}  // namespace

}  // namespace tiebreak::test
