// The three faces of a race: JSON to the letter, a table for every width, HTML that loads nothing.
#include "race/report.hpp"
#include "race/verdict.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace tiebreak::race {

namespace {

namespace json = boost::json;

race_report sample()
{
    strategy_result control{
        .what = {.name = "naive", .kind = strategy_kind::control, .text = "hopes"},
        .promised = promise::none,
        .answers = {.requests = 500, .won = 500},
        .audit = {.lost_updates = 1272, .oversold = 400},
        .elapsed_us = 500'250,
        .decisions_per_s = 999.5,
        .latency = {.p50_us = 950, .p95_us = 12'345, .p99_us = 20'000, .max_us = 1'500'000}};
    strategy_result exact{.what = {.name = "optimistic", .text = "checks"},
                          .promised = promise::exact,
                          .answers = {.requests = 500, .won = 100, .refused = 400},
                          .conflicts = 330,
                          .retries = 329,
                          .elapsed_us = 100'000,
                          .decisions_per_s = 5'000};
    return {.engine = "sqlite",
            .engine_version = "3.40.1",
            .flush_us = 812,
            .entered = 2,
            .results = {control, exact}};
}

json::object parsed(race_report const& report)
{
    return json::parse(to_json(report)).as_object();
}

std::vector<std::string> keys_of(json::object const& from)
{
    std::vector<std::string> keys;
    for (auto const& each : from)
        keys.emplace_back(each.key());
    return keys;
}

bool contains(std::string const& text, std::string_view what)
{
    return text.find(what) != std::string::npos;
}

std::size_t longest_line(std::string const& text)
{
    std::istringstream lines(text);
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line) && !line.starts_with("won:");)
        longest = std::max(longest, line.size());
    return longest;
}

TEST(Json, HasTheDocumentedFieldsInTheirOrder)
{
    auto const whole = parsed(sample());
    auto const keys = keys_of(whole);
    std::vector<std::string> const expected{"scenario",
                                            "engine",
                                            "engine_version",
                                            "isolation",
                                            "users",
                                            "stock",
                                            "processes",
                                            "threads",
                                            "attempts",
                                            "think_ms",
                                            "seed",
                                            "flush_us"};
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), keys.begin()));
    EXPECT_EQ(whole.at("scenario"), "coupon");
    EXPECT_EQ(whole.at("users"), 500);
    EXPECT_EQ(whole.at("flush_us"), 812);
}

TEST(Json, HasAResultForEachStrategy)
{
    auto const results = parsed(sample()).at("results").as_array();
    ASSERT_EQ(results.size(), 2U);
    auto const& control = results[0].as_object();
    std::vector<std::string> const expected{"strategy",
                                            "promise",
                                            "requests",
                                            "won",
                                            "refused",
                                            "replayed",
                                            "killed",
                                            "failed",
                                            "conflicts",
                                            "retries",
                                            "deadlocks",
                                            "lost_updates",
                                            "oversold",
                                            "unfilled",
                                            "duplicates",
                                            "elapsed_ms",
                                            "decisions_per_s",
                                            "latency_ms",
                                            "verdict"};
    auto const keys = keys_of(control);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), keys.begin()));
    EXPECT_EQ(control.at("promise"), "none");
    EXPECT_EQ(control.at("verdict"), "lost_updates,oversold");
    EXPECT_EQ(control.at("elapsed_ms"), 500.25);
    EXPECT_EQ(control.at("latency_ms").at("p95"), 12.345);
    EXPECT_EQ(keys_of(control.at("latency_ms").as_object()),
              (std::vector<std::string>{"p50", "p95", "p99", "max"}));
    EXPECT_EQ(results[1].at("verdict"), "exact");
}

TEST(Table, NamesWhoBrokeWhatAndWhoKeptTheirPromise)
{
    auto const table = to_table(sample(), {});
    EXPECT_TRUE(contains(table, "500 members ask at once for 100 coupons"));
    EXPECT_TRUE(contains(table, "1,272 lost updates, 400 oversold"));
    EXPECT_TRUE(contains(table, "broken, as expected"));
    EXPECT_TRUE(contains(table, "one flush to this disk takes 812 µs"));
    EXPECT_FALSE(contains(table, "\x1b["));
    EXPECT_FALSE(contains(table, "replayed")) << "columns of zeros are left out";
}

TEST(Table, SaysAloudWhenAPromiseIsBroken)
{
    auto report = sample();
    report.results[1].audit.unfilled = 3;
    EXPECT_TRUE(contains(to_table(report, {}), "PROMISE BROKEN"));
    report.results[0].audit = {};
    EXPECT_TRUE(contains(to_table(report, {}), "INVALID"));
}

TEST(Table, HasColoursOnlyWhenAsked)
{
    EXPECT_TRUE(contains(to_table(sample(), {.colour = true}), "\x1b[32m"));
}

TEST(Table, LeavesColumnsOutInANarrowWindow)
{
    EXPECT_GT(longest_line(to_table(sample(), {})), 120U);
    auto const narrow = to_table(sample(), {.width_max = 90});
    EXPECT_LE(longest_line(narrow), 90U);
    EXPECT_TRUE(contains(narrow, "More columns"));
    for (auto const* kept : {"strategy", "won", "what broke", "verdict"})
        EXPECT_TRUE(contains(narrow, kept));
}

TEST(Table, OfAnInterruptedRaceSaysWhatWasDone)
{
    auto report = sample();
    report.results.pop_back();
    report.interrupted = 2;
    report.cut_short = "optimistic after 213 requests";
    auto const table = to_table(report, {});
    EXPECT_TRUE(contains(table, "1 of 2 strategies"));
    EXPECT_TRUE(contains(table, "stopped in optimistic after 213 requests"));
}

TEST(Html, IsOneFileThatLoadsNothing)
{
    auto const page = to_html(sample());
    EXPECT_TRUE(contains(page, "Chart.js"));
    EXPECT_FALSE(contains(page, "/*@"));
    EXPECT_FALSE(contains(page, "<link"));
    EXPECT_FALSE(contains(page, " src="));
    EXPECT_FALSE(contains(page, "@import"));
    EXPECT_TRUE(contains(page, "\"strategy\":\"optimistic\""));
}

TEST(Html, TextCannotEndItsScript)
{
    auto report = sample();
    report.shown_url = "sqlite:</script><script>alert(1)</script>.db";
    auto const page = to_html(report);
    EXPECT_FALSE(contains(page, "<script>alert"));
    EXPECT_TRUE(contains(page, "\\u003c/script>"));
}

}  // namespace

}  // namespace tiebreak::race
