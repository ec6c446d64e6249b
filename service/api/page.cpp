// The page at `/`: what runs here and what it has done so far. It shows nothing of any tenant, and
// where tokens are asked for not even where the database is.
#include "service/api/embedded.hpp"
#include "service/api/recent_races.hpp"
#include "service/api/resources.hpp"

#include <utility>
#include <vector>

namespace tiebreak::service::api {

namespace {

using http::request;
using http::request_method;
using http::response;

constexpr auto in_place = http::runs::in_place;
// Its own style and script, and nothing from anywhere else.
constexpr char const* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

std::string escaped(std::string_view text)
{
    std::string made;
    for (char const c : text)
        switch (c) {
        case '&': made += "&amp;"; break;
        case '<': made += "&lt;"; break;
        case '>': made += "&gt;"; break;
        case '"': made += "&quot;"; break;
        case '\'': made += "&#39;"; break;
        default: made += c;
        }
    return made;
}

struct live_counts {
    http::totals sums{};
    std::int64_t in_flight = 0;
    std::int64_t queue = 0;
    pool_use pool{};
    bool is_away = false;
};

live_counts counts_of(application const& app)
{
    live_counts now{.pool = app.db->connections(),
                    .is_away = app.reach != nullptr && app.reach->is_away()};
    if (app.counted == nullptr)
        return now;
    now.sums = app.counted->sums();
    now.in_flight = static_cast<std::int64_t>(app.counted->read_gauge("tiebreak_http_in_flight"));
    now.queue = static_cast<std::int64_t>(app.counted->read_gauge("tiebreak_http_queue"));
    return now;
}

response status(application const& app)
{
    using namespace std::chrono;
    auto const now = counts_of(app);
    auto const up = duration_cast<seconds>(steady_clock::now() - app.page.started);
    return json(200,
                http::json_object{}
                    .add("server", app.name)
                    .add("version", app.page.version)
                    .add("engine", app.page.engine)
                    .add("database", now.is_away ? "away" : "ready")
                    .add("up_s", up.count())
                    .add("requests", now.sums.requests)
                    .add("conflicts", now.sums.conflicts)
                    .add("retries", now.sums.retries)
                    .add("commits", now.sums.commits)
                    .add("rejected", now.sums.rejected)
                    .add("in_flight", now.in_flight)
                    .add("queue", now.queue)
                    .add("pool",
                         http::json_object{}
                             .add("open", now.pool.open)
                             .add("busy", now.pool.busy)
                             .add("waiting", now.pool.waiting)
                             .add("most", now.pool.most)));
}

std::string facts_of(application const& app)
{
    std::string made;
    auto const add = [&](std::string_view name, std::string_view value) {
        made += "<div><dt>" + std::string{name} + "</dt><dd>" + escaped(value) + "</dd></div>\n";
    };
    add("Server", app.name);
    add("Version", app.page.version);
    add("Engine", app.page.engine);
    if (app.tokens == nullptr)
        add("Database", app.db->shown_url());
    add("Who may call", app.tokens == nullptr ? "everybody on this machine" : "holders of a token");
    auto const& how = app.decide;
    add("Decided by",
        "coupons " + std::string{name_of(how.coupons)} + ", books " +
            std::string{name_of(how.books)} + ", tickets " + std::string{name_of(how.tickets)} +
            ", runs " + std::string{name_of(how.runs)});
    if (app.page.is_lab)
        add("Lab", "strategies that lose updates on purpose are allowed here");
    return made;
}

std::string row_of(recent_race const& race)
{
    auto made = "<tr><td class=\"when\">" + escaped(race.when) + "</td><td>" +
                escaped(race.scenario) + ", " + std::to_string(race.users) + " users, " +
                std::to_string(race.processes) + " processes</td><td>" + escaped(race.engine) +
                "</td><td><ul class=\"verdicts\">";
    for (auto const& each : race.results) {
        bool const is_exact = each.verdict == "exact";
        auto const* const kind = is_exact ? "exact" : each.is_control ? "control" : "broken";
        made += std::string{"<li class=\""} + kind + "\">" + escaped(each.strategy) +
                (is_exact ? " ✓" : ": " + escaped(each.verdict)) + "</li>";
    }
    return made + "</ul></td></tr>\n";
}

std::string races_of(application const& app)
{
    if (app.tokens != nullptr || app.page.reports.empty())
        return "<p class=\"note\">None to show. <code>tiebreak race --json DIR/FILE</code> writes "
               "reports, <code>tiebreak serve --reports DIR</code> shows them.</p>\n";
    auto const races = recent_races(app.page.reports);
    if (races.empty())
        return "<p class=\"note\">There is no report in the folder yet; "
               "<code>tiebreak race --json DIR/FILE</code> writes one.</p>\n";
    std::string made = "<div class=\"wide\"><table><thead><tr><th>When (UTC)</th><th>Race</th>"
                       "<th>Engine</th><th>Strategies</th></tr></thead><tbody>\n";
    for (auto const& each : races)
        made += row_of(each);
    return made + "</tbody></table></div>\n";
}

// Puts each text where its name stands in double braces. Nothing that was put in is looked at.
std::string filled_in(std::string_view page,
                      std::vector<std::pair<std::string_view, std::string>> const& texts)
{
    std::string made;
    for (;;) {
        auto const start = page.find("{{");
        auto const end = page.find("}}", start);
        made += page.substr(0, start);
        if (start == std::string_view::npos || end == std::string_view::npos)
            return made;
        auto const name = page.substr(start + 2, end - start - 2);
        for (auto const& [known, text] : texts)
            if (known == name)
                made += text;
        page.remove_prefix(end + 2);
    }
}

response page(application const& app)
{
    auto const now = counts_of(app);
    auto const number = [](std::int64_t of) { return std::to_string(of); };
    auto text =
        filled_in(page_html(),
                  {{"server", escaped(app.name)},
                   {"state", now.is_away ? "away" : "ready"},
                   {"state_text", now.is_away ? "the database is away" : "ready"},
                   {"requests", number(now.sums.requests)},
                   {"conflicts", number(now.sums.conflicts)},
                   {"retries", number(now.sums.retries)},
                   {"commits", number(now.sums.commits)},
                   {"rejected", number(now.sums.rejected)},
                   {"in_flight", number(now.in_flight)},
                   {"queue", number(now.queue)},
                   {"pool", number(now.pool.busy) + " of " + number(now.pool.most) + " busy"},
                   {"facts", facts_of(app)},
                   {"races", races_of(app)}});
    return http::html(200, std::move(text)).set("Content-Security-Policy", page_policy);
}

response file(std::string_view media_type, std::string_view text)
{
    auto made = http::plain_text(200, std::string{text});
    made.content_type = media_type;
    return made;
}

}  // namespace

void add_page(http::router& to, application const& app)
{
    to.add(request_method::get,
           "/",
           [&app](request&) { return page(app); },
           {.where = app.page.reports.empty() ? in_place : http::runs::on_work_thread});
    to.add(request_method::get,
           "/page.css",
           [](request&) { return file("text/css; charset=utf-8", page_css()); },
           {.where = in_place});
    to.add(request_method::get,
           "/page.js",
           [](request&) { return file("text/javascript; charset=utf-8", page_js()); },
           {.where = in_place});
    to.add(request_method::get,
           "/status",
           [&app](request&) { return status(app); },
           {.where = in_place});
}

}  // namespace tiebreak::service::api
