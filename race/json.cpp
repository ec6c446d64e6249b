// The race as JSON, field by field as documented.
#include "race/report.hpp"
#include "race/verdict.hpp"

#include <boost/json.hpp>

#include <cmath>

namespace tiebreak::race {

namespace {

namespace json = boost::json;

// Three decimals are what the clock gives.
double rounded(double number)
{
    return std::round(number * 1e3) / 1e3;
}

double rounded_milliseconds(std::int64_t microseconds)
{
    return rounded(static_cast<double>(microseconds) / 1e3);
}

json::string text_of(std::string_view from)
{
    return json::string(from.data(), from.size());
}

json::object latency_of(latency_summary const& from)
{
    return {{"p50", rounded_milliseconds(from.p50_us)},
            {"p95", rounded_milliseconds(from.p95_us)},
            {"p99", rounded_milliseconds(from.p99_us)},
            {"max", rounded_milliseconds(from.max_us)}};
}

json::array notes_of(strategy_result const& from)
{
    json::array notes;
    for (auto const& note : from.notes)
        notes.emplace_back(text_of(note));
    return notes;
}

json::object per_order_of(strategy_result const& from)
{
    json::object counts;
    for (auto const& [answers, orders] : from.per_order)
        counts[answers] = orders;
    return counts;
}

json::object result_of(strategy_result const& from)
{
    json::object result{{"strategy", text_of(from.what.name)},
                        {"promise", text_of(name_of(from.promised))},
                        {"requests", from.answers.requests},
                        {"won", from.answers.won},
                        {"refused", from.answers.refused},
                        {"replayed", from.answers.replayed},
                        {"killed", from.answers.killed},
                        {"failed", from.answers.failed},
                        {"conflicts", from.conflicts},
                        {"retries", from.retries},
                        {"deadlocks", from.deadlocks},
                        {"lost_updates", from.audit.lost_updates},
                        {"oversold", from.audit.oversold},
                        {"unfilled", from.audit.unfilled},
                        {"duplicates", from.audit.duplicates},
                        {"elapsed_ms", rounded_milliseconds(from.elapsed_us)},
                        {"decisions_per_s", rounded(from.decisions_per_s)},
                        {"latency_ms", latency_of(from.latency)},
                        {"verdict", text_of(verdict_of(from.audit))},
                        {"promise_kept", kept(from)},
                        {"notes", notes_of(from)}};
    if (!from.per_order.empty())
        result["per_order"] = per_order_of(from);
    return result;
}

}  // namespace

std::string to_json(race_report const& report)
{
    auto const& options = report.options;
    json::array results;
    for (auto const& result : report.results)
        results.emplace_back(result_of(result));
    json::object const whole{{"scenario", text_of(name_of(options.scenario))},
                             {"engine", text_of(report.engine)},
                             {"engine_version", text_of(report.engine_version)},
                             {"isolation", text_of(name_of(options.level))},
                             {"users", options.users},
                             {"stock", options.stock},
                             {"processes", options.processes},
                             {"threads", options.threads},
                             {"attempts", options.attempts},
                             {"think_ms", options.think.count()},
                             {"seed", options.seed},
                             {"flush_us", report.flush_us},
                             {"via", options.via_http ? "http" : "library"},
                             {"interrupted", report.interrupted != 0},
                             {"results", std::move(results)}};
    return json::serialize(whole) + "\n";
}

}  // namespace tiebreak::race
