#include "redis/settings.hpp"

#include "base/url.hpp"

#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace tiebreak::detail {

namespace {

constexpr int redis_connections_limit = 1'000;
constexpr int milliseconds_limit = 60'000;
constexpr int database_limit = 1'000'000;
constexpr int port_limit = 65'535;
constexpr std::size_t key_prefix_max = 100;

[[noreturn]] void refuse_setting(std::string const& why)
{
    throw std::invalid_argument(why);
}

int number_in(std::string_view text, std::string const& what, int least, int most)
{
    int number = 0;
    auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || end != text.data() + text.size() || number < least || number > most)
        refuse_setting(what + " of a Redis URL is a number from " + std::to_string(least) + " to " +
                       std::to_string(most));
    return number;
}

void take_place(redis_settings& into, base::url& from)
{
    if (from.scheme == "unix") {
        into.socket = from.path.starts_with("//") ? '/' + from.database : from.path;
        if (into.socket.size() < 2 || !into.socket.starts_with('/'))
            refuse_setting("a Redis socket is written unix:/run/redis/redis.sock");
        return;
    }
    if (from.scheme != "redis")
        refuse_setting("a Redis URL begins with redis:// or unix:/");
    if (from.hosts.size() > 1)
        refuse_setting("a Redis URL names one host");
    if (!from.hosts.empty() && !from.hosts.front().first.empty())
        into.host = from.hosts.front().first;
    if (!from.hosts.empty() && !from.hosts.front().second.empty())
        into.port = number_in(from.hosts.front().second, "the port", 1, port_limit);
    if (!from.database.empty())
        into.database = number_in(from.database, "the database", 0, database_limit);
    into.user = from.user.value_or("");
    into.password = from.password.value_or("");
}

std::string password_in_environment(std::string const& name)
{
    char const* const found = std::getenv(name.c_str());
    if (found == nullptr || *found == '\0')
        refuse_setting("the environment has no variable " + name + " with the password of Redis");
    return found;
}

void take_parameters(redis_settings& into, base::url_parameters& from)
{
    auto& options = into.options;
    if (auto const text = base::take(from, "db"))
        into.database = number_in(*text, "db", 0, database_limit);
    if (auto const text = base::take(from, "connections"))
        options.connections_max = number_in(*text, "connections", 1, redis_connections_limit);
    if (auto const text = base::take(from, "connect_timeout_ms"))
        options.connect_timeout = std::chrono::milliseconds{
            number_in(*text, "connect_timeout_ms", 1, milliseconds_limit)};
    if (auto const text = base::take(from, "command_timeout_ms"))
        options.command_timeout = std::chrono::milliseconds{
            number_in(*text, "command_timeout_ms", 1, milliseconds_limit)};
    if (auto prefix = base::take(from, "key_prefix"))
        options.key_prefix = *std::move(prefix);
    if (auto const path = base::take(from, "password_file"))
        into.password = base::password_in_file(*path);
    if (auto const name = base::take(from, "password_env"))
        into.password = password_in_environment(*name);
    if (!from.empty())
        refuse_setting(
            "a Redis URL has no parameter " + from.front().first +
            "; it has db, connections, connect_timeout_ms, command_timeout_ms, key_prefix, "
            "password_file and password_env");
}

void check(redis_options const& options)
{
    if (options.connections_max < 1 || options.connections_max > redis_connections_limit)
        refuse_setting("redis_options::connections_max is a number from 1 to 1000");
    if (options.connect_timeout.count() < 1 || options.command_timeout.count() < 1)
        refuse_setting("redis_options::connect_timeout and command_timeout are more than 0");
    if (options.failures_max < 1 || options.rest.count() < 1)
        refuse_setting("redis_options::failures_max is at least 1 and rest more than 0");
    if (options.key_prefix.size() > key_prefix_max)
        refuse_setting("redis_options::key_prefix has at most 100 bytes");
}

}  // namespace

redis_settings parse_redis_url(std::string_view url, redis_options defaults)
{
    redis_settings settings{.options = std::move(defaults), .shown = base::masked(url)};
    if (!url.starts_with("redis:") && !url.starts_with("unix:"))
        refuse_setting("a Redis URL begins with redis:// or unix:/");
    auto parts = base::parse_url(url);
    take_place(settings, parts);
    take_parameters(settings, parts.parameters);
    check(settings.options);
    return settings;
}

}  // namespace tiebreak::detail
