// Which strategies take part, which are refused and why; and impossible numbers.
#include "race/catalogue.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace tiebreak::race {

namespace {

std::vector<std::string> names_of(race_options const& options)
{
    std::vector<std::string> names;
    for (auto const& each : chosen(options))
        names.emplace_back(each.name);
    return names;
}

// The text of the refusal; empty when there was none.
std::string refusal_of(std::function<void()> const& what)
{
    try {
        what();
    } catch (cannot_race const& refused) {
        return refused.what();
    }
    return {};
}

std::string refusal(race_options const& options)
{
    return refusal_of([&] { (void)chosen(options); });
}

std::string wrong(race_options const& options)
{
    return refusal_of([&] { check(options); });
}

using names = std::vector<std::string>;

TEST(Catalogue, EveryScenarioRacesItsControlsFirst)
{
    EXPECT_EQ(names_of({}),
              (names{"naive", "in_process", "optimistic", "conditional", "pessimistic"}));
    EXPECT_EQ(names_of({.scenario = scenario_kind::book}),
              (names{"naive", "in_process", "optimistic", "pessimistic"}));
    EXPECT_EQ(names_of({.scenario = scenario_kind::ticket}),
              (names{"naive",
                     "in_process",
                     "conditional",
                     "unique_claim",
                     "optimistic",
                     "pessimistic",
                     "pessimistic_where",
                     "idempotency_sql"}));
    EXPECT_EQ(names_of({.scenario = scenario_kind::ticket, .redis = "redis://h"}).size(), 10U);
    EXPECT_EQ(names_of({.scenario = scenario_kind::run}), (names{"fenced", "two_phase"}));
    EXPECT_EQ(names_of({.scenario = scenario_kind::run, .pause = true}),
              (names{"unfenced", "fenced", "two_phase"}));
}

TEST(Catalogue, ControlsNeedRivals)
{
    EXPECT_EQ(names_of({.processes = 1}),
              (names{"naive", "optimistic", "conditional", "pessimistic"}));
    EXPECT_EQ(names_of({.processes = 1, .threads = 1}),
              (names{"optimistic", "conditional", "pessimistic"}));
    EXPECT_NE(refusal({.strategies = {"naive"}, .processes = 1, .threads = 1}), "");
    EXPECT_NE(refusal({.strategies = {"in_process"}, .processes = 1}), "");
    EXPECT_NE(refusal({.scenario = scenario_kind::run, .strategies = {"unfenced"}}), "");
}

TEST(Catalogue, NamesAreTakenInTheOrderGiven)
{
    EXPECT_EQ(names_of({.strategies = {"pessimistic", "naive"}}), (names{"pessimistic", "naive"}));
    EXPECT_EQ(names_of({.strategies = {"all"}}), names_of({}));
}

TEST(Catalogue, WhatIsMissingSaysSo)
{
    EXPECT_NE(refusal({.strategies = {"insert_first"}}).find("MariaDB"), std::string::npos);
    EXPECT_NE(refusal({.strategies = {"combined"}}).find("later release"), std::string::npos);
    for (auto const* name : {"idempotency_redis", "redis_cas"}) {
        race_options ticket{.scenario = scenario_kind::ticket, .strategies = {name}};
        EXPECT_NE(refusal(ticket).find("--redis"), std::string::npos);
        ticket.redis = "redis://127.0.0.1";
        EXPECT_EQ(refusal(ticket), "");
    }
    EXPECT_EQ(refusal({.scenario = scenario_kind::ticket, .strategies = {"idempotency_sql"}}), "");
}

TEST(RaceOptions, RedisIsForTickets)
{
    EXPECT_NE(wrong({.redis = "redis://127.0.0.1"}).find("--redis"), std::string::npos);
    EXPECT_EQ(wrong({.scenario = scenario_kind::ticket, .redis = "redis://127.0.0.1"}), "");
    EXPECT_EQ(redis_url_of({.redis = "redis://h"}, "redis_cas", "/tmp/race-x"),
              "redis://h?key_prefix=tiebreak:race-x:redis_cas:");
    EXPECT_EQ(redis_url_of({.redis = "redis://h?db=1"}, "redis_cas", "/tmp/race-x"),
              "redis://h?db=1&key_prefix=tiebreak:race-x:redis_cas:");
}

TEST(Catalogue, UnknownAndRepeatedNamesAreRefused)
{
    EXPECT_NE(refusal({.strategies = {"hopeful"}}).find("pessimistic"), std::string::npos);
    EXPECT_NE(refusal({.strategies = {"optimistic", "optimistic"}}), "");
    EXPECT_NE(refusal({.strategies = {"all", "optimistic"}}), "");
    EXPECT_NE(refusal({.strategies = {""}}), "");
}

TEST(RaceOptions, ImpossibleNumbersNameTheFlag)
{
    using namespace std::chrono_literals;
    EXPECT_EQ(wrong({}), "");
    EXPECT_NE(wrong({.users = 0}).find("--users"), std::string::npos);
    EXPECT_NE(wrong({.users = 1'000'001}).find("--users"), std::string::npos);
    EXPECT_NE(wrong({.stock = 0}).find("--stock"), std::string::npos);
    EXPECT_NE(wrong({.processes = 0}).find("--processes"), std::string::npos);
    EXPECT_NE(wrong({.threads = -1}).find("--threads"), std::string::npos);
    EXPECT_NE(wrong({.processes = 256, .threads = 256}).find("--threads"), std::string::npos);
    EXPECT_NE(wrong({.attempts = -1}).find("--attempts"), std::string::npos);
    EXPECT_NE(wrong({.deadline = 0ms}).find("--deadline"), std::string::npos);
    EXPECT_NE(wrong({.think = -1ms}).find("--think"), std::string::npos);
}

TEST(RaceOptions, FlagsOfOneScenarioAreRefusedInOthers)
{
    EXPECT_NE(wrong({.kill = true}).find("race run"), std::string::npos);
    EXPECT_NE(wrong({.scenario = scenario_kind::book, .pause = true}).find("race run"),
              std::string::npos);
    EXPECT_NE(wrong({.faults = {.error_rate = 0.1}}).find("race ticket"), std::string::npos);
    EXPECT_EQ(wrong({.scenario = scenario_kind::ticket, .faults = {.error_rate = 0.1}}), "");
    EXPECT_NE(wrong({.scenario = scenario_kind::ticket, .faults = {.error_rate = 1.1}}), "");
}

}  // namespace

}  // namespace tiebreak::race
