// `tiebreak serve`: the HTTP service, until it is told to end.
#include <tiebreak/schema.hpp>

#include "cli/commands.hpp"
#include "cli/database_url.hpp"
#include "cli/isolation_name.hpp"
#include "cli/listen_address.hpp"
#include "schema/schema.hpp"
#include "service/api/resources.hpp"
#include "service/http/metrics.hpp"
#include "service/http/server.hpp"
#include "service/payments/payment_client.hpp"
#include "systems/tickets/recoverer.hpp"
#include "systems/tickets/stand_in_provider.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>

namespace tiebreak::cli {

namespace {

namespace api = service::api;
namespace http = service::http;
namespace tickets = systems::tickets;

constexpr char const* serve_description =
    "Serve coupons, books, orders, tickets and runs over HTTP. Makes missing tables first. "
    "SIGTERM or Ctrl-C answers what was begun, then ends.";

constexpr char const* serve_examples = R"(Examples:
  tiebreak serve --db sqlite:shop.db
  tiebreak serve --db postgresql://app@db/shop --listen 0.0.0.0:8080 --token-file tokens
  tiebreak serve --db sqlite:shop.db --listen 127.0.0.1:0 --ticket-strategy unique_claim
  curl -s http://127.0.0.1:8080/openapi.json      (and a page for people at /)

Without --token-file everything belongs to tenant 'default', and only this machine can connect.)";

struct serve_flags {
    database_place place{};
    std::string listen = "127.0.0.1:8080";
    std::string name{};
    std::string token_file{};
    std::string reports{};
    std::string payments{};
    std::string coupon_strategy{};
    std::string book_strategy{};
    std::string ticket_strategy{};
    std::string redis{};
    std::string run_strategy{};
    std::string isolation{};
    int attempts = 0;
    int recover_after_s = 60;
    int threads = 16;
    std::int64_t think_ms = 0;
    std::int64_t budget = 1'000'000;
    bool access_log = true;
    bool lab = false;
};

template <class Strategy>
void choose(char const* flag, std::string const& name, bool lab, Strategy& to)
{
    if (name.empty())
        return;
    auto const found = systems::parse<Strategy>(name);
    if (!found)
        throw usage_error(std::string{flag} + ": there is no strategy '" + name + "'");
    if (is_negative_control(*found) && !lab)
        throw usage_error(std::string{flag} + " " + name +
                          " loses updates on purpose; it is there only with --lab");
    to = *found;
}

api::decisions decisions_of(serve_flags const& flags)
{
    api::decisions made;
    choose("--coupon-strategy", flags.coupon_strategy, flags.lab, made.coupons);
    choose("--book-strategy", flags.book_strategy, flags.lab, made.books);
    choose("--ticket-strategy", flags.ticket_strategy, flags.lab, made.tickets);
    choose("--run-strategy", flags.run_strategy, flags.lab, made.runs);
    if (flags.think_ms != 0 && !flags.lab)
        throw usage_error("--think is there only with --lab");
    made.think = std::chrono::milliseconds{flags.think_ms};
    made.attempts_max = flags.attempts;
    if (!flags.isolation.empty())
        made.level = isolation_named(flags.isolation);
    made.recover_after = std::chrono::seconds{flags.recover_after_s};
    return made;
}

// Empty: none. The environment is the place for a URL with a password.
std::string redis_url(serve_flags const& flags)
{
    if (!flags.redis.empty())
        return flags.redis;
    char const* const set = std::getenv("TIEBREAK_REDIS");
    return set == nullptr ? "" : set;
}

std::optional<redis> redis_of(serve_flags const& flags, api::decisions const& made)
{
    auto const url = redis_url(flags);
    if (systems::tickets::needs_redis(made.tickets) && url.empty())
        throw usage_error("--ticket-strategy " + flags.ticket_strategy +
                          " needs a Redis: --redis redis://HOST:PORT, or TIEBREAK_REDIS");
    if (url.empty())
        return std::nullopt;
    return redis(url, {.connections_max = flags.threads});
}

// Everybody who may call has a budget; one that is there stays as it is.
void open_budgets(database& in, api::tenants const* tokens, std::int64_t limit)
{
    auto const names =
        tokens != nullptr ? tokens->names() : std::vector{std::string{api::default_tenant}};
    for (auto const& each : names)
        static_cast<void>(systems::runs::open_budget(in, each, limit));
}

// Who is paid, and who finds out what became of payments whose server died. Without --payments a
// stand-in of this process, whose books end with it: nothing is left to be found out.
class payments_of {
public:
    payments_of(database& in, serve_flags const& flags, std::chrono::milliseconds recover_after)
    {
        if (flags.payments.empty()) {
            provider_ = std::make_unique<tickets::stand_in_provider>("sqlite::memory:");
            return;
        }
        provider_ = std::make_unique<service::payments::payment_client>(flags.payments);
        auto const& owner = flags.name.empty() ? flags.listen : flags.name;
        recovering_.emplace(in,
                            *provider_,
                            tickets::recoverer_options{.owner = owner.substr(0, 255),
                                                       .period = recover_after / 6,
                                                       .older_than = recover_after});
    }

