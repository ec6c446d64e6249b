#include "database/url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace tiebreak::detail {

namespace {

constexpr int connections_limit = 1000;
constexpr std::size_t prefix_max = 40;

[[noreturn]] void refuse(std::string const& why)
{
    throw std::invalid_argument(why);
}

bool is_word(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

int number(std::string_view name, std::string_view text, int least, int most)
{
    int result = 0;
    auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (wrong != std::errc{} || end != text.data() + text.size() || result < least || result > most)
        refuse("the URL parameter " + std::string{name} + " takes a number from " +
               std::to_string(least) + " to " + std::to_string(most));
    return result;
}

bool choice(std::string_view name, std::string_view text, std::string_view yes, std::string_view no)
{
    if (text == yes)
        return true;
    if (text == no)
        return false;
    refuse("the URL parameter " + std::string{name} + " is " + std::string{yes} + " or " +
           std::string{no});
}

void set_parameter(parsed_url& url, std::string_view name, std::string_view text)
{
    if (name == "table_prefix")
        url.options.table_prefix = text;
    else if (name == "pool")
        url.options.connections_max = number(name, text, 1, connections_limit);
    else if (name == "synchronous")
        url.synchronous = choice(name, text, "full", "normal") ? sqlite::synchronous::full
                                                               : sqlite::synchronous::normal;
    else if (name == "gate")
        url.gate = choice(name, text, "on", "off");
    else if (name == "create")
        url.create = choice(name, text, "on", "off");
    else
        refuse("the URL parameter " + std::string{name} +
               " is unknown: table_prefix, pool, synchronous, gate and create are known");
}

void check(database_options const& options)
{
    if (options.table_prefix.size() > prefix_max || !is_word(options.table_prefix))
        refuse("a table prefix is at most 40 letters, digits and _");
    if (options.connections_max < 1 || options.connections_max > connections_limit)
        refuse("connections_max is a number from 1 to 1000");
    if (options.connection_wait.count() < 0)
        refuse("connection_wait is 0 or more");
    validate(options.retry);
}

}  // namespace

namespace {

// Where "password=" begins, whatever its case; npos when it is not there.
std::size_t find_password_parameter(std::string_view url, std::size_t from)
{
    constexpr std::string_view name = "password=";
    auto const found = std::ranges::search(url.substr(from), name, {}, [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return found.empty() ? std::string_view::npos
                         : static_cast<std::size_t>(found.begin() - url.begin()) + name.size();
}

// A password may hold characters that should have been encoded, '/' and '?' for example: rather
// mask too much than show the rest of it.
std::string mask_user_info(std::string_view url)
{
    auto const scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return std::string{url};
    auto const start = scheme + 3;
    auto const end = url.find_first_of("/?", start);
    auto const colon = url.substr(0, end).find(':', start);
    auto at = url.substr(0, end).rfind('@');
    if (at == std::string_view::npos)
        at = url.rfind('@');
    if (colon == std::string_view::npos || at == std::string_view::npos || colon > at)
        return std::string{url};
    return std::string{url.substr(0, colon + 1)} + "***" + std::string{url.substr(at)};
}

}  // namespace

std::string masked(std::string_view url)
{
    auto shown = mask_user_info(url);
    auto const question = std::min(shown.find('?'), shown.size());
    for (auto start = find_password_parameter(shown, question); start != std::string::npos;
         start = find_password_parameter(shown, start))
        shown.replace(start, std::min(shown.find('&', start), shown.size()) - start, "***");
    return shown;
}

parsed_url parse_url(std::string_view url, database_options defaults)
{
    parsed_url result{.options = std::move(defaults)};
    result.shown = masked(url);
    auto const colon = url.find(':');
    if (colon == std::string_view::npos || colon == 0)
        refuse("a database URL begins with its engine, for example sqlite:shop.db");
    result.engine = url.substr(0, colon);
    if (result.engine == "postgresql" || result.engine == "postgres" ||
        result.engine == "mariadb" || result.engine == "mysql")
        refuse("this build has the engine sqlite only: use sqlite:FILE");
    if (result.engine != "sqlite")
        refuse("the engine " + result.engine + " is unknown: use sqlite:FILE or sqlite::memory:");
    auto const rest = url.substr(colon + 1);
    auto const question = rest.find('?');
    result.path = rest.substr(0, question);
    if (result.path.empty())
        refuse("the URL names no file: use sqlite:FILE or sqlite::memory:");
    if (result.path.find('\0') != std::string::npos)
        refuse("the URL holds a NUL byte");
    auto parameters =
        question == std::string_view::npos ? std::string_view{} : rest.substr(question + 1);
    while (!parameters.empty()) {
        auto const pair = parameters.substr(0, parameters.find('&'));
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos)
            refuse("a URL parameter is written name=value, not '" + std::string{pair} + "'");
        set_parameter(result, pair.substr(0, equals), pair.substr(equals + 1));
        parameters.remove_prefix(std::min(pair.size() + 1, parameters.size()));
    }
    check(result.options);
    if (result.path == ":memory:")
        result.options.connections_max = 1;
    return result;
}

}  // namespace tiebreak::detail
