// Opening a database file; see opening.hpp.
#include "sqlite/opening.hpp"

#include "sqlite/errors.hpp"

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace tiebreak::sqlite {

namespace {

// SQLite would read a leading "file:" as a URI and some names as databases in memory if it was
// built so; a path with a directory in front is always just a path.
[[nodiscard]] std::string literal_path(std::string const& path)
{
    if (path == ":memory:" || path.starts_with('/'))
        return path;
    return "./" + path;
}

[[nodiscard]] error unsafe_settings(char const* sentence, std::string detail = {})
{
    return error(errc::unsafe_settings, sentence, std::move(detail)).seen_in(phase::connecting);
}

void now_in_microseconds(sqlite3_context* context, int, sqlite3_value**)
{
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    sqlite3_result_int64(context,
                         std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void next_version(sqlite3_context* context, int, sqlite3_value** arguments)
{
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL)
        return;
    auto const version = sqlite3_value_int64(arguments[0]);
    if (version >= sqlite3_value_int64(arguments[1]))
        sqlite3_result_error_code(context, SQLITE_CONSTRAINT_FUNCTION);
    else
        sqlite3_result_int64(context, version + 1);
}

void add_function(sqlite3* on,
                  char const* name,
                  int arguments,
                  int flags,
                  void (*run)(sqlite3_context*, int, sqlite3_value**))
{
    int const code = sqlite3_create_function_v2(on,
                                                name,
                                                arguments,
                                                SQLITE_UTF8 | SQLITE_INNOCUOUS | flags,
                                                nullptr,
                                                run,
                                                nullptr,
                                                nullptr,
                                                nullptr);
    if (code != SQLITE_OK)
        throw last_error(on, code, phase::connecting);
}

}  // namespace

bool is_in_memory(options const& how) noexcept
{
    return how.path == ":memory:";
}

database_handle open_handle(options const& how)
{
    if (how.path.empty())
        throw std::invalid_argument("the path of the database is empty");
    if (how.path.find('\0') != std::string::npos)
        throw std::invalid_argument("the path of the database holds a zero byte");
    if (sqlite3_threadsafe() == 0)
        throw unsafe_settings("this SQLite was built without thread safety");

    int const flags = SQLITE_OPEN_READWRITE | (how.create ? SQLITE_OPEN_CREATE : 0) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    sqlite3* opened = nullptr;
    auto const path = literal_path(how.path);
    int const code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
    database_handle owned(opened);
    if (code != SQLITE_OK)
        throw opening_error(opened, code, how.path);
    if (sqlite3_db_readonly(opened, "main") == 1) {
        std::error_code ignored;
        auto const missing = !std::filesystem::exists(path, ignored);
        if (!missing)
            throw unsafe_settings("the database file is read-only", how.path);
    }
    return owned;
}

bool has_write_ahead_log(sqlite3* on)
{
    return ask(on, "PRAGMA journal_mode") == "wal";
}

void use_write_ahead_log(sqlite3* on)
{
    auto const mode = ask(on, "PRAGMA journal_mode = WAL");
    if (mode != "wal")
        throw unsafe_settings("the database cannot use a write-ahead log here",
                              "journal mode " + mode);
}

void apply_settings(sqlite3* on, options const& how)
{
    // a misspelt column in double quotes would silently become a text
    sqlite3_db_config(on, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    add_function(on, "tiebreak_now", 0, 0, now_in_microseconds);
    add_function(on, "tiebreak_next", 2, SQLITE_DETERMINISTIC, next_version);

    ask(on, "PRAGMA foreign_keys = ON");
    if (ask(on, "PRAGMA foreign_keys") != "1")
        throw unsafe_settings("this SQLite was built without foreign keys");
    bool const full = how.flush == synchronous::full;
    ask(on, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    if (ask(on, "PRAGMA synchronous") != (full ? "2" : "1"))
        throw unsafe_settings("the setting \"synchronous\" was not accepted");
}

std::string ask(sqlite3* on, char const* sql)
{
    auto const question = prepare(on, sql);
    int const code = sqlite3_step(question.get());
    if (code == SQLITE_DONE)
        return {};
    if (code != SQLITE_ROW)
        throw last_error(on, code, phase::connecting);
    auto const* text = reinterpret_cast<char const*>(sqlite3_column_text(question.get(), 0));
    return text == nullptr ? std::string{} : std::string(text);
}

}  // namespace tiebreak::sqlite
