#include "race/verdict.hpp"

#include <algorithm>

namespace tiebreak::race {

namespace {

// Fewer rivals or requests may miss each other by luck.
constexpr int control_processes_min = 2;
constexpr std::int64_t control_requests_min = 100;

bool limited(race_options const& options) noexcept
{
    return options.attempts > 0 || time_allowed(options) < default_deadline(options);
}

}  // namespace

std::string_view name_of(promise what) noexcept
{
    switch (what) {
    case promise::exact: return "exact";
    case promise::safe: return "safe";
    case promise::none: break;
    }
    return "none";
}

promise promise_of(strategy const& what, race_options const& options) noexcept
{
    if (what.kind == strategy_kind::control)
        return promise::none;
    if (options.scenario == scenario_kind::ticket) {
        bool const unsure =
            options.faults.error_rate > 0 || options.faults.drop_reply_rate > 0 || options.kill;
        return unsure ? promise::safe : promise::exact;
    }
    return limited(options) ? promise::safe : promise::exact;
}

std::string verdict_of(audit_counts const& audit)
{
    std::string verdict;
    auto const name = [&](std::int64_t number, char const* field) {
        if (number == 0)
            return;
        if (!verdict.empty())
            verdict += ',';
        verdict += field;
    };
    name(audit.lost_updates, "lost_updates");
    name(audit.oversold, "oversold");
    name(audit.unfilled, "unfilled");
    name(audit.duplicates, "duplicates");
    return verdict.empty() ? "exact" : verdict;
}

bool kept(strategy_result const& result) noexcept
{
    auto const& audit = result.audit;
    bool const nothing_wrong =
        audit.lost_updates == 0 && audit.oversold == 0 && audit.duplicates == 0;
    switch (result.promised) {
    case promise::exact: return nothing_wrong && audit.unfilled == 0 && result.answers.failed == 0;
    case promise::safe: return nothing_wrong;
    case promise::none: break;
    }
    return true;
}

bool control_broke_nothing(strategy_result const& result, race_options const& options) noexcept
{
    return result.promised == promise::none && result.audit == audit_counts{} &&
           options.processes >= control_processes_min &&
           result.answers.requests >= control_requests_min;
}

int exit_code_of(race_report const& report) noexcept
{
    bool const good = std::ranges::all_of(report.results, [&](strategy_result const& each) {
        return kept(each) && !control_broke_nothing(each, report.options);
    });
    return good ? 0 : 1;
}

}  // namespace tiebreak::race