    [[nodiscard]] tickets::payment_provider& provider() noexcept { return *provider_; }

private:
    std::unique_ptr<tickets::payment_provider> provider_;
    std::optional<tickets::recoverer> recovering_;  // last: it uses the provider
};

// How the connections to the database are used, in the metrics. The database lives longer than
// anybody who asks for them.
void show_pool(http::metrics& in, database const& of, http::availability const& reach)
{
    in.add_gauge("tiebreak_database_away", "1 while the database cannot be reached", [&reach] {
        return reach.is_away() ? 1.0 : 0.0;
    });
    in.add_gauge("tiebreak_pool_open", "Connections to the database", [&of] {
        return static_cast<double>(of.connections().open);
    });
    in.add_gauge("tiebreak_pool_busy", "Connections to the database in use", [&of] {
        return static_cast<double>(of.connections().busy);
    });
    in.add_gauge("tiebreak_pool_waiting", "Who waits for a connection to the database", [&of] {
        return static_cast<double>(of.connections().waiting);
    });
}

int serve(serve_flags const& flags)
{
    auto const where = parse_listen_address(flags.listen);
    if (flags.token_file.empty() && !where.is_loopback())
        throw usage_error("--listen " + flags.listen +
                          " is open to other machines: give --token-file (see 'tiebreak token'), "
                          "or listen on 127.0.0.1");
    std::optional<api::tenants> tokens;
    if (!flags.token_file.empty())
        tokens = api::tenants::from_file(flags.token_file);

    api::application app{
        .name = flags.name,
        .tokens = tokens ? &*tokens : nullptr,
        .decide = decisions_of(flags),
        .page = {.version = TIEBREAK_VERSION, .is_lab = flags.lab, .reports = flags.reports}};
    auto const cache = redis_of(flags, app.decide);
    app.cache = cache ? &*cache : nullptr;
    http::limits limits;
    limits.work_threads = static_cast<std::size_t>(flags.threads);
    http::availability reach;
    http::metrics counted(&reach);
    app.reach = &reach;
    app.counted = &counted;
    database_options const options{.connections_max = flags.threads + 4,
                                   .connection_wait = limits.request_time,
                                   .retry = {.deadline = limits.request_time},
                                   .watcher = &counted};
    database db(database_url(flags.place), options);
    schema::apply(db);
    install(db);
    open_budgets(db, app.tokens, flags.budget);
    payments_of payments(db, flags, app.decide.recover_after);
    app.db = &db;
    app.page.engine = std::string{db.engine()} + " " + db.engine_version();
    show_pool(counted, db, reach);
    app.payments = &payments.provider();
    http::server running(api::routes_of(app),
                         {.host = where.host,
                          .port = where.port,
                          .listening =
                              [&](std::uint16_t port) {
                                  auto const url = where.url(port);
                                  if (app.name.empty())
                                      app.name = url.substr(url.find("//") + 2);
                              },
                          .limits = limits,
                          .handles_signals = true,
                          .access_log = flags.access_log ? STDERR_FILENO : -1,
                          .metrics = &counted});
    std::cout << "tiebreak serves " << db.shown_url() << " at " << where.url(running.port())
              << std::endl;
    return running.wait() ? exit_done : exit_no;
}

}  // namespace

void add_serve(CLI::App& app, body& chosen)
{
    auto* command = app.add_subcommand("serve", serve_description);
    auto const flags = std::make_shared<serve_flags>();
    add_database_options(*command, flags->place);
    command->add_option("--listen", flags->listen, "HOST:PORT; port 0 is any that is free")
        ->capture_default_str();
    command->add_option("--name", flags->name, "what /ping answers; default: HOST:PORT");
    command->add_option(
        "--token-file", flags->token_file, "who may call: lines TENANT SHA256 ('tiebreak token')");
    command->add_option("--reports",
                        flags->reports,
                        "DIR with reports of races ('tiebreak race --json DIR/FILE'), for the page "
                        "at /; not shown with --token-file");
    command->add_option("--payments",
                        flags->payments,
                        "URL of the payment provider ('tiebreak payments'); default: a stand-in "
                        "of this process");
    command->add_option("--coupon-strategy", flags->coupon_strategy, "default: optimistic");
    command->add_option("--book-strategy", flags->book_strategy, "default: optimistic");
    command->add_option("--ticket-strategy", flags->ticket_strategy, "default: conditional");
    command->add_option("--run-strategy", flags->run_strategy, "default: fenced");
    command
        ->add_option("--recover-after",
                     flags->recover_after_s,
                     "seconds after which an approval without an end is taken over")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    command->add_option("--redis",
                        flags->redis,
                        "URL of a Redis that remembers answers and never decides (or in "
                        "TIEBREAK_REDIS)");
    command->add_option("--attempts", flags->attempts, "runs of a transaction at most; 0: no limit")
        ->check(CLI::Range(0, 1'000'000));
    command->add_option("--isolation", flags->isolation, "read_committed, repeatable_read …");
    command->add_option("--threads", flags->threads, "requests that work with the database at once")
        ->check(CLI::Range(1, 900))
        ->capture_default_str();
    command
        ->add_option("--budget", flags->budget, "limit of tenants that have no budget, minor units")
        ->check(CLI::Range(std::int64_t{0}, systems::runs::amount_max))
        ->capture_default_str();
    command->add_flag("--access-log,!--no-access-log",
                      flags->access_log,
                      "a line for each request on stderr (default: on)");
    command->add_flag("--lab", flags->lab, "allow strategies that lose updates, and --think");
    command->add_option("--think", flags->think_ms, "lab: milliseconds between read and write")
        ->check(CLI::Range(0, 3'600'000));
    command->footer(serve_examples);
    command->callback([&chosen, flags] { chosen = [flags] { return serve(*flags); }; });
}

}  // namespace tiebreak::cli
