// The table on the terminal: at a glance who broke what, then how fast, then how to read it.
#include "race/report.hpp"
#include "race/words.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tiebreak::race {

namespace {

enum class tint : std::uint8_t { none, good, bad, warning, faint, strong };

struct cell {
    std::string text{};
    tint colour = tint::none;
    bool right = false;  // numbers stand right
};

using row = std::vector<cell>;

// Columns on the terminal: code points, as all we write is one column wide.
std::size_t width_of(std::string const& text)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char each) { return (static_cast<unsigned char>(each) & 0xC0U) != 0x80U; }));
}

std::string painted(std::string const& text, tint colour, bool enabled)
{
    if (!enabled || colour == tint::none)
        return text;
    char const* code = "";
    switch (colour) {
    case tint::good: code = "32"; break;
    case tint::bad: code = "1;31"; break;
    case tint::warning: code = "33"; break;
    case tint::faint: code = "2"; break;
    case tint::strong: code = "1"; break;
    case tint::none: break;
    }
    return "\x1b[" + std::string{code} + "m" + text + "\x1b[0m";
}

tint tint_of(judgement::mood how) noexcept
{
    switch (how) {
    case judgement::mood::good: return tint::good;
    case judgement::mood::bad: return tint::bad;
    case judgement::mood::expected: break;
    }
    return tint::warning;
}

// Columns that would be 0 all the way are left out.
struct shown_columns {
    bool refused = false, replayed = false, killed = false, deadlocks = false;
};

shown_columns columns_of(race_report const& report)
{
    shown_columns shown;
    for (auto const& each : report.results) {
        shown.refused = shown.refused || each.answers.refused > 0;
        shown.replayed = shown.replayed || each.answers.replayed > 0;
        shown.killed = shown.killed || each.answers.killed > 0;
        shown.deadlocks = shown.deadlocks || each.deadlocks > 0;
    }
    return shown;
}

row heading(shown_columns const& shown)
{
    row cells;
    auto const add = [&](char const* text, bool right) {
        cells.push_back({text, tint::strong, right});
    };
    add("strategy", false);
    add("promise", false);
    add("won", true);
    if (shown.refused)
        add("refused", true);
    if (shown.replayed)
        add("replayed", true);
    if (shown.killed)
        add("killed", true);
    add("failed", true);
    add("retries", true);
    if (shown.deadlocks)
        add("deadlocks", true);
    for (auto const* each : {"decisions/s", "p50", "p95", "p99", "max"})
        add(each, true);
    add("what broke", false);
    add("verdict", false);
    return cells;
}

row line_of(strategy_result const& result, race_options const& options, shown_columns const& shown)
{
    auto const verdict = judge(result, options);
    auto const colour = tint_of(verdict.how);
    row cells{{std::string{result.what.name}, tint::strong},
              {result.promised == promise::none ? "none (control)"
                                                : std::string{name_of(result.promised)},
               tint::faint}};
    auto const add = [&](std::string text, tint paint = tint::none) {
        cells.push_back({std::move(text), paint, true});
    };
    auto const& answers = result.answers;
    add(number_text(answers.won));
    if (shown.refused)
        add(number_text(answers.refused));
    if (shown.replayed)
        add(number_text(answers.replayed));
    if (shown.killed)
        add(number_text(answers.killed));
    add(number_text(answers.failed), answers.failed > 0 ? tint::warning : tint::none);
    add(number_text(result.retries));
    if (shown.deadlocks)
        add(number_text(result.deadlocks));
    add(number_text(static_cast<std::int64_t>(result.decisions_per_s)));
    for (auto const us : {result.latency.p50_us,
                          result.latency.p95_us,
                          result.latency.p99_us,
                          result.latency.max_us})
        add(duration_text(us));
    auto const damage = damage_text(result.audit, options.scenario);
    cells.push_back({damage, damage == "nothing" ? tint::faint : colour});
    cells.push_back({std::string{verdict.text}, colour});
    return cells;
}

std::string laid_out(std::vector<row> const& rows, bool colour)
{
    std::vector<std::size_t> widths(rows.front().size());
    for (auto const& each : rows)
        for (std::size_t i = 0; i < each.size(); ++i)
            widths[i] = std::max(widths[i], width_of(each[i].text));
    std::string text;
    for (auto const& each : rows) {
        for (std::size_t i = 0; i < each.size(); ++i) {
            std::string const padding(widths[i] - width_of(each[i].text), ' ');
            auto const shown = painted(each[i].text, each[i].colour, colour);
            text += i == 0 ? "" : "  ";
            text += each[i].right ? padding + shown : shown + padding;
        }
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

std::string notes_of(race_report const& report)
{
    std::string text;
    for (auto const& result : report.results)
        for (auto const& note : result.notes)
            text += std::string{result.what.name} + ": " + note + '\n';
    return text.empty() ? text : text + '\n';
}

std::string reading_help(race_report const& report)
{
    std::string text = std::string{answers_text(report.options.scenario)} + ".\n";
    bool const controls = std::ranges::any_of(
        report.results, [](strategy_result const& each) { return each.promised == promise::none; });
    text += controls ? "What broke is counted in the rows afterwards. Controls are ordinary code "
                       "that must be seen to break.\n"
                     : "What broke is counted in the rows afterwards, and compared with what each "
                       "client was told.\n";
    return text;
}

std::string ending(race_report const& report)
{
    std::string text;
    if (report.interrupted != 0) {
        text += "Interrupted: " + std::to_string(report.results.size()) + " of the strategies " +
                "raced to the end" +
                (report.cut_short.empty() ? "" : "; stopped in " + report.cut_short) + ".\n";
    }
    for (auto const& name : report.left_behind)
        text += "kept: " + name + '\n';
    return text;
}

}  // namespace

std::string to_table(race_report const& report, bool colour)
{
    auto text = painted("Race " + std::string{name_of(report.options.scenario)} + ": " +
                            contest_text(report.options) + ".",
                        tint::strong,
                        colour) +
                "\n\n";
    if (!report.results.empty()) {
        auto const shown = columns_of(report);
        std::vector<row> rows{heading(shown)};
        for (auto const& result : report.results)
            rows.push_back(line_of(result, report.options, shown));
        text += laid_out(rows, colour) + '\n' + notes_of(report);
        text += painted(reading_help(report), tint::faint, colour);
    }
    text += painted(
        settings_text(report.options) + ". " + engine_text(report) + ".\n", tint::faint, colour);
    return text + ending(report);
}

}  // namespace tiebreak::race
