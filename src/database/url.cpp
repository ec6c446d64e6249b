#include "database/url.hpp"

#include "mariadb/driver.hpp"
#include "postgres/postgres.hpp"
#include "sqlite/sqlite.hpp"

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

int connections_in(std::string_view text)
{
    int result = 0;
    auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (wrong != std::errc{} || end != text.data() + text.size() || result < 1 ||
        result > connections_limit)
        refuse("the URL parameter pool takes a number from 1 to " +
               std::to_string(connections_limit));
    return result;
}

commit_certainty certainty_in(std::string_view text)
{
    if (text == "commit_token")
        return commit_certainty::by_token;
    if (text != "as_answered")
        refuse("the URL parameter certainty is as_answered or commit_token");
    return commit_certainty::as_answered;
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

parsed_url parse_url(std::string_view url, database_options defaults)
{
    parsed_url result{
        .parts = base::parse_url(url), .options = std::move(defaults), .shown = base::masked(url)};
    auto& parameters = result.parts.parameters;
    if (auto prefix = base::take(parameters, "table_prefix"))
        result.options.table_prefix = *std::move(prefix);
    if (auto const pool = base::take(parameters, "pool"))
        result.options.connections_max = connections_in(*pool);
    if (auto const certainty = base::take(parameters, "certainty"))
        result.options.certainty = certainty_in(*certainty);
    check(result.options);
    return result;
}

std::unique_ptr<sql::engine> engine_of(base::url const& parts, observer* watcher)
{
    auto const& scheme = parts.scheme;
    if (scheme == "sqlite")
        return sqlite::open_engine(parts, watcher);
    if (scheme == "postgresql" || scheme == "postgres")
        return postgres::open_engine(parts, watcher);
    if (scheme == "mariadb" || scheme == "mysql")
        return mariadb::open_engine(parts, watcher);
    refuse("the engine " + scheme +
           " is unknown: use sqlite:FILE, postgresql://user@host/database or "
           "mariadb://user@host/database");
}

}  // namespace tiebreak::detail
