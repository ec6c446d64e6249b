// `tiebreak reap`: gives runs of dead workers back to the queue, and completes what was half done.
#include "cli/commands.hpp"
#include "cli/database_url.hpp"
#include "cli/required_tables.hpp"
#include "cli/seconds.hpp"
#include "cli/worker/backoff.hpp"
#include "cli/worker/stop_signals.hpp"
#include "systems/runs/runs.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace tiebreak::cli {

namespace {

namespace runs = systems::runs;

constexpr char const* reap_description =
    "Return runs whose lease has expired to the queue, and complete runs that were left CLAIMED; "
    "again and again until SIGTERM or Ctrl-C.";

constexpr char const* reap_examples = R"(Examples:
  tiebreak reap --db sqlite:shop.db --once
  tiebreak reap --db-file url --every 30

Workers do the same while they look for work. This is for databases whose workers are elsewhere, or
work over HTTP. Any number may run at once.)";

struct reap_flags {
    database_place place{};
    double every_s = 10;
    bool once = false;
    bool quiet = false;
};

void round(database& in, reap_flags const& flags)
{
    auto const returned = runs::reap(in);
    auto const completed = runs::recover(in);
    if (!flags.quiet && (flags.once || returned + completed > 0))
        std::cout << returned << " returned to the queue, " << completed << " completed"
                  << std::endl;
}

int reap(reap_flags const& flags)
{
    auto const every = seconds_of("--every", flags.every_s, 0.01, 86'400);
    database db(without_creating(database_url(flags.place)));
    require_tables(db);
    constexpr int second = 2;
    stop_signals const signals(second);
    round(db, flags);  // what is wrong with the database is said now
    if (flags.once)
        return exit_done;
    backoff trying("reaping");
    auto pause = every;
    for (;;) {
        signals.wait(pause);
        if (signals.received() > 0)
            return exit_done;
        try {
            round(db, flags);
            trying.worked();
            pause = every;
        } catch (error const& away) {
            pause = trying.failed(away.what());
        }
    }
}

}  // namespace

void add_reap(CLI::App& app, body& chosen)
{
    auto* command = app.add_subcommand("reap", reap_description);
    auto const flags = std::make_shared<reap_flags>();
    add_database_options(*command, flags->place);
    auto* once = command->add_flag("--once", flags->once, "one round, then end");
    command->add_option("--every", flags->every_s, "seconds between two rounds")
        ->capture_default_str()
        ->excludes(once);
    command->add_flag("--quiet", flags->quiet, "do not print what was done");
    command->footer(reap_examples);
    command->callback([&chosen, flags] { chosen = [flags] { return reap(*flags); }; });
}

}  // namespace tiebreak::cli
