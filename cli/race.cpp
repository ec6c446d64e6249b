// `tiebreak race`: from flags to a race, and from its report to the table, JSON and HTML.
#include "race/race.hpp"

#include <tiebreak/error.hpp>

#include "cli/commands.hpp"
#include "cli/database_url.hpp"
#include "cli/isolation_name.hpp"
#include "cli/latency_range.hpp"
#include "race/progress.hpp"
#include "race/report.hpp"
#include "race/verdict.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tiebreak::cli {

namespace {

using race::race_options;

constexpr char const* race_examples = R"(Examples:
  tiebreak race                                       500 members, 100 coupons, 4 processes
  tiebreak race coupon --users 500 --stock 97 --processes 8
  tiebreak race coupon --attempts 3                   what a limit on attempts costs
  tiebreak race book --strategy naive,optimistic
  tiebreak race ticket --users 100 --decline-rate 0.1 --drop-reply-rate 0.1
  tiebreak race run --kill --pause
  tiebreak race ticket --via http --users 200         4 servers behind nginx
  tiebreak race --json - | jq .results[].verdict
  tiebreak race --db sqlite:shop.db                   touches only tables named tiebreak_race_...

Exit codes: 0 every promise was kept; 1 one was broken, or a negative control broke nothing;
2 bad usage; 130 interrupted by Ctrl-C.)";

// The flags as they are given; numbers are checked by the lab.
struct race_flags {
    std::string scenario = "coupon";
    database_place place{};
    race_options options{};
    double deadline_s = 0;
    std::int64_t think_ms = 0;
    std::int64_t seed = 1;
    std::string isolation{};
    std::string latency_ms{};
    std::string via = "library";
    std::string json{};
    std::string html{};
    bool quiet = false;
    CLI::Option const* deadline = nullptr;
    CLI::Option const* attempts = nullptr;
};

race_options options_of(race_flags const& flags)
{
    if (flags.via != "library" && flags.via != "http")
        throw usage_error("--via must be library or http");
    auto options = flags.options;
    auto const scenario = race::scenario_named(flags.scenario);
    if (!scenario)
        throw usage_error("there is no scenario '" + flags.scenario +
                          "': use coupon, book, ticket or run");
    options.scenario = *scenario;
    options.via_http = flags.via == "http";
    // Not TIEBREAK_DB: what a service uses is not raced on unless asked for.
    if (!flags.place.url.empty() || !flags.place.file.empty())
        options.url = database_url(flags.place);
    if (flags.attempts->count() > 0 && options.attempts < 1)
        throw usage_error("--attempts must be 1 or more; leave it out for no limit");
    if (flags.deadline->count() > 0) {
        if (!std::isfinite(flags.deadline_s) || flags.deadline_s < 0.001 ||
            flags.deadline_s > 86'400)
            throw usage_error("--deadline must be 0.001 to 86400 (seconds)");
        options.deadline =
            std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(flags.deadline_s * 1e3))};
    }
    if (flags.think_ms < 0 || flags.think_ms > 86'400'000)
        throw usage_error("--think must be 0 to 86400000 (milliseconds)");
    if (flags.seed < 0)
        throw usage_error("--seed must be 0 or more");
    options.seed = static_cast<std::uint64_t>(flags.seed);
    options.think = std::chrono::milliseconds{flags.think_ms};
    if (!flags.isolation.empty())
        options.level = isolation_named(flags.isolation);
    if (!flags.latency_ms.empty()) {
        auto const range = parse_latency(flags.latency_ms);
        options.faults.latency_min = range.least;
        options.faults.latency_max = range.most;
    }
    return options;
}

// A file is tried before the race, so that a wrong name costs no race.
void check_writable(std::string const& flag, std::string const& path)
{
    if (path.empty() || path == "-")
        return;
    bool const there = std::filesystem::exists(path);
    if (!std::ofstream(path, std::ios::app))
        throw usage_error(flag + ": cannot write " + path);
    std::error_code ignored;
    if (!there)
        std::filesystem::remove(path, ignored);
}

void write(std::string const& flag, std::string const& path, std::string const& text)
{
    if (path.empty())
        return;
    if (path == "-") {
        std::cout << text << std::flush;
        return;
    }
    std::ofstream file(path, std::ios::trunc);
    file << text << std::flush;
    if (!file)
        throw usage_error(flag + ": cannot write " + path + " to its end");
}

race::table_style style_of(int file)
{
    if (::isatty(file) != 1)
        return {};
    char const* const no_color = std::getenv("NO_COLOR");
    char const* const terminal = std::getenv("TERM");
    bool const plain = (no_color != nullptr && *no_color != '\0') ||
                       (terminal != nullptr && std::string{terminal} == "dumb");
    winsize size{};
    bool const known = ::ioctl(file, TIOCGWINSZ, &size) == 0;
    return {.colour = !plain, .width_max = known ? size.ws_col : 0U};
}

