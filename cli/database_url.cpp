// The three places a database URL can come from.
#include "cli/database_url.hpp"

#include <tiebreak/database.hpp>

#include "cli/commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace tiebreak::cli {

namespace {

std::string first_line_of(std::string const& path)
{
    std::ifstream file(path);
    std::string line;
    if (!file)
        throw usage_error("--db-file: cannot read " + path);
    std::getline(file, line);
    auto const last = line.find_last_not_of(" \t\r");
    line.erase(last == std::string::npos ? 0 : last + 1);
    if (line.empty())
        throw usage_error("--db-file: the first line of " + path + " is empty");
    return line;
}

}  // namespace

void add_database_options(CLI::App& app, database_place& to)
{
    auto* url = app.add_option(
        "--db", to.url, "database URL, for example sqlite:shop.db (or in TIEBREAK_DB)");
    app.add_option("--db-file", to.file, "file whose first line is the database URL")
        ->excludes(url);
}

std::string database_url(database_place const& where)
{
    if (!where.file.empty())
        return first_line_of(where.file);
    if (!where.url.empty())
        return where.url;
    char const* const set = std::getenv("TIEBREAK_DB");
    if (set == nullptr || *set == '\0')
        throw usage_error("no database: give --db URL, --db-file FILE or TIEBREAK_DB, for example "
                          "--db sqlite:shop.db");
    return set;
}

void hide_passwords(std::span<char*> arguments)
{
    for (char* const argument : arguments) {
        std::string_view const given = argument;
        auto const shown = shown_url(given);
        if (shown == given)
            continue;
        auto const room = given.size();
        std::fill_n(argument, room, '\0');
        shown.copy(argument, room);
    }
}

std::string without_creating(std::string url)
{
    constexpr std::string_view scheme = "sqlite:";
    if (!url.starts_with(scheme) || url.find(":memory:") != std::string::npos ||
        url.find("create=") != std::string::npos)
        return url;
    url += url.find('?') == std::string::npos ? "?create=off" : "&create=off";
    return url;
}

}  // namespace tiebreak::cli
