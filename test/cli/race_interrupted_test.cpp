// A race that is interrupted or loses a racer.
#include "cli/started_program.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

namespace tiebreak::test {

namespace {

// Long enough to be interrupted wherever it is.
std::vector<std::string> const long_race{
    "race", "--users", "100000", "--stock", "100000", "--json", "-", "--strategy", "conditional"};

TEST(RaceInterrupted, CtrlCEndsTheChildrenCleansUpAndSaysWhatWasDone)
{
    started_program race(long_race);
    race.wait_for_children(4);
    auto const children = race.children();
    race.send(SIGINT);
    auto const answer = race.wait();
    EXPECT_EQ(answer.exit_code, 128 + SIGINT);
    EXPECT_NE(answer.err.find("Interrupted: 0 of 1 strategies"), std::string::npos) << answer.err;
    EXPECT_NE(answer.out.find("\"interrupted\":true"), std::string::npos);
    EXPECT_EQ(race.left_behind(), std::vector<std::string>{});
    for (auto const child : children)
        EXPECT_NE(::kill(child, 0), 0) << "a racer outlived the race";
}

TEST(RaceInterrupted, CtrlCWhileWorkersArePausedEndsThemToo)
{
    started_program race({"race", "run", "--users", "2000", "--pause", "--strategy", "fenced"});
    race.wait_for_children(4);
    race.send(SIGINT);
    EXPECT_EQ(race.wait().exit_code, 128 + SIGINT);
    EXPECT_EQ(race.left_behind(), std::vector<std::string>{});
}

TEST(RaceInterrupted, AKilledRacerTakesOnlyItsOwnRequestsAlong)
{
    started_program race({"race",
                          "--users",
                          "3000",
                          "--stock",
                          "1000",
                          "--strategy",
                          "optimistic",
                          "--json",
                          "-",
                          "--quiet"});
    race.wait_for_children(4);
    auto const children = race.children();
    ASSERT_GE(children.size(), 4U);
    ::kill(children.front(), SIGKILL);
    auto const answer = race.wait();
    EXPECT_EQ(answer.exit_code, 0) << answer.out << answer.err;
    auto const whole = boost::json::parse(answer.out);
    auto const& result = whole.at("results").at(0);
    EXPECT_EQ(result.at("verdict"), "exact") << answer.out;
    EXPECT_LE(result.at("killed").as_int64(), 8);
    EXPECT_EQ(result.at("requests"), 3000);
    EXPECT_NE(answer.out.find("ended by signal 9"), std::string::npos) << answer.out;
}

}  // namespace

}  // namespace tiebreak::test