int show(race_flags const& flags, race::race_report const& report)
{
    // Standard output belongs to the JSON or HTML when it is asked for there.
    bool const aside = flags.json == "-" || flags.html == "-";
    if (!flags.quiet) {
        auto const style = style_of(aside ? STDERR_FILENO : STDOUT_FILENO);
        (aside ? std::cerr : std::cout) << race::to_table(report, style) << std::flush;
    }
    write("--json", flags.json, race::to_json(report));
    if (!flags.html.empty())
        write("--html", flags.html, race::to_html(report));
    return report.interrupted != 0 ? 128 + report.interrupted : race::exit_code_of(report);
}

int run(race_flags const& flags)
{
    auto const options = options_of(flags);
    if (flags.json == "-" && flags.html == "-")
        throw usage_error("--json - and --html - cannot both go to standard output");
    check_writable("--json", flags.json);
    check_writable("--html", flags.html);
    try {
        if (!flags.quiet && ::isatty(STDERR_FILENO) == 1) {
            race::progress_line progress;
            return show(flags, race::run_race(options, progress));
        }
        race::race_watcher nobody;
        return show(flags, race::run_race(options, nobody));
    } catch (race::cannot_race const& wrong) {
        throw usage_error(wrong.what());
    } catch (error const& failed) {
        throw usage_error("the race could not be run: " + std::string{failed.what()} + " (" +
                          (options.url.empty() ? "a temporary file in $TMPDIR or /tmp" : "--db") +
                          ")");
    }
}

void add_contest_flags(CLI::App& to, race_flags& flags)
{
    auto& options = flags.options;
    to.add_option("scenario", flags.scenario, "coupon, book, ticket or run")->capture_default_str();
    to.add_option("--strategy", options.strategies, "names joined by commas, or all")
        ->delimiter(',');
    to.add_option("--users", options.users, "members, clients, orders or runs")
        ->capture_default_str();
    to.add_option("--stock", options.stock, "coupons to be had")->capture_default_str();
    to.add_option("--processes", options.processes, "real processes")->capture_default_str();
    to.add_option("--threads", options.threads, "in each process")->capture_default_str();
    flags.attempts = to.add_option("--attempts",
                                   options.attempts,
                                   "total runs of a request, the first included; no limit unless "
                                   "given");
    flags.deadline =
        to.add_option("--deadline",
                      flags.deadline_s,
                      "seconds a request may take; 10 + 2 x users x think unless given");
    to.add_option(
        "--isolation", flags.isolation, "read_committed, repeatable_read or serializable");
    to.add_option("--think",
                  flags.think_ms,
                  "milliseconds between read and write; ticket: between order and approval")
        ->capture_default_str();
    to.add_option("--seed", flags.seed, "of everything random")->capture_default_str();
    to.add_option("--via", flags.via, "library; or http: that many servers behind nginx")
        ->capture_default_str();
    to.add_option(
        "--redis", options.redis, "ticket: URL of a Redis, for idempotency_redis and redis_cas");
}

void add_fault_flags(CLI::App& to, race_flags& flags)
{
    auto& faults = flags.options.faults;
    to.add_option("--decline-rate", faults.decline_rate, "ticket: 0 to 1, of payments")
        ->capture_default_str();
    to.add_option("--error-rate", faults.error_rate, "ticket: 0 to 1, of calls of the provider")
        ->capture_default_str();
    to.add_option("--drop-reply-rate",
                  faults.drop_reply_rate,
                  "ticket: 0 to 1, of calls that act but whose reply is lost")
        ->capture_default_str();
    to.add_option("--latency-ms", flags.latency_ms, "ticket: A..B, of the provider");
    to.add_flag("--kill",
                flags.options.kill,
                "run: end workers with SIGKILL and start them again; ticket by http: servers");
    to.add_flag("--pause", flags.options.pause, "run: stop workers until their lease is over");
}

void add_output_flags(CLI::App& to, race_flags& flags)
{
    to.add_option("--db",
                  flags.place.url,
                  "database URL, for example sqlite:shop.db; a temporary file unless given");
    to.add_option("--db-file", flags.place.file, "file whose first line is the database URL")
        ->excludes("--db");
    to.add_flag("--keep", flags.options.keep, "leave the database as the race left it");
    to.add_option("--json", flags.json, "write the results as JSON; - is standard output");
    to.add_option("--html", flags.html, "write a report with charts, one file that needs no other");
    to.add_flag("--quiet", flags.quiet, "no table and no progress: the exit code says it");
}

}  // namespace

void add_race(CLI::App& app, body& chosen)
{
    auto* command = app.add_subcommand(
        "race", "Race every strategy of a scenario with real processes and audit the rows.");
    auto const flags = std::make_shared<race_flags>();
    add_contest_flags(*command, *flags);
    add_fault_flags(*command, *flags);
    add_output_flags(*command, *flags);
    command->footer(race_examples);
    command->callback([&chosen, flags] { chosen = [flags] { return run(*flags); }; });
}

}  // namespace tiebreak::cli
