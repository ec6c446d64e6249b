// `tiebreak schema add-version`: gives a table in use a version, and says how far it is.
#include "cli/commands.hpp"
#include "cli/database_url.hpp"
#include "race/words.hpp"
#include "schema/add_version.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <unistd.h>

namespace tiebreak::cli {

namespace {

using schema::version_step;

constexpr char const* schema_add_version_examples = R"(Examples:
  tiebreak schema add-version orders --db postgresql://shop@db/shop
  tiebreak schema add-version orders --db sqlite:shop.db --guard
  tiebreak schema add-version orders --db mariadb://shop@db/shop --column row_version
  tiebreak schema add-version jobs --db sqlite:shop.db --guard --unversioned beat_at,progress

Programs that use the table go on meanwhile. Ctrl-C stops between two steps; after that, after an
error and after a kill the same command goes on where it was.

Exit codes: 0 the table has its version; 1 it was in use for too long, run the same again;
2 bad usage, or a table or column that cannot have one; 130 interrupted by Ctrl-C.)";

struct add_version_flags {
    database_place place{};
    std::string table{};
    schema::add_version_options options{};
    std::int64_t lock_wait_ms = 1'000;
    double patience_s = 60;
};

class interrupted : public std::exception {};

// The first signal is remembered, so that the work can end between two steps; the second ends the
// program, which is safe at any point, too.
volatile std::sig_atomic_t received_signal = 0;

extern "C" void remember_signal(int signal)
{
    received_signal = signal;
}

void listen_for_signals()
{
    struct sigaction action {};

    action.sa_handler = &remember_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (int const signal : {SIGINT, SIGTERM})
        ::sigaction(signal, &action, nullptr);
}

// Names come from a command line and go to a terminal.
std::string shown(std::string text)
{
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text;
}

class add_version_report final : public schema::version_watcher {
public:
    explicit add_version_report(add_version_flags const& flags)
        : table_(shown(flags.table)),
          column_(shown(flags.options.column)),
          terminal_(::isatty(STDERR_FILENO) == 1)
    {
    }

    add_version_report(add_version_report const&) = delete;
    add_version_report& operator=(add_version_report const&) = delete;

    ~add_version_report() override { clear(); }

    void began(version_step step) override
    {
        stop_if_interrupted();
        clear();
        std::cout << table_ << ": " << words_of(step) << '\n' << std::flush;
        told_of_waiting_ = false;
    }

    void filled(std::int64_t done, std::int64_t total) override
    {
        stop_if_interrupted();
        told_of_waiting_ = false;
        if (!terminal_)
            return;
        constexpr std::int64_t width = 24;
        auto const full = std::min(done, total) * width / std::max<std::int64_t>(total, 1);
        std::string bar(static_cast<std::size_t>(full), '#');
        bar.resize(width, '.');
        show("[" + bar + "] " + race::number_text(done) + " of " + race::number_text(total) +
             " rows");
    }

    void waits() override
    {
        stop_if_interrupted();
        if (!std::exchange(told_of_waiting_, true))
            show("waiting: others hold the table or rows of it");
        if (!terminal_)
            visible_ = false;
    }

    void clear()
    {
        if (visible_ && terminal_)
            std::cerr << "\r\x1b[K" << std::flush;
        visible_ = false;
    }

private:
    static void stop_if_interrupted()
    {
        if (received_signal != 0)
            throw interrupted();
    }

    void show(std::string const& text)
    {
        if (terminal_)
            std::cerr << "\r\x1b[K" << text << std::flush;
        else
            std::cerr << table_ << ": " << text << '\n' << std::flush;
        visible_ = true;
    }

    [[nodiscard]] std::string words_of(version_step step) const
    {
        switch (step) {
        case version_step::add_column:
            return "adding the column " + column_ + ", NOT NULL, 1 in every row";
        case version_step::set_default: return "giving new rows a version of their own";
        case version_step::fill: return "filling the rows whose " + column_ + " is NULL";
        case version_step::set_not_null: return "making " + column_ + " NOT NULL";
        case version_step::make_guard: return "making the trigger that guards " + column_;
        }
        return {};
    }

