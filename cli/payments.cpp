// `tiebreak payments`: the stand-in payment provider as a process of its own.
#include "cli/commands.hpp"
#include "cli/database_url.hpp"
#include "cli/latency_range.hpp"
#include "cli/listen_address.hpp"
#include "service/http/server.hpp"
#include "service/payments/payment_routes.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace tiebreak::cli {

namespace {

namespace tickets = systems::tickets;

constexpr char const* payments_examples = R"(Examples:
  tiebreak payments --listen 127.0.0.1:8090 --db sqlite:provider.db
  tiebreak payments --listen 127.0.0.1:0 --db sqlite:provider.db --latency-ms 100..500
  tiebreak payments --listen 127.0.0.1:8090 --db sqlite:provider.db \
      --decline-rate 0.1 --error-rate 0.1 --drop-reply-rate 0.1 --seed 7
  curl -H 'Content-Type: application/json' -H 'Idempotency-Key: p-1' \
      -d '{"payment_key":"p-1","order_id":1,"amount":1000}' http://127.0.0.1:8090/v1/payments

It prints the address it listens at; port 0 is any that is free. SIGTERM ends it when the calls that
run are answered.)";

struct payments_flags {
    std::string listen{};
    database_place place{};
    std::string latency_ms{};
    std::int64_t seed = 1;
    tickets::stand_in_options options{};
};

// A call holds its thread while the provider pretends to be slow, so there are many.
constexpr std::size_t work_threads = 64;

int run(payments_flags const& flags)
{
    auto const where = parse_listen_address(flags.listen);
    auto options = flags.options;
    if (flags.seed < 0)
        throw usage_error("--seed must be 0 or more");
    options.seed = static_cast<std::uint64_t>(flags.seed);
    if (!flags.latency_ms.empty()) {
        auto const range = parse_latency(flags.latency_ms);
        options.latency_min = range.least;
        options.latency_max = range.most;
    }
    tickets::stand_in_provider provider(database_url(flags.place), options);
    service::http::router routes;
    service::payments::add_payment_routes(routes, provider);
    service::http::server server(std::move(routes),
                                 {.host = where.host,
                                  .port = where.port,
                                  .limits = {.work_threads = work_threads},
                                  .handles_signals = true});
    std::cout << "payments: listening at " << where.url(server.port()) << std::endl;
    return server.wait() ? exit_done : exit_no;
}

}  // namespace

void add_payments(CLI::App& app, body& chosen)
{
    auto* sub = app.add_subcommand(
        "payments", "A stand-in payment provider over HTTP that counts charges and misbehaves.");
    sub->footer(payments_examples);
    auto const flags = std::make_shared<payments_flags>();
    auto& options = flags->options;
    sub->add_option("--listen", flags->listen, "HOST:PORT")->required();
    add_database_options(*sub, flags->place);
    sub->add_option("--latency-ms", flags->latency_ms, "A..B, of each call (0)");
    sub->add_option("--decline-rate", options.decline_rate, "0 to 1, of payments (0)");
    sub->add_option("--error-rate", options.error_rate, "0 to 1, of calls: nothing is taken (0)");
    sub->add_option("--drop-reply-rate",
                    options.drop_reply_rate,
                    "0 to 1, of calls: acted on, and the connection ends (0)");
    sub->add_option("--seed", flags->seed, "for the rates and latencies (1)");
    sub->callback([&chosen, flags] { chosen = [flags] { return run(*flags); }; });
}

}  // namespace tiebreak::cli
