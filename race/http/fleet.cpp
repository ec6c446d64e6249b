#include "race/http/fleet.hpp"

#include "race/http/nginx.hpp"
#include "race/run_desk.hpp"

#include <algorithm>
#include <cmath>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

constexpr char const* this_program = "/proc/self/exe";
constexpr auto kill_every = 1s;
constexpr int entrance_tries = 5;

std::string number_of(double rate)
{
    return std::to_string(rate);
}

}  // namespace

std::string books_url_of(std::string const& folder, strategy const& what, int pool)
{
    return "sqlite:" + folder + "/provider-" + std::string{what.name} +
           ".db?pool=" + std::to_string(pool);
}

fleet::fleet(race_options const& options,
             strategy const& what,
             std::string const& database_url,
             std::string folder)
    : options_(options),
      strategy_(what.name),
      folder_(std::move(folder)),
      settings_{{"TIEBREAK_DB", database_url}}
{
    require_nginx();
    if (!options.redis.empty())
        settings_.emplace_back("TIEBREAK_REDIS", redis_url_of(options, what.name, folder_));
    if (options.scenario == scenario_kind::ticket)
        payments_url_ = start_payments(books_url_of(folder_, what, options.threads + 1));
    servers_.resize(static_cast<std::size_t>(options.processes));
    addresses_.resize(servers_.size());
    for (std::size_t i = 0; i < servers_.size(); ++i)
        start_server(i, "127.0.0.1:0");
    for (std::size_t i = 0; i < servers_.size(); ++i)
        addresses_[i] = servers_[i]->await_url().substr(std::string_view{"http://"}.size());
    start_nginx();
    next_kill_ = std::chrono::steady_clock::now() + kill_every;
}

fleet::~fleet()
{
    stop();
}

std::string fleet::start_payments(std::string const& books_url)
{
    auto const& faults = options_.faults;
    payments_ = std::make_unique<program>(
        this_program,
        std::vector<std::string>{"payments",
                                 "--listen",
                                 "127.0.0.1:0",
                                 "--db",
                                 books_url,
                                 "--seed",
                                 std::to_string(options_.seed),
                                 "--decline-rate",
                                 number_of(faults.decline_rate),
                                 "--error-rate",
                                 number_of(faults.error_rate),
                                 "--drop-reply-rate",
                                 number_of(faults.drop_reply_rate),
                                 "--latency-ms",
                                 std::to_string(faults.latency_min.count()) + ".." +
                                     std::to_string(faults.latency_max.count())},
        environment{},
        folder_ + "/payments-" + strategy_ + ".log");
    return payments_->await_url();
}

void fleet::start_server(std::size_t number, std::string const& listen)
{
    std::vector<std::string> arguments{"serve",
                                       "--lab",
                                       "--listen",
                                       listen,
                                       "--name",
                                       "server-" + std::to_string(number + 1),
                                       "--threads",
                                       std::to_string(std::min(options_.threads * 2, 64)),
                                       "--" + std::string{name_of(options_.scenario)} + "-strategy",
                                       strategy_,
                                       "--attempts",
                                       std::to_string(options_.attempts)};
    // The pause of a ticket is the client's, between order and approval.
    if (options_.think.count() > 0 && options_.scenario != scenario_kind::ticket)
        arguments.insert(arguments.end(), {"--think", std::to_string(options_.think.count())});
    if (options_.level != isolation::engine_default)
        arguments.insert(arguments.end(), {"--isolation", std::string{name_of(options_.level)}});
    if (options_.scenario == scenario_kind::run)
        arguments.insert(arguments.end(), {"--budget", std::to_string(run_budget(options_))});
    if (!payments_url_.empty())
        arguments.insert(arguments.end(), {"--payments", payments_url_});
    servers_[number] =
        std::make_unique<program>(this_program,
                                  arguments,
                                  settings_,
                                  folder_ + "/server-" + std::to_string(number + 1) + ".log");
}

// The port is free when it is looked for, and perhaps not when nginx takes it.
void fleet::start_nginx()
{
    for (int tries = 1;; ++tries) {
        auto const port = free_port();
        write_nginx_configuration(folder_, port, addresses_);
        nginx_ = std::make_unique<program>(
            "nginx",
            std::vector<std::string>{"-p", folder_, "-c", folder_ + "/nginx.conf"},
            environment{},
            folder_ + "/nginx.log");
        entrance_ = "http://127.0.0.1:" + std::to_string(port);
        if (await_connection(*nginx_, port))
            return;
        if (tries == entrance_tries)
            throw cannot_race("nginx does not start; see " + folder_ + "/nginx.log");
    }
}

void fleet::act()
{
    if (!options_.kill || std::chrono::steady_clock::now() < next_kill_)
        return;
    next_kill_ = std::chrono::steady_clock::now() + kill_every;
    auto const victim = kills_++ % servers_.size();
    servers_[victim]->kill();
    start_server(victim, addresses_[victim]);
}

void fleet::stop() noexcept
{
    if (nginx_)
        nginx_->end();
    for (auto const& each : servers_)
        if (each)
            each->end();
    if (payments_)
        payments_->end();
}

std::vector<std::string> fleet::notes() const
{
    if (kills_ == 0)
        return {};
    return {std::to_string(kills_) + " times a server was ended by SIGKILL and started again"};
}

}  // namespace tiebreak::race
