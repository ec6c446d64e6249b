// Where a database is: told on the command line, in the environment, or in a file, so that a
// password need not stand in argv.
#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
}

namespace tiebreak::cli {

struct database_place {
    std::string url{};   // --db; when neither is given, the environment's TIEBREAK_DB
    std::string file{};  // --db-file: its first line is the URL
};

// Adds --db and --db-file; `to` must outlive the parsing.
void add_database_options(CLI::App& app, database_place& to);

// The URL. Throws usage_error when there is none, or the file cannot be read or is empty.
[[nodiscard]] std::string database_url(database_place const& where);

// The same URL with the wish not to make a database file that is not there.
[[nodiscard]] std::string without_creating(std::string url);

/// Overwrites passwords in URLs among the program's arguments, where `ps` would show them. To be
/// called when they have been read.
void hide_passwords(std::span<char*> arguments);

}  // namespace tiebreak::cli
