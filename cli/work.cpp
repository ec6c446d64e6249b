// `tiebreak work`: runs a command for each run of a tenant.
#include "cli/commands.hpp"
#include "cli/database_url.hpp"
#include "cli/required_tables.hpp"
#include "cli/seconds.hpp"
#include "cli/worker/environment.hpp"
#include "cli/worker/stop_signals.hpp"
#include "cli/worker/worker.hpp"
#include "race/temporary_folder.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <memory>

namespace tiebreak::cli {

namespace {

namespace runs = systems::runs;

constexpr char const* work_description =
    "Run a command for each run of a tenant: the payload on its standard input, the result from "
    "its standard output.";

constexpr char const* work_examples = R"(Examples:
  tiebreak work --db sqlite:shop.db --tenant acme --exec 'tr a-z A-Z'
  tiebreak work --db-file url --tenant acme --exec ./render --concurrency 4 --lease 60
  tiebreak work --db-file url --tenant acme --exec 'echo 5 > "$TIEBREAK_AMOUNT_FILE"; cat' --once

The command is run by /bin/sh -c. Exit code 0 is COMPLETED, charged what the command wrote to
$TIEBREAK_AMOUNT_FILE (a whole number of minor units, at most the run's budget), else the whole
budget; any other end is FAILED and costs nothing. It also sees TIEBREAK_RUN_ID, TIEBREAK_TENANT and
TIEBREAK_EPOCH, and no database URL. A run can be given out again when its worker dies: whatever the
command does elsewhere should take the run's id as its idempotency key.

SIGTERM or Ctrl-C: no new runs, what runs is finished. A second one: the commands are ended and
their runs given back.)";

struct work_flags {
    database_place place{};
    std::string tenant{};
    std::string command{};
    int concurrency = 1;
    double lease_s = 120;
    double heartbeat_s = 0;
    double poll_s = 1;
    double grace_s = 5;
    bool once = false;
    bool quiet = false;
};

lease_options lease_of(work_flags const& flags)
{
    lease_options lease{.ttl = seconds_of("--lease", flags.lease_s, 0.1, 86'400)};
    if (flags.heartbeat_s != 0)
        lease.heartbeat = seconds_of("--heartbeat", flags.heartbeat_s, 0.01, 86'400);
    try {
        return checked(lease);
    } catch (std::invalid_argument const&) {
        throw usage_error("--heartbeat must be at most 45 % of --lease");
    }
}

int work(work_flags const& flags)
{
    worker_options options{.tenant = flags.tenant,
                           .concurrency = flags.concurrency,
                           .poll = seconds_of("--poll", flags.poll_s, 0.01, 3'600),
                           .once = flags.once,
                           .quiet = flags.quiet};
    options.tenure.command = flags.command;
    options.tenure.lease = lease_of(flags);
    options.tenure.grace = seconds_of("--grace", flags.grace_s, 0, 3'600);
    if (flags.command.empty())
        throw usage_error("--exec: the command is empty");
    auto const url = database_url(flags.place);
    options.tenure.environment = environment_without(std::array{url});

    // A claim and a heartbeat may want a connection while every run stores its result.
    database_options const connections{.connections_max = flags.concurrency + 2,
                                       .retry = {.deadline = std::chrono::seconds{3}}};
    database db(without_creating(url), connections);
    require_tables(db);
    if (!runs::find_budget(db, flags.tenant))
        throw usage_error("--tenant: there is no tenant '" + flags.tenant + "' with a budget on " +
                          db.shown_url());
    race::temporary_folder const folder("work");
    options.tenure.folder = folder.path();
    constexpr int third = 3;
    stop_signals const signals(third);
    auto const done = worker(db, std::move(options), signals).run();
    std::cout << done.text() << std::endl;
    return exit_done;
}

}  // namespace

void add_work(CLI::App& app, body& chosen)
{
    auto* command = app.add_subcommand("work", work_description);
    auto const flags = std::make_shared<work_flags>();
    add_database_options(*command, flags->place);
    command->add_option("--tenant", flags->tenant, "whose runs")->required();
    command->add_option("--exec", flags->command, "the command, for /bin/sh -c")->required();
    command->add_option("--concurrency", flags->concurrency, "runs at once")
        ->check(CLI::Range(1, 200))
        ->capture_default_str();
    command
        ->add_option("--lease",
                     flags->lease_s,
                     "seconds after which others may take a run whose worker is not heard of")
        ->capture_default_str();
    command->add_option("--heartbeat",
                        flags->heartbeat_s,
                        "seconds between renewals; default: a quarter of --lease");
    command->add_option("--poll", flags->poll_s, "seconds between two looks at an empty queue")
        ->capture_default_str();
    command
        ->add_option("--grace",
                     flags->grace_s,
                     "seconds between SIGTERM and SIGKILL for a command that has to end")
        ->capture_default_str();
    command->add_flag("--once", flags->once, "end when the queue is empty");
    command->add_flag("--quiet", flags->quiet, "no line for each run");
    command->footer(work_examples);
    command->callback([&chosen, flags] { chosen = [flags] { return work(*flags); }; });
}

}  // namespace tiebreak::cli
