#include "race/words.hpp"

#include "race/verdict.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

namespace tiebreak::race {

namespace {

std::string format(char const* pattern, double number)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), pattern, number);
    return text.data();
}

// Without zeros at the end: 0.1, 2.5, 30.
std::string plain(double number)
{
    return format("%.6g", number);
}

std::string plural(std::int64_t number, std::string_view one, std::string_view many)
{
    return number_text(number) + " " + std::string{number == 1 ? one : many};
}

struct damage_words {
    std::string_view lost_one, lost, oversold, unfilled, duplicate, duplicates;
};

damage_words words_of(scenario_kind scenario) noexcept
{
    switch (scenario) {
    case scenario_kind::coupon:
        return {"lost update",
                "lost updates",
                "oversold",
                "left unissued",
                "member with two",
                "members with two"};
    case scenario_kind::book:
        return {
            "lost line", "lost lines", "", "", "line or version wrong", "lines or versions wrong"};
    case scenario_kind::ticket:
        return {"order out of step",
                "orders out of step",
                "approved twice",
                "approved by nobody",
                "charged twice",
                "charged twice"};
    case scenario_kind::run: break;
    }
    return {"result by a worker without the lease",
            "results by workers without the lease",
            "",
            "lost or stuck",
            "finalised or charged twice",
            "finalised or charged twice"};
}

std::string milliseconds(std::chrono::milliseconds time)
{
    return plain(static_cast<double>(time.count()));
}

// What the provider does wrong: "declines 10 %, loses 10 % of replies"; empty when nothing.
std::string faults_text(provider_faults const& faults)
{
    std::string text;
    auto const add = [&](double rate, std::string_view verb, std::string_view what) {
        if (rate <= 0)
            return;
        text += text.empty() ? "" : ", ";
        text.append(verb).append(" ").append(plain(rate * 100)).append(" %").append(what);
    };
    add(faults.decline_rate, "declines", " of payments");
    add(faults.error_rate, "fails", " of calls");
    add(faults.drop_reply_rate, "loses", " of replies");
    if (faults.latency_max.count() > 0) {
        text += text.empty() ? "takes " : ", takes ";
        text +=
            milliseconds(faults.latency_min) + " to " + milliseconds(faults.latency_max) + " ms";
    }
    return text;
}

}  // namespace

