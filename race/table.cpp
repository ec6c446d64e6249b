// The table on the terminal: at a glance who broke what, then how fast, then how to read it.
#include "race/grid.hpp"
#include "race/report.hpp"
#include "race/verdict.hpp"
#include "race/words.hpp"

#include <algorithm>
#include <functional>

namespace tiebreak::race {

namespace {

tint tint_of(judgement::mood how) noexcept
{
    switch (how) {
    case judgement::mood::good: return tint::good;
    case judgement::mood::bad: return tint::bad;
    case judgement::mood::expected: break;
    }
    return tint::warning;
}

bool any(race_report const& report, std::function<bool(strategy_result const&)> const& has)
{
    return std::ranges::any_of(report.results, has);
}

// One line for each column; `line_of` below has the cells in the same order.
std::vector<column> columns_of(race_report const& report)
{
    bool const refused = any(report, [](auto const& each) { return each.answers.refused > 0; });
    bool const replayed = any(report, [](auto const& each) { return each.answers.replayed > 0; });
    bool const killed = any(report, [](auto const& each) { return each.answers.killed > 0; });
    bool const failed = any(report, [](auto const& each) { return each.answers.failed > 0; });
    bool const deadlocks = any(report, [](auto const& each) { return each.deadlocks > 0; });
    bool const per_order = any(report, [](auto const& each) { return !each.per_order.empty(); });
    return {
        {.heading = "strategy"},
        {.heading = "promise", .dispensable = 3},
        {.heading = "won", .right = true},
        {.heading = "refused", .right = true, .shown = refused},
        {.heading = "replayed", .right = true, .shown = replayed, .dispensable = 5},
        {.heading = "killed", .right = true, .shown = killed, .dispensable = 5},
        {.heading = "failed", .right = true, .dispensable = failed ? 0 : 4},
        {.heading = "what broke"},
        {.heading = "each order's five", .shown = per_order, .dispensable = 2},
        {.heading = "retries", .right = true, .dispensable = 7},
        {.heading = "deadlocks", .right = true, .shown = deadlocks, .dispensable = 6},
        {.heading = "decisions/s", .right = true, .dispensable = 1},
        {.heading = "p50", .right = true, .dispensable = 1},
        {.heading = "p95", .right = true, .dispensable = 8},
        {.heading = "p99", .right = true, .dispensable = 9},
        {.heading = "max", .right = true, .dispensable = 2},
        {.heading = "verdict"},
    };
}

std::vector<cell> line_of(strategy_result const& result, race_options const& options)
{
    auto const verdict = judge(result, options);
    auto const colour = tint_of(verdict.how);
    bool const control = result.promised == promise::none;
    bool const whole = result.audit == audit_counts{};
    auto const& answers = result.answers;
    auto const& latency = result.latency;
    auto const rate = static_cast<std::int64_t>(result.decisions_per_s);
    return {
        {std::string{result.what.name}, tint::strong},
        {control ? "control" : std::string{name_of(result.promised)}, tint::faint},
        {number_text(answers.won)},
        {number_text(answers.refused)},
        {number_text(answers.replayed)},
        {number_text(answers.killed)},
        {number_text(answers.failed), answers.failed > 0 ? tint::warning : tint::none},
        {damage_text(result.audit, options.scenario), whole ? tint::faint : colour},
        {per_order_text(result.per_order)},
        {number_text(result.retries)},
        {number_text(result.deadlocks)},
        {number_text(rate)},
        {duration_text(latency.p50_us)},
        {duration_text(latency.p95_us)},
        {duration_text(latency.p99_us)},
        {duration_text(latency.max_us)},
        {std::string{verdict.text}, colour},
    };
}

std::string notes_of(race_report const& report)
{
    std::string text;
    for (auto const& result : report.results)
        for (auto const& note : result.notes)
            text += std::string{result.what.name} + ": " + note + '\n';
    return text.empty() ? text : text + '\n';
}

std::string reading_help(race_report const& report, bool hidden)
{
    auto const scenario = report.options.scenario;
    std::string text = std::string{answers_text(scenario)} + ".\n";
    if (scenario == scenario_kind::ticket)
        text += "Each order's five: approved/refused/failed, and how many orders ended so.\n";
    text += "What broke is counted in the rows afterwards. ";
    if (any(report, [](auto const& each) { return each.promised == promise::none; }))
        text += "Controls are ordinary code and must be seen to break.";
    else
        text += "It is compared with what each client was told.";
    bool const deadlocks = any(report, [](auto const& each) { return each.deadlocks > 0; });
    if (deadlocks && report.options.level > isolation::read_committed)
        text +=
            "\nDeadlocks: transactions that the engine ended, at this isolation level also what "
            "it could not serialise.";
    if (hidden)
        text += "\nMore columns: in a wider window, with --json or with --html.";
    return text + '\n';
}

std::string ending(race_report const& report)
{
    std::string text;
    if (report.interrupted != 0) {
        text = "Interrupted: " + number_text(std::ssize(report.results)) + " of " +
               number_text(report.entered) + " strategies were raced to the end";
        text += report.cut_short.empty() ? "" : "; stopped in " + report.cut_short;
        text += report.left_behind.empty() ? ". What was made for the race is removed.\n" : ".\n";
    }
    for (auto const& name : report.left_behind)
        text += "kept: " + name + '\n';
    return text;
}

}  // namespace

std::string to_table(race_report const& report, table_style style)
{
    auto const title = "Race " + std::string{name_of(report.options.scenario)} + ": " +
                       contest_text(report.options) + ".";
    auto text = painted(title, tint::strong, style.colour) + "\n\n";
    if (!report.results.empty()) {
        grid lines{.columns = columns_of(report)};
        for (auto const& result : report.results)
            lines.rows.push_back(line_of(result, report.options));
        bool const hidden = fit(lines, style.width_max);
        text += laid_out(lines, style.colour) + '\n' + notes_of(report);
        text += painted(reading_help(report, hidden), tint::faint, style.colour);
    }
    auto const settings = settings_text(report.options) + ".\n" + engine_text(report) + ".\n";
    text += painted(settings, tint::faint, style.colour);
    return text + ending(report);
}

}  // namespace tiebreak::race
