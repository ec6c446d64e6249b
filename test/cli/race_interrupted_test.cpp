// A race that is interrupted or loses a racer, and what it may do to a user's database.
#include <tiebreak/database.hpp>

#include "cli/started_program.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace tiebreak::test {

namespace {

std::vector<std::string> tables_of(std::string const& url)
{
    database db(url);
    return db.read([](snapshot& view) {
        return view.query<std::string>("SELECT name FROM sqlite_master WHERE type = 'table' AND "
                                       "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
    });
}

std::vector<std::string> race_on(std::string const& url, std::vector<std::string> more = {})
{
    std::vector<std::string> words{
        "race", "--db", url, "--users", "20", "--stock", "5", "--strategy", "conditional"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

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

TEST(RaceOnAUsersDatabase, LeavesItAsItWas)
{
    temporary_folder const folder;
    auto const url = "sqlite:" + folder.file("shop.db");
    database(url).execute("CREATE TABLE coupons (id INTEGER PRIMARY KEY, mine TEXT)");
    database(url).execute("INSERT INTO coupons (mine) VALUES ('keep this')");
    auto const answer = run_program(race_on(url));
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(tables_of(url), std::vector<std::string>{"coupons"});
    database db(url);
    auto const rows =
        db.read([](snapshot& view) { return view.query<std::string>("SELECT mine FROM coupons"); });
    EXPECT_EQ(rows, std::vector<std::string>{"keep this"});
}

TEST(RaceOnAUsersDatabase, KeepsItsTablesWhenAskedAndRemovesThemNextTime)
{
    temporary_folder const folder;
    auto const url = "sqlite:" + folder.file("shop.db");
    auto const kept = run_program(race_on(url, {"--keep"}));
    EXPECT_EQ(kept.exit_code, 0) << kept.err;
    EXPECT_NE(kept.out.find("kept: tiebreak_race_coupons"), std::string::npos) << kept.out;
    auto const tables = tables_of(url);
    EXPECT_TRUE(std::ranges::all_of(
        tables, [](std::string const& name) { return name.starts_with("tiebreak_race_"); }));
    EXPECT_FALSE(tables.empty());
    EXPECT_EQ(run_program(race_on(url)).exit_code, 0);
    EXPECT_EQ(tables_of(url), std::vector<std::string>{});
}

TEST(RaceOnAUsersDatabase, RefusesTablesOfItsNameWithoutItsMark)
{
    temporary_folder const folder;
    auto const url = "sqlite:" + folder.file("shop.db");
    database(url).execute("CREATE TABLE tiebreak_race_members (mine TEXT)");
    auto const answer = run_program(race_on(url));
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(lines_in(answer.err), 1U);
    EXPECT_NE(answer.err.find("tiebreak_race_members"), std::string::npos) << answer.err;
    EXPECT_EQ(tables_of(url), std::vector<std::string>{"tiebreak_race_members"});
}

TEST(RaceOnAUsersDatabase, ASecondRaceIsRefusedWhileOneRuns)
{
    temporary_folder const folder;
    auto const url = "sqlite:" + folder.file("shop.db");
    started_program first({"race",
                           "--db",
                           url,
                           "--users",
                           "100000",
                           "--stock",
                           "100000",
                           "--strategy",
                           "conditional"});
    first.wait_for_children(4);
    auto const second = run_program(race_on(url));
    EXPECT_EQ(second.exit_code, 2);
    EXPECT_NE(second.err.find("is racing on this database"), std::string::npos) << second.err;
    first.send(SIGINT);
    EXPECT_EQ(first.wait().exit_code, 128 + SIGINT);
    EXPECT_EQ(tables_of(url), std::vector<std::string>{});
}

TEST(RaceOnAUsersDatabase, WhatAKilledRaceLeftIsTakenOver)
{
    temporary_folder const folder;
    auto const url = "sqlite:" + folder.file("shop.db");
    {
        started_program killed({"race",
                                "--db",
                                url,
                                "--users",
                                "100000",
                                "--stock",
                                "100000",
                                "--strategy",
                                "conditional"});
        killed.wait_for_children(4);
        killed.send(SIGKILL);
        EXPECT_EQ(killed.wait().exit_code, -SIGKILL);
    }
    EXPECT_FALSE(tables_of(url).empty());
    auto const answer = run_program(race_on(url));
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(tables_of(url), std::vector<std::string>{});
}

}  // namespace

}  // namespace tiebreak::test
