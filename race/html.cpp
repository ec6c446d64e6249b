// The race as one HTML file: the page, with Chart.js and the race's data inside.
#include "race/page.hpp"
#include "race/report.hpp"
#include "race/verdict.hpp"
#include "race/words.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace tiebreak::race {

namespace {

namespace json = boost::json;

json::string text(std::string_view from)
{
    return json::string(from.data(), from.size());
}

std::string_view name_of(judgement::mood how) noexcept
{
    switch (how) {
    case judgement::mood::good: return "good";
    case judgement::mood::bad: return "bad";
    case judgement::mood::expected: break;
    }
    return "expected";
}

double milliseconds(std::int64_t microseconds)
{
    return static_cast<double>(microseconds) / 1e3;
}

constexpr auto figure_names = {
    "won", "refused", "failed", "retries", "decisions/s", "p50", "p95", "p99", "slowest"};

json::array figures_of(strategy_result const& from)
{
    json::array figures;
    for (auto const number : {from.answers.won,
                              from.answers.refused + from.answers.replayed,
                              from.answers.failed,
                              from.retries,
                              static_cast<std::int64_t>(from.decisions_per_s)})
        figures.emplace_back(text(number_text(number)));
    for (auto const us :
         {from.latency.p50_us, from.latency.p95_us, from.latency.p99_us, from.latency.max_us})
        figures.emplace_back(text(duration_text(us)));
    return figures;
}

json::object result_of(strategy_result const& from, race_options const& options)
{
    auto const verdict = judge(from, options);
    return {{"strategy", text(from.what.name)},
            {"text", text(from.what.text)},
            {"control", from.promised == promise::none},
            {"judgement", text(verdict.text)},
            {"mood", text(name_of(verdict.how))},
            {"damage", text(damage_text(from.audit, options.scenario))},
            {"lost_updates", from.audit.lost_updates},
            {"oversold", from.audit.oversold},
            {"unfilled", from.audit.unfilled},
            {"duplicates", from.audit.duplicates},
            {"won", from.answers.won},
            {"refused", from.answers.refused},
            {"replayed", from.answers.replayed},
            {"killed", from.answers.killed},
            {"failed", from.answers.failed},
            {"decisions_per_s", from.decisions_per_s},
            {"p50", milliseconds(from.latency.p50_us)},
            {"p95", milliseconds(from.latency.p95_us)},
            {"p99", milliseconds(from.latency.p99_us)},
            {"max", milliseconds(from.latency.max_us)},
            {"figures", figures_of(from)}};
}

std::string answer_text(race_report const& report)
{
    std::int64_t held = 0;
    std::int64_t broken = 0;
    std::int64_t controls = 0;
    for (auto const& each : report.results) {
        if (each.promised == promise::none)
            ++controls;
        else
            ++(kept(each) ? held : broken);
    }
    auto const of = std::to_string(held + broken);
    auto answer = broken == 0 ? "All " + of + " strategies that promise something kept it."
                              : std::to_string(broken) + " of " + of +
                                    " strategies that promise something broke it.";
    if (controls > 0 && exit_code_of(report) == 0)
        answer += " The controls, ordinary code, broke the data on the same machine in the same "
                  "race.";
    else if (controls > 0 && broken == 0)
        answer =
            "A control broke nothing, so this race proves nothing. Race again, with more users "
            "or processes.";
    if (report.interrupted != 0)
        answer += " The race was interrupted before its end.";
    return answer;
}

std::string flush_text(race_report const& report)
{
    if (report.flush_us == 0)
        return "Nothing is flushed: the database is in memory.";
    return "Every commit waits until the disk has it. One flush took " +
           duration_text(report.flush_us) +
           " here, the median beside the database file. It bounds how many commits a second there "
           "can be, so compare figures only with figures of the same disk.";
}

json::object data_of(race_report const& report)
{
    json::array results;
    json::array notes;
    for (auto const& result : report.results) {
        results.emplace_back(result_of(result, report.options));
        if (!result.per_order.empty())
            notes.emplace_back(text(std::string{result.what.name} +
                                    ": approved/refused/failed of each order's five: " +
                                    per_order_text(result.per_order)));
        for (auto const& note : result.notes)
            notes.emplace_back(text(std::string{result.what.name} + ": " + note));
    }
    json::array damage;
    for (auto const name : damage_names(report.options.scenario))
        damage.emplace_back(text(name));
    json::array columns;
    for (auto const* name : figure_names)
        columns.emplace_back(text(name));
    return {{"scenario", text(name_of(report.options.scenario))},
            {"contest", text(contest_text(report.options))},
            {"setting", text(settings_text(report.options))},
            {"machine", text(engine_text(report))},
            {"answer", text(answer_text(report))},
            {"good", exit_code_of(report) == 0},
            {"meaning", text(answers_text(report.options.scenario))},
            {"flush", text(flush_text(report))},
            {"damage_names", std::move(damage)},
            {"columns", std::move(columns)},
            {"notes", std::move(notes)},
            {"results", std::move(results)}};
}

// JSON inside a script element: no text in it may end the element.
std::string for_script(json::object const& data)
{
    std::string safe;
    for (char const each : json::serialize(data)) {
        if (each == '<')
            safe += "\\u003c";
        else
            safe += each;
    }
    return safe;
}

std::string& put(std::string& page, std::string_view mark, std::string_view what)
{
    return page.replace(page.find(mark), mark.size(), what);
}

}  // namespace

std::string to_html(race_report const& report)
{
    std::string page{page_text()};
    // The data first: Chart.js might contain the mark, the page before it does not.
    put(page, "/*@data@*/", for_script(data_of(report)));
    put(page, "/*@chart.js@*/", chart_js_text());
    return page;
}

}  // namespace tiebreak::race
