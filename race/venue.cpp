#include "race/venue.hpp"

#include <tiebreak/error.hpp>
#include <tiebreak/schema.hpp>

#include "race/mark.hpp"
#include "schema/schema.hpp"

#include <chrono>
#include <filesystem>
#include <thread>

namespace tiebreak::race {

namespace {

// A server that restarts needs some of them.
constexpr std::chrono::milliseconds between_openings{50};

constexpr std::string_view sqlite_scheme = "sqlite:";

bool is_embedded(std::string_view url)
{
    return url.starts_with(sqlite_scheme);
}

// The path of a SQLite URL, without parameters.
std::string_view path_of(std::string_view url)
{
    url.remove_prefix(sqlite_scheme.size());
    return url.substr(0, url.find('?'));
}

void check_url(std::string_view url)
{
    if (is_embedded(url) && path_of(url).empty())
        throw cannot_race("--db must name a file: sqlite:FILE, for example sqlite:shop.db");
    if (url.find("table_prefix=") != std::string_view::npos)
        throw cannot_race("--db must not set table_prefix: a race uses its own, tiebreak_race_");
    if (url.find("certainty=commit_token") != std::string_view::npos)
        throw cannot_race("--db need not set certainty: a race on a server uses commit tokens "
                          "unless it says certainty=as_answered");
}

}  // namespace

database open(std::string const& url, int connections_max)
{
    return database{
        url, {.table_prefix = std::string{table_prefix}, .connections_max = connections_max}};
}

database open_to_race(std::string const& url,
                      race_options const& options,
                      int connections_max,
                      observer* watcher)
{
    using std::chrono::steady_clock;
    auto const until = steady_clock::now() + time_allowed(options);
    auto const certainty =
        is_embedded(url) ? commit_certainty::as_answered : commit_certainty::by_token;
    for (;;) {
        try {
            return database{url,
                            {.table_prefix = std::string{table_prefix},
                             .connections_max = connections_max,
                             .retry = {.deadline = time_allowed(options)},
                             .certainty = certainty,
                             .watcher = watcher}};
        } catch (error const& failed) {
            if (failed.code() != errc::unavailable || steady_clock::now() >= until)
                throw;
        }
        std::this_thread::sleep_for(between_openings);
    }
}

std::string with_table_prefix(std::string const& url)
{
    return url + (url.find('?') == std::string::npos ? "?" : "&") +
           "table_prefix=" + std::string{table_prefix};
}

venue::venue(race_options const& options) : user_url_(options.url), keep_(options.keep)
{
    if (user_url_.empty())
        return;
    check_url(user_url_);
    in_memory_ = is_embedded(user_url_) && path_of(user_url_) == ":memory:";
    if (in_memory_ && options.processes > 1)
        throw cannot_race("an in-memory database lives in one process: use --processes 1, or a "
                          "file");
    if (in_memory_ && (options.kill || options.pause))
        throw cannot_race("--kill and --pause need a database that outlives a process: use a file");
    if (in_memory_ && options.via_http)
        throw cannot_race("--via http needs a database that its servers share: use a file");
    if (in_memory_ && options.keep)
        throw cannot_race("--keep needs a database that outlives this program: use a file");
    if (!in_memory_)
        take_possession();
}

venue::~venue()
{
    try {
        leave();
    } catch (std::exception const&) {
        // The next race on this database takes the mark over and removes what is left.
    }
}

void venue::take_possession()
{
    try {
        auto in = open(user_url_, 1);
        take_mark(in);
        mark_is_ours_ = true;
        drop_tables(in);
    } catch (error const& failed) {
        std::string text = "--db: " + std::string{failed.what()};
        if (!failed.server_message().empty())
            text += " (" + std::string{failed.server_message()} + ")";
        throw cannot_race(text);
    } catch (std::invalid_argument const& wrong) {
        throw cannot_race("--db: " + std::string{wrong.what()});
    }
}

std::string venue::url_for(std::string_view strategy) const
{
    if (!user_url_.empty())
        return user_url_;
    return std::string{sqlite_scheme} + folder_.path() + "/" + std::string{strategy} + ".db";
}

std::string venue::database_folder() const
{
    if (in_memory_ || (!user_url_.empty() && !is_embedded(user_url_)))
        return {};
    if (user_url_.empty())
        return folder_.path();
    auto const parent = std::filesystem::path(path_of(user_url_)).parent_path().string();
    return parent.empty() ? "." : parent;
}

void venue::drop_tables(database& in) const
{
    schema::drop(in);
    // The library's own (`tiebreak::install`), which the schema's steps know nothing of.
    for (auto const& name : schema::tables_named(in, std::string{table_prefix} + "tiebreak_"))
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos)
            in.execute("DROP TABLE IF EXISTS " + name);
}

void venue::make_tables(database& in) const
{
    drop_tables(in);
    install(in);
    schema::apply(in);
    install(in);
}

std::vector<std::string> venue::leave()
{
    if (!keep_) {
        if (!mark_is_ours_)
            return {};
        mark_is_ours_ = false;
        auto in = open(user_url_, 1);
        drop_tables(in);
        remove_mark(in);
        return {};
    }
    folder_.keep();
    if (user_url_.empty())
        return {folder_.path()};
    auto in = open(user_url_, 1);
    return race_tables(in);
}

}  // namespace tiebreak::race
