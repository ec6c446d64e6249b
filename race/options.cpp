#include "race/options.hpp"

#include <array>

namespace tiebreak::race {

namespace {

constexpr std::array<std::string_view, 4> scenario_names{"coupon", "book", "ticket", "run"};
constexpr std::chrono::milliseconds longest{24 * 3'600'000LL};

void require(bool holds, char const* otherwise)
{
    if (!holds)
        throw cannot_race(otherwise);
}

bool is_rate(double rate) noexcept
{
    return rate >= 0 && rate <= 1;
}

void check_numbers(race_options const& options)
{
    require(options.users >= 1 && options.users <= 1'000'000, "--users must be 1 to 1000000");
    require(options.stock >= 1 && options.stock <= 1'000'000'000,
            "--stock must be 1 to 1000000000");
    require(options.processes >= 1 && options.processes <= 256, "--processes must be 1 to 256");
    require(options.threads >= 1 && options.threads <= 256, "--threads must be 1 to 256");
    require(options.processes * options.threads <= 4096,
            "--processes times --threads must be at most 4096");
    require(options.attempts >= 0 && options.attempts <= 1'000'000,
            "--attempts must be 1 to 1000000; leave it out for no limit");
    require(options.think.count() >= 0 && options.think <= longest,
            "--think must be 0 to 86400000 (milliseconds)");
    if (options.deadline)
        require(options.deadline->count() >= 1 && *options.deadline <= longest,
                "--deadline must be 0.001 to 86400 (seconds)");
}

void check_faults(race_options const& options)
{
    auto const& faults = options.faults;
    require(is_rate(faults.decline_rate), "--decline-rate must be 0 to 1");
    require(is_rate(faults.error_rate), "--error-rate must be 0 to 1");
    require(is_rate(faults.drop_reply_rate), "--drop-reply-rate must be 0 to 1");
    require(faults.latency_min.count() >= 0 && faults.latency_min <= faults.latency_max &&
                faults.latency_max <= longest,
            "--latency-ms must be A..B with 0 <= A <= B, for example 100..500");
    require(options.scenario == scenario_kind::ticket || faults == provider_faults{},
            "--decline-rate, --error-rate, --drop-reply-rate and --latency-ms are for the payment "
            "provider: use them with 'race ticket'");
}

}  // namespace

std::string_view name_of(scenario_kind kind) noexcept
{
    return scenario_names[static_cast<std::size_t>(kind)];
}

std::optional<scenario_kind> scenario_named(std::string_view name) noexcept
{
    for (std::size_t i = 0; i < scenario_names.size(); ++i)
        if (scenario_names[i] == name)
            return static_cast<scenario_kind>(i);
    return {};
}

void check(race_options const& options)
{
    check_numbers(options);
    check_faults(options);
    bool const kills_servers = options.scenario == scenario_kind::ticket && options.via_http;
    require(options.scenario == scenario_kind::run || kills_servers || !options.kill,
            "--kill is for the workers of 'race run', or the servers of 'race ticket --via http'");
    require(options.scenario == scenario_kind::ticket || options.redis.empty(),
            "--redis is for idempotency_redis and redis_cas: use it with 'race ticket'");
    require(options.scenario == scenario_kind::run || !options.pause,
            "--pause is for workers: use it with 'race run'");
}

std::string
redis_url_of(race_options const& options, std::string_view strategy, std::string const& folder)
{
    auto const race = folder.substr(folder.find_last_of('/') + 1);
    return options.redis + (options.redis.find('?') == std::string::npos ? '?' : '&') +
           "key_prefix=tiebreak:" + race + ":" + std::string{strategy} + ":";
}

std::chrono::milliseconds default_deadline(race_options const& options) noexcept
{
    return std::chrono::seconds{10} + 2 * options.users * options.think;
}

std::chrono::milliseconds time_allowed(race_options const& options) noexcept
{
    return options.deadline.value_or(default_deadline(options));
}

}  // namespace tiebreak::race
