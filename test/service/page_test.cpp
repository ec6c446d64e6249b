// The page at `/`: what it says, what it keeps to itself, and that it loads nothing from elsewhere.
#include "service/api_test.hpp"
#include "service/counted_routes.hpp"
#include "service/http/metrics.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace tiebreak::test {

namespace {

using namespace service;

class Page : public api_test {
protected:
    void SetUp() override
    {
        api_test::SetUp();
        app().counted = &counted_;
        app().page = {.version = "1.2.3", .engine = "made up 7"};
    }

    [[nodiscard]] raw_response get_page(std::string const& path = "/")
    {
        return raw_client(port()).ask(get(path)).value_or(raw_response{});
    }

    [[nodiscard]] bool says(std::string_view text)
    {
        return get_page().body.find(text) != std::string::npos;
    }

private:
    http::metrics counted_;
};

TEST_P(Page, SaysWhatRunsHere)
{
    app().name = "till-7";
    app().decide.tickets = systems::tickets::strategy::unique_claim;
    auto const page = get_page();
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    for (auto const* const fact : {"till-7", "1.2.3", "made up 7", "tickets unique_claim"})
        EXPECT_NE(page.body.find(fact), std::string::npos) << fact;
    EXPECT_EQ(page.body.find("{{"), std::string::npos);
    EXPECT_EQ(page.body.find("lose updates on purpose"), std::string::npos);
}

TEST_P(Page, SaysThatItIsALab)
{
    app().page.is_lab = true;
    EXPECT_TRUE(says("lose updates on purpose"));
}

TEST_P(Page, ShowsTheDatabaseWithoutItsPassword)
{
    EXPECT_TRUE(says(db().shown_url().substr(0, db().shown_url().find('?'))));
    EXPECT_FALSE(says(":tiebreak@"));
}

TEST_P(Page, WithTokensShowsNeitherTheDatabaseNorRaces)
{
    api::tenants const tokens(api::make_token("acme").line);
    app().tokens = &tokens;
    app().page.reports = "/";
    EXPECT_EQ(get_page().status, 200);
    EXPECT_FALSE(says(db().shown_url()));
    EXPECT_FALSE(says("acme"));
    EXPECT_TRUE(says("None to show"));
}

TEST_P(Page, LoadsItsOwnStyleAndScriptAndNothingElse)
{
    auto const page = get_page();
    auto const policy = page.header("Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; "));
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(page.body.find("style="), std::string::npos);
    EXPECT_EQ(page.body.find("http://"), page.body.find("https://"));
    std::size_t links = 0;
    for (auto const* const attribute : {"href=\"", "src=\""})
        for (auto at = page.body.find(attribute); at != std::string::npos;
             at = page.body.find(attribute, at + 1)) {
            auto const start = page.body.find('"', at) + 1;
            auto const target = page.body.substr(start, page.body.find('"', start) - start);
            if (target == "data:,")
                continue;
            EXPECT_EQ(get_page(target).status, 200) << target;
            ++links;
        }
    EXPECT_GE(links, 6);
    EXPECT_EQ(get_page("/page.css").header("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(get_page("/page.js").header("Content-Type"), "text/javascript; charset=utf-8");
}

TEST_P(Page, CountsMove)
{
    auto const count = [&](char const* name) { return ask("GET", "/status").integer(name); };
    auto const before = count("requests");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(ask("GET", "/ping").status(), 200);
    // A request is counted after its answer.
    while (count("requests") < before + 4)
        std::this_thread::yield();
    EXPECT_GE(count("in_flight"), 1) << "itself, and perhaps one whose answer was just written";
    auto const now = ask("GET", "/status");
    EXPECT_EQ(now.text("database"), "ready");
    EXPECT_GE(now.json.at("pool").at("most").as_int64(), 1);
    EXPECT_TRUE(says("<dd id=\"requests\">"));
}

TEST_P(Page, EscapesWhatItWasTold)
{
    app().name = "<b>&\"'{{facts}}";
    EXPECT_TRUE(says("&lt;b&gt;&amp;&quot;&#39;{{facts}}"));
    EXPECT_FALSE(says("<b>"));
}

TEST_P(Page, ShowsReportsOfRacesAndPassesOverOtherFiles)
{
    temporary_folder folder;
    app().page.reports = folder.path();
    EXPECT_TRUE(says("no report in the folder yet"));
    EXPECT_TRUE(says("tiebreak race --json"));
    std::ofstream(folder.file("a.json"))
        << R"({"scenario":"coupon","engine":"sqlite","engine_version":"3.40","users":500,)"
        << R"("processes":4,"results":[)"
        << R"({"strategy":"conditional","verdict":"exact","promise":"exact"},)"
        << R"({"strategy":"<naive>","verdict":"lost_updates","promise":"none"}]})";
    std::ofstream(folder.file("b.json")) << "{";
    std::ofstream(folder.file("c.json")) << R"({"scenario":"secret"})";
    std::ofstream(folder.file("d.txt")) << "secret";
    EXPECT_TRUE(says("coupon, 500 users, 4 processes"));
    EXPECT_TRUE(says("<li class=\"exact\">conditional ✓</li>"));
    EXPECT_TRUE(says("<li class=\"control\">&lt;naive&gt;: lost_updates</li>"));
    EXPECT_FALSE(says("secret"));
}

TIEBREAK_ON_ALL_ENGINES(Page);

}  // namespace

}  // namespace tiebreak::test
