// `tiebreak schema`: makes the tables, prints them, and says what a database guarantees.
#include "schema/schema.hpp"

#include <tiebreak/schema.hpp>

#include "cli/commands.hpp"
#include "cli/database_url.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

namespace tiebreak::cli {

namespace {

constexpr char const* schema_examples = R"(Examples:
  tiebreak schema apply --db sqlite:shop.db
  tiebreak schema print --engine sqlite --table-prefix shop_
  TIEBREAK_DB=sqlite:shop.db tiebreak schema check
  tiebreak schema add-version orders --db sqlite:shop.db --guard)";

constexpr char const* check_text =
    "Say what is guaranteed on this database, what weakens it, and whether the tables are "
    "complete. Changes nothing. Exit code 0: all is well; 1: something is weakened or missing.";

int apply(database_place const& where)
{
    database db(database_url(where));
    auto const made = schema::apply(db);
    for (auto const& one : made)
        std::cout << "applied step " << one.step << " " << one.name << '\n';
    if (made.empty())
        std::cout << "nothing to do: all " << schema::steps(db.engine()).size()
                  << " steps are applied\n";
    return exit_done;
}

int print(std::string const& engine, std::string const& table_prefix)
{
    std::cout << schema::print(engine, table_prefix);
    return exit_done;
}

void line(char const* what, std::string const& text)
{
    std::cout << "  " << what << text << '\n';
}

constexpr char const* good = "ok        ";
constexpr char const* weak = "weakened  ";
constexpr char const* absent = "missing   ";

bool report_guarantees(database& of)
{
    bool fine = true;
    for (auto const& one : check_guarantees(of)) {
        line(one.weakened ? weak : good, one.text);
        fine = fine && !one.weakened;
    }
    return fine;
}

bool report_schema(database& of)
{
    auto const found = schema::inspect(of);
    if (found.complete())
        line(good, "schema: all " + std::to_string(found.applied.size()) + " steps are applied");
    for (auto const& one : found.missing)
        line(absent,
             "schema: step " + std::to_string(one.number) + " " + std::string(one.name) +
                 "; run 'tiebreak schema apply'");
    for (auto const& table : found.missing_tables)
        line(absent, "schema: the table " + table + " was made and has been removed since");
    for (auto const& table : found.foreign_tables)
        line(weak, "schema: the table " + table + " was made by another program and is in the way");
    for (auto const& one : found.unknown)
        line(weak,
             "schema: step " + std::to_string(one.step) + " " + one.name +
                 " was made by another version of this program");
    return found.complete();
}

int check(database_place const& where)
{
    auto const url = database_url(where);
    auto const asked = without_creating(url);
    database db(asked);
    auto shown = db.shown_url();
    shown.resize(shown.size() - (asked.size() - url.size()));
    std::cout << db.engine() << ' ' << db.engine_version() << ", " << shown << '\n';
    bool const guaranteed = report_guarantees(db);
    bool const complete = report_schema(db);
    return guaranteed && complete ? exit_done : exit_no;
}

CLI::App* add_database_command(CLI::App& to,
                               char const* name,
                               char const* text,
                               body& chosen,
                               int (*run)(database_place const&))
{
    auto* command = to.add_subcommand(name, text);
    auto const where = std::make_shared<database_place>();
    add_database_options(*command, *where);
    command->callback([&chosen, where, run] { chosen = [where, run] { return run(*where); }; });
    return command;
}

std::string known_engines()
{
    std::string all;
    for (auto const& engine : schema::engines())
        all += (all.empty() ? "" : ", ") + engine;
    return all;
}

void add_print(CLI::App& to, body& chosen)
{
    struct print_options {
        std::string engine{};
        std::string table_prefix{};
    };

    auto* command = to.add_subcommand("print", "Print the statements that make the tables.");
    auto const options = std::make_shared<print_options>();
    command->add_option("--engine", options->engine, "one of: " + known_engines());
    command->add_option("--table-prefix", options->table_prefix, "stands before every table name");
    command->callback([&chosen, options] {
        chosen = [options] {
            if (options->engine.empty())
                throw usage_error("'schema print' needs --engine, one of: " + known_engines());
            return print(options->engine, options->table_prefix);
        };
    });
}

}  // namespace

void add_schema(CLI::App& app, body& chosen)
{
    auto* schema = app.add_subcommand("schema", "Make and check the tables of the systems.");
    schema->footer(schema_examples);
    schema->callback([&chosen, schema] {
        if (!schema->get_subcommands().empty())
            return;
        chosen = []() -> int {
            throw usage_error("'schema' needs one of apply, print, check, gc and add-version; "
                              "see 'tiebreak schema --help'");
        };
    });
    add_database_command(
        *schema, "apply", "Make the tables that are missing. Safe to repeat.", chosen, &apply);
    add_print(*schema, chosen);
    add_database_command(*schema, "check", check_text, chosen, &check);
    add_schema_gc(*schema, chosen);
    add_schema_add_version(*schema, chosen);
}

}  // namespace tiebreak::cli