    std::string table_;
    std::string column_;
    bool terminal_;
    bool visible_ = false;
    bool told_of_waiting_ = false;
};

schema::add_version_options options_of(add_version_flags const& flags)
{
    auto options = flags.options;
    if (flags.lock_wait_ms < 1 || flags.lock_wait_ms > 3'600'000)
        throw usage_error("--lock-wait must be 1 to 3600000 (milliseconds)");
    if (!(flags.patience_s >= 0 && flags.patience_s <= 86'400))
        throw usage_error("--patience must be 0 to 86400 (seconds)");
    options.lock_wait = std::chrono::milliseconds{flags.lock_wait_ms};
    options.patience =
        std::chrono::milliseconds{static_cast<std::int64_t>(flags.patience_s * 1'000)};
    return options;
}

void say_what_was_done(add_version_flags const& flags, schema::added_version const& result)
{
    auto const table = shown(flags.table);
    auto const column = shown(flags.options.column);
    if (result.rows_filled > 0)
        std::cout << table << ": " << race::number_text(result.rows_filled) << " rows filled\n";
    if (result.done.empty())
        std::cout << table << ": nothing to do: ";
    else
        std::cout << table << ": done: ";
    std::cout << column << " is NOT NULL, new rows get " << result.first;
    if (!result.guard.empty())
        std::cout << ", guarded by the trigger " << shown(result.guard);
    std::cout << '\n';
}

// To whoever changes tables by hand, what the database said is no secret.
std::string whole_text(error const& failure)
{
    std::string text = failure.what();
    auto const& cause = failure.last() != nullptr ? *failure.last() : failure;
    if (!cause.server_message().empty())
        text.append(" (").append(cause.server_message()).append(")");
    return text;
}

int say_aside(std::string const& text, int code)
{
    std::cerr << "tiebreak: " << shown(text) << '\n';
    return code;
}

int add_version(add_version_flags const& flags)
{
    auto const options = options_of(flags);
    database db(without_creating(database_url(flags.place)));
    listen_for_signals();
    add_version_report report(flags);
    try {
        auto const result = schema::add_version(db, flags.table, options, &report);
        report.clear();
        say_what_was_done(flags, result);
        return exit_done;
    } catch (interrupted const&) {
        report.clear();
        return say_aside("interrupted: the table is whole, run the same again to go on",
                         128 + received_signal);
    } catch (error const& failure) {
        report.clear();
        bool const again = failure.code() == errc::lock_timeout;
        return say_aside(whole_text(failure), again ? exit_no : exit_usage);
    }
}

}  // namespace

void add_schema_add_version(CLI::App& to, body& chosen)
{
    auto* command = to.add_subcommand(
        "add-version",
        "Give a table that is in use a version: a column NOT NULL with a default, or one that is "
        "there and nullable made so.");
    auto const flags = std::make_shared<add_version_flags>();
    auto& options = flags->options;
    command->add_option("table", flags->table, "as in a mapping, without the table prefix")
        ->required();
    add_database_options(*command, flags->place);
    command->add_option("--column", options.column, "the version's")->capture_default_str();
    command->add_flag("--guard",
                      options.guard,
                      "also make a trigger that raises the version for programs that do not");
    command
        ->add_option("--unversioned",
                     options.unversioned,
                     "with --guard: columns whose change alone raises no version, joined by commas")
        ->delimiter(',');
    command
        ->add_option("--lock-wait",
                     flags->lock_wait_ms,
                     "milliseconds one try may wait for the table, others queueing behind it")
        ->capture_default_str();
    command
        ->add_option("--patience",
                     flags->patience_s,
                     "seconds that tries are repeated while nothing gets on")
        ->capture_default_str();
    command->add_flag("--allow-blocking",
                      options.allow_blocking,
                      "MariaDB: let writers wait when a table can only be changed by a copy");
    command->footer(schema_add_version_examples);
    command->callback([&chosen, flags] { chosen = [flags] { return add_version(*flags); }; });
}

}  // namespace tiebreak::cli