std::string duration_text(std::int64_t microseconds)
{
    auto const us = static_cast<double>(microseconds);
    if (microseconds < 1'000)
        return number_text(microseconds) + " µs";
    if (microseconds < 10'000)
        return format("%.1f ms", us / 1e3);
    if (microseconds < 1'000'000)
        return format("%.0f ms", us / 1e3);
    return format(microseconds < 10'000'000 ? "%.2f s" : "%.1f s", us / 1e6);
}

std::string number_text(std::int64_t number)
{
    auto const digits = std::to_string(number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        auto const left = digits.size() - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-')
            text += ',';
        text += digits[i];
    }
    return text;
}

std::string damage_text(audit_counts const& audit, scenario_kind scenario)
{
    auto const words = words_of(scenario);
    std::string text;
    auto const add = [&](std::int64_t number, std::string_view one, std::string_view many) {
        if (number == 0)
            return;
        if (!text.empty())
            text += ", ";
        text += plural(number, one, many);
    };
    add(audit.lost_updates, words.lost_one, words.lost);
    add(audit.oversold, words.oversold, words.oversold);
    add(audit.unfilled, words.unfilled, words.unfilled);
    add(audit.duplicates, words.duplicate, words.duplicates);
    return text.empty() ? "nothing" : text;
}

std::array<std::string_view, 4> damage_names(scenario_kind scenario) noexcept
{
    auto const words = words_of(scenario);
    return {words.lost, words.oversold, words.unfilled, words.duplicates};
}

judgement judge(strategy_result const& result, race_options const& options)
{
    using mood = judgement::mood;
    if (result.promised == promise::none) {
        if (result.audit != audit_counts{})
            return {mood::expected, "broken, as expected"};
        if (control_broke_nothing(result, options))
            return {mood::bad, "INVALID: broke nothing"};
        return {mood::expected, "nothing broke this time"};
    }
    if (!kept(result))
        return {mood::bad, "PROMISE BROKEN"};
    if (result.promised == promise::exact)
        return {mood::good, "exact"};
    bool const whole = result.audit == audit_counts{} && result.answers.failed == 0;
    return {mood::good, whole ? "exact" : "safe"};
}

std::string contest_text(race_options const& options)
{
    auto const users = options.users;
    switch (options.scenario) {
    case scenario_kind::coupon:
        return plural(users, "member asks", "members ask") + " at once for " +
               plural(options.stock, "coupon", "coupons");
    case scenario_kind::book:
        return plural(users, "client adds its line", "clients add a line each") +
               " to one book by rewriting its text";
    case scenario_kind::ticket:
        return plural(users, "order is", "orders are") + " approved five times at once each";
    case scenario_kind::run: break;
    }
    return plural(users, "run is", "runs are") + " claimed, done and finalised by workers with "
                                                 "leases of 1 s";
}

std::string_view answers_text(scenario_kind scenario) noexcept
{
    switch (scenario) {
    case scenario_kind::coupon:
        return "won: got a coupon; refused: was told that none is left; failed: got no answer in "
               "time";
    case scenario_kind::book:
        return "won: was told that its line is in the book; failed: got no answer in time";
    case scenario_kind::ticket:
        return "won: told approved; refused: told that it is done, under way or declined; failed: "
               "no outcome";
    case scenario_kind::run: break;
    }
    return "won: told that its result counts; refused: told that it is too late; killed: cut off "
           "by --kill";
}

std::string per_order_text(std::map<std::string, std::int64_t> const& per_order)
{
    constexpr std::size_t shown_max = 3;
    std::vector<std::pair<std::int64_t, std::string>> sorted;
    sorted.reserve(per_order.size());
    for (auto const& [counts, orders] : per_order)
        sorted.emplace_back(orders, counts);
    std::ranges::stable_sort(sorted, std::greater<>{}, [](auto const& each) { return each.first; });
    std::string text;
    for (std::size_t i = 0; i < sorted.size() && i < shown_max; ++i)
        text += (i == 0 ? "" : ", ") + sorted[i].second + " × " + number_text(sorted[i].first);
    return sorted.size() > shown_max ? text + " …" : text;
}

std::string settings_text(race_options const& options)
{
    auto text = plural(options.processes, "process", "processes") + " × " +
                plural(options.threads, "thread", "threads");
    if (options.via_http)
        text += " over HTTP, " + plural(options.processes, "server", "servers") + " behind nginx";
    text += options.attempts > 0 ? ", " + plural(options.attempts, "attempt", "attempts") + " each"
                                 : ", attempts without limit";
    text += ", deadline " + plain(static_cast<double>(time_allowed(options).count()) / 1e3) + " s";
    if (options.level != isolation::engine_default)
        text += ", isolation " + std::string{name_of(options.level)};
    if (options.think.count() > 0)
        text += ", think " + milliseconds(options.think) + " ms";
    if (auto const faults = faults_text(options.faults); !faults.empty())
        text += ", the provider " + faults;
    if (options.kill)
        text += options.via_http ? ", servers are killed" : ", workers are killed";
    if (options.pause)
        text += ", workers are paused";
    return text + ", seed " + std::to_string(options.seed);
}

std::string engine_text(race_report const& report)
{
    auto const name = report.engine == "sqlite" ? std::string{"SQLite"} : report.engine;
    auto text = name + " " + report.engine_version + ", " +
                (report.shown_url.empty() ? "a temporary file" : report.shown_url);
    if (report.flush_us > 0)
        text += "; one flush to this disk takes " + duration_text(report.flush_us);
    return text;
}

}  // namespace tiebreak::race
