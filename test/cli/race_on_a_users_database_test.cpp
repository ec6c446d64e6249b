// What a race may do to a user's database: make and remove its own tables, and nothing else.
#include "cli/started_program.hpp"
#include "support/engines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::test {

namespace {

using texts = std::vector<std::string>;

bool is_a_races(std::string_view table)
{
    return table.starts_with("tiebreak_race_");
}

// By the engine's own catalogue.
std::string_view query_for_tables(std::string_view engine)
{
    if (engine == "sqlite")
        return "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
               "'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    if (engine == "postgresql")
        return "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() "
               "ORDER BY tablename";
    return "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
           "ORDER BY table_name";
}

// Nothing here keeps a connection while a program runs.
class RaceOnAUsersDatabase : public engine_test {
protected:
    [[nodiscard]] texts tables()
    {
        auto in = fresh().open({.connections_max = 1});
        return in.read(
            [&](snapshot& view) { return view.query<std::string>(query_for_tables(in.engine())); });
    }

    void execute(std::string_view statement)
    {
        fresh().open({.connections_max = 1}).execute(statement);
    }

    [[nodiscard]] texts race(texts const& more = {}, int users = 20, int stock = 5)
    {
        texts words{"race",
                    "--db",
                    fresh().url(),
                    "--strategy",
                    "conditional",
                    "--threads",
                    "2",
                    "--users",
                    std::to_string(users),
                    "--stock",
                    std::to_string(stock)};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    // To be ended wherever it is: two minutes, nearly all of thinking.
    [[nodiscard]] texts long_race() { return race({"--think", "200"}, 5'000, 5'000); }

    // The user's, with a row that says whose it is.
    void make_table(std::string const& name)
    {
        execute("CREATE TABLE " + name + " (id INTEGER PRIMARY KEY, mine TEXT)");
        execute("INSERT INTO " + name + " (id, mine) VALUES (1, 'keep this')");
    }

    void expect_untouched(std::string const& name)
    {
        auto in = fresh().open({.connections_max = 1});
        auto const rows = in.read(
            [&](snapshot& view) { return view.query<std::string>("SELECT mine FROM " + name); });
        EXPECT_EQ(rows, texts{"keep this"}) << name;
    }
};

TEST_P(RaceOnAUsersDatabase, LeavesItAsItWas)
{
    make_table("coupons");
    auto const answer = run_program(race());
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(tables(), texts{"coupons"});
    expect_untouched("coupons");
}

TEST_P(RaceOnAUsersDatabase, KeepsItsTablesWhenAskedAndRemovesThemNextTime)
{
    make_table("coupons");
    auto const kept = run_program(race({"--keep"}));
    EXPECT_EQ(kept.exit_code, 0) << kept.err;
    auto left = tables();
    EXPECT_EQ(std::erase(left, "coupons"), 1U);
    EXPECT_TRUE(std::ranges::all_of(left, is_a_races));
    EXPECT_FALSE(left.empty());
    EXPECT_TRUE(contains(kept.out, "kept: tiebreak_race_")) << kept.out;
    for (auto const& name : left)
        EXPECT_TRUE(contains(kept.out, name)) << name << ": " << kept.out;
    EXPECT_EQ(run_program(race()).exit_code, 0);
    EXPECT_EQ(tables(), texts{"coupons"});
    expect_untouched("coupons");
}

TEST_P(RaceOnAUsersDatabase, RefusesTablesOfItsNameWithoutItsMark)
{
    // One that the race would make itself, and one that it would take for the library's.
    for (std::string const name : {"tiebreak_race_members", "tiebreak_race_tiebreak_notes"}) {
        make_table(name);
        auto const answer = run_program(race());
        EXPECT_EQ(answer.exit_code, 2) << name;
        EXPECT_EQ(lines_in(answer.err), 1U);
        EXPECT_TRUE(contains(answer.err, name + " that this program did not make")) << answer.err;
        EXPECT_EQ(tables(), texts{name});
        expect_untouched(name);
        execute("DROP TABLE " + name);
    }
}

TEST_P(RaceOnAUsersDatabase, ASecondRaceIsRefusedWhileOneRuns)
{
    make_table("coupons");
    started_program first(long_race());
    first.wait_for_children(4);
    auto const second = run_program(race());
    EXPECT_EQ(second.exit_code, 2);
    EXPECT_TRUE(contains(second.err,
                         "process " + std::to_string(first.id()) + " is racing on this database"))
        << second.err;
    auto while_racing = tables();
    EXPECT_EQ(std::erase(while_racing, "coupons"), 1U);
    EXPECT_TRUE(std::ranges::all_of(while_racing, is_a_races));
    EXPECT_FALSE(while_racing.empty()) << "the second race took the tables of the first";
    first.send(SIGINT);
    EXPECT_EQ(first.wait().exit_code, 128 + SIGINT);
    EXPECT_EQ(tables(), texts{"coupons"});
    expect_untouched("coupons");
}

TEST_P(RaceOnAUsersDatabase, WhatAKilledRaceLeftIsTakenOver)
{
    fresh().allow_leftovers();
    make_table("coupons");
    {
        started_program killed(long_race());
        killed.wait_for_children(4);
        killed.send(SIGKILL);
        EXPECT_EQ(killed.wait().exit_code, -SIGKILL);
    }
    EXPECT_GT(tables().size(), 1U);
    auto const answer = run_program(race());
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(tables(), texts{"coupons"});
    expect_untouched("coupons");
}

TIEBREAK_ON_SHARED_ENGINES(RaceOnAUsersDatabase);

}  // namespace

}  // namespace tiebreak::test
