#include "race/catalogue.hpp"

#include <algorithm>
#include <array>

namespace tiebreak::race {

namespace {

constexpr auto control = strategy_kind::control;
constexpr auto decides = strategy_kind::decides;

constexpr std::array<strategy, 6> coupon_strategies{{
    {"naive", control, "reads, then writes, and hopes that nobody came between"},
    {"in_process", control, "a mutex in each process: the other processes do not see it"},
    {"optimistic", decides, "a version column: the write says what it read, a loser runs again"},
    {"conditional", decides, "one statement that counts up only while something is left"},
    {"pessimistic", decides, "takes the turn to write before it reads, so all others wait"},
    {"insert_first", decides, "writes the record before the coupon: the same, but with deadlocks"},
}};

constexpr std::array<strategy, 4> book_strategies{{
    {"naive", control, "reads the text, adds a line, writes the text back"},
    {"in_process", control, "a mutex in each process: the other processes do not see it"},
    {"optimistic", decides, "a version column: the write says what it read, a loser runs again"},
    {"pessimistic", decides, "takes the turn to write before it reads, so all others wait"},
}};

constexpr std::array<strategy, 10> ticket_strategies{{
    {"naive", control, "looks whether the order is paid, then pays it"},
    {"in_process", control, "a flag in each process: the other processes do not see it"},
    {"conditional", decides, "moves the order on only while it is still waiting"},
    {"unique_claim", decides, "the payment key goes into a table that takes each key once"},
    {"optimistic", decides, "a version column: the loser reads again and finds the order taken"},
    {"pessimistic", decides, "locks the order while it is claimed, not while it is paid"},
    {"pessimistic_where", decides, "locks the order only if it is still waiting"},
    {"idempotency_sql", decides, "the payment key is kept with its answer: repeats get that one"},
    {"idempotency_redis", decides, "the same, and Redis remembers the answers that are confirmed"},
    {"redis_cas", decides, "compare-and-set in Redis lets one through, the database confirms it"},
}};

constexpr std::array<strategy, 3> run_strategies{{
    {"unfenced", control, "finalises by id and status, without asking who holds the run now"},
    {"fenced", decides, "every write says under which tenure it was made; charge and end in one"},
    {"two_phase", decides, "claims the end first, then charges, then commits; repaired if cut off"},
}};

struct absent_strategy {
    scenario_kind scenario;
    std::string_view name;
    std::string_view why;
};

constexpr std::array<absent_strategy, 1> absent{{
    {scenario_kind::coupon, "combined", "comes with a later release"},
}};

// Empty when the strategy is offered, else what it needs.
std::string_view missing_for(strategy const& asked, race_options const& options) noexcept
{
    if (asked.name == "in_process" && options.processes < 2)
        return "needs --processes 2 or more";
    if (asked.name == "naive" && options.processes * options.threads < 2)
        return "needs rivals: --processes or --threads 2 or more";
    if (asked.name == "insert_first" && !options.url.starts_with("mariadb:") &&
        !options.url.starts_with("mysql:"))
        return "needs MariaDB: --db mariadb://...";
    if ((asked.name == "idempotency_redis" || asked.name == "redis_cas") && options.redis.empty())
        return "needs a Redis: --redis redis://HOST:PORT";
    if (asked.name == "unfenced" && !options.pause)
        return "needs --pause: only then it is wrong";
    return {};
}

std::string names_of(scenario_kind scenario)
{
    std::string names;
    for (auto const& each : strategies_of(scenario)) {
        if (!names.empty())
            names += ", ";
        names += each.name;
    }
    return names;
}

strategy find(std::string const& name, race_options const& options)
{
    for (auto const& each : strategies_of(options.scenario)) {
        if (each.name != name)
            continue;
        auto const missing = missing_for(each, options);
        if (!missing.empty())
            throw cannot_race("--strategy " + name + " " + std::string{missing});
        return each;
    }
    for (auto const& each : absent)
        if (each.scenario == options.scenario && each.name == name)
            throw cannot_race("--strategy " + name + " " + std::string{each.why});
    throw cannot_race("--strategy " + name + " is unknown; 'race " +
                      std::string{name_of(options.scenario)} + "' has " +
                      names_of(options.scenario));
}

}  // namespace

std::span<strategy const> strategies_of(scenario_kind scenario) noexcept
{
    switch (scenario) {
    case scenario_kind::coupon: return coupon_strategies;
    case scenario_kind::book: return book_strategies;
    case scenario_kind::ticket: return ticket_strategies;
    case scenario_kind::run: break;
    }
    return run_strategies;
}

std::vector<strategy> chosen(race_options const& options)
{
    std::vector<strategy> result;
    bool const all = options.strategies.empty() ||
                     std::ranges::find(options.strategies, "all") != options.strategies.end();
    if (all) {
        if (options.strategies.size() > 1)
            throw cannot_race("--strategy takes either names or 'all'");
        for (auto const& each : strategies_of(options.scenario))
            if (missing_for(each, options).empty())
                result.push_back(each);
        return result;
    }
    for (auto const& name : options.strategies) {
        auto const found = find(name, options);
        if (std::ranges::find(result, found.name, &strategy::name) != result.end())
            throw cannot_race("--strategy names " + name + " twice");
        result.push_back(found);
    }
    return result;
}

}  // namespace tiebreak::race
