// `tiebreak`: the command line. Parses, runs the chosen subcommand, and turns every error into one
// line on stderr and an exit code: 0 done, 1 the answer is no, 2 bad usage or configuration.
#include <tiebreak/error.hpp>

#include "cli/commands.hpp"
#include "cli/database_url.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

#ifndef TIEBREAK_VERSION
#define TIEBREAK_VERSION "unknown"
#endif

namespace {

constexpr char const* main_examples = R"(Examples:
  tiebreak race                             race every way to issue 100 coupons to 500 members
  tiebreak race ticket --users 100          five payment approvals at once for each of 100 orders
  tiebreak race --html race-report.html     the same as the first, with a report for a browser
  tiebreak schema check --db sqlite:shop.db what is guaranteed on this database

Exit codes: 0 done; 1 the answer is no (a promise was broken, a check failed);
2 bad usage or configuration, with one line that says what to change.)";

// One line, whatever the text was made of.
int say(std::string text, int code)
{
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    while (!text.empty() && text.back() == ' ')
        text.pop_back();
    std::cerr << "tiebreak: " << text << '\n';
    return code;
}

// CLI11 says "A subcommand is required" also when there was one, but an unknown one.
std::string what_is_missing(int argc, char** argv, std::string const& said)
{
    if (argc <= 1)
        return "a subcommand is needed, for example 'tiebreak race'; see 'tiebreak --help'";
    std::string const first = argv[1];
    for (auto const* known : {"race", "schema", "serve", "token", "work", "reap", "payments"})
        if (first == known)
            return "'" + first + "': " + said + "; see 'tiebreak " + first + " --help'";
    return "there is no subcommand '" + first +
           "': use race, schema, serve, token, work, reap or payments; see 'tiebreak --help'";
}

int parse_and_run(int argc, char** argv)
{
    CLI::App app{"When many processes race for one row, exactly one wins, the others know it, and "
                 "nothing is lost."};
    app.name("tiebreak");
    app.set_version_flag("--version", std::string{"tiebreak "} + TIEBREAK_VERSION);
    app.footer(main_examples);
    app.require_subcommand(1);
    tiebreak::cli::body chosen;
    tiebreak::cli::add_race(app, chosen);
    tiebreak::cli::add_schema(app, chosen);
    tiebreak::cli::add_serve(app, chosen);
    tiebreak::cli::add_token(app, chosen);
    tiebreak::cli::add_payments(app, chosen);
    tiebreak::cli::add_work(app, chosen);
    tiebreak::cli::add_reap(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (CLI::Success const& answered) {
        return app.exit(answered);
    } catch (CLI::RequiredError const& wrong) {
        return say(what_is_missing(argc, argv, wrong.what()), tiebreak::cli::exit_usage);
    } catch (CLI::ParseError const& wrong) {
        return say(std::string{wrong.what()} + "; see --help", tiebreak::cli::exit_usage);
    }
    tiebreak::cli::hide_passwords({argv, static_cast<std::size_t>(argc)});
    return chosen();
}

// With what the database said, for whoever runs this is to put it right.
std::string text_of(tiebreak::error const& failed)
{
    std::string text = failed.what();
    if (!failed.server_message().empty())
        text += " (" + std::string{failed.server_message()} + ")";
    return text;
}

}  // namespace

int main(int argc, char** argv)
{
    // A file size limit shall be an error that names the disk, not the end of the process.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        try {
            return parse_and_run(argc, argv);
        } catch (tiebreak::error const& failed) {
            return say(text_of(failed), tiebreak::cli::exit_usage);
        } catch (std::exception const& failed) {
            return say(failed.what(), tiebreak::cli::exit_usage);
        }
    } catch (...) {  // not even the sentence could be made: no memory, or nowhere to write it
        return tiebreak::cli::exit_usage;
    }
}
