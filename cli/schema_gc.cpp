// `tiebreak schema gc`: clears away what the library's tables keep for a time only.
#include "cli/commands.hpp"
#include "cli/database_url.hpp"
#include "schema/garbage.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace tiebreak::cli {

namespace {

constexpr char const* schema_gc_examples = R"(Examples:
  tiebreak schema gc --db sqlite:shop.db
  tiebreak schema gc --db postgresql://shop@db/shop --keep 48

Run it now and then, for example once a day; programs go on meanwhile.)";

constexpr std::int64_t hours_of_ten_years = 24 * 3653;

struct gc_flags {
    database_place place{};
    std::int64_t keep_hours = 24 * 7;
};

int collect(gc_flags const& flags)
{
    if (flags.keep_hours < 1 || flags.keep_hours > hours_of_ten_years)
        throw usage_error("--keep must be 1 to 87672 (hours)");
    database db(without_creating(database_url(flags.place)));
    for (auto const& one : schema::collect_garbage(db, std::chrono::hours{flags.keep_hours})) {
        std::cout << one.what << ": ";
        if (one.is_installed)
            std::cout << one.rows << " older than " << flags.keep_hours << " h cleared away\n";
        else
            std::cout << "no table " << db.table_prefix() << one.table << " here\n";
    }
    return exit_done;
}

}  // namespace

void add_schema_gc(CLI::App& to, body& chosen)
{
    auto* command = to.add_subcommand(
        "gc",
        "Clear away what has expired: commit tokens; end leases that their owners have forgotten.");
    auto const flags = std::make_shared<gc_flags>();
    add_database_options(*command, flags->place);
    command
        ->add_option("--keep",
                     flags->keep_hours,
                     "hours that everything is kept; longer than any transaction can live and "
                     "any client remembers its token")
        ->capture_default_str();
    command->footer(schema_gc_examples);
    command->callback([&chosen, flags] { chosen = [flags] { return collect(*flags); }; });
}

}  // namespace tiebreak::cli
