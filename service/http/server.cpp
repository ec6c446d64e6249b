// Accepting, the threads, and the drain.
#include "service/http/server.hpp"

#include <tiebreak/log.hpp>

#include "service/http/io_thread.hpp"
#include "service/http/shared_state.hpp"
#include "service/http/termination.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <vector>

namespace tiebreak::service::http {

namespace {

using tcp = boost::asio::ip::tcp;
using asio_error = boost::system::error_code;
using tcp_acceptor =
    boost::asio::basic_socket_acceptor<tcp, boost::asio::io_context::executor_type>;

// Files that are no connections: the database's, the log's, the listening socket.
constexpr std::size_t files_for_others = 64;

// As many connections as the process may have files for, at most.
std::size_t connections_possible(std::size_t wanted)
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    if (files.rlim_cur < wanted + files_for_others) {
        files.rlim_cur = std::min<rlim_t>(files.rlim_max, wanted + files_for_others);
        ::setrlimit(RLIMIT_NOFILE, &files);
        ::getrlimit(RLIMIT_NOFILE, &files);
    }
    auto const possible = files.rlim_cur > 2 * files_for_others ? files.rlim_cur - files_for_others
                                                                : files_for_others;
    if (possible < wanted) {
        auto const text = std::to_string(possible);
        std::array const fields{log_field{"connections", text}};
        log(log_level::warning, "fewer_connections_than_asked", fields);
    }
    return std::min<std::size_t>(wanted, possible);
}

limits checked(limits of)
{
    validate(of);
    of.connections = connections_possible(of.connections);
    if (of.io_threads == 0)
        of.io_threads = std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
    return of;
}

}  // namespace

class server::core {
public:
    core(router routes, server_options const& options)
        : shared_(std::move(routes), checked(options.limits), options.metrics, options.access_log),
          keeps_running_(control_.get_executor()),
          acceptor_(control_),
          pause_(control_),
          drain_end_(control_)
    {
        listen(options);
        if (options.listening)
            options.listening(port_);
        show_gauges();
        if (options.handles_signals)
            termination_.emplace(control_, [this] { drain(); });
        for (std::size_t i = 0; i < shared_.limits.io_threads; ++i)
            threads_.push_back(std::make_unique<io_thread>(
                shared_, [this] { boost::asio::post(control_, [this] { one_is_drained(); }); }));
        for (auto const& one : threads_)
            one->start();
        boost::asio::post(control_, [this] { accept(); });
        control_thread_ = std::thread([this] { control_.run(); });
    }

    core(core const&) = delete;
    core& operator=(core const&) = delete;

    ~core()
    {
        drain();
        wait();
        for (auto const number : gauges_)
            shared_.counted->remove_gauge(number);
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    [[nodiscard]] bool is_draining() const noexcept { return shared_.is_draining.load(); }

    void drain() noexcept
    {
        if (shared_.is_draining.exchange(true))
            return;
        boost::asio::post(control_, [this] {
            asio_error ignored;
            acceptor_.cancel(ignored);
            // Behind what the accept under way has to say.
            boost::asio::post(control_, [this] { stop_accepting(); });
        });
    }

    bool wait()
    {
        std::scoped_lock const hold(waiting_);
        if (control_thread_.joinable())
            control_thread_.join();
        for (auto const& one : threads_)
            one->join();
        shared_.workers.stop();
        return !was_cut_off_.load();
    }

private:
    void listen(server_options const& options)
    {
        tcp::resolver resolver(control_);
        asio_error failure;
        auto const found = resolver.resolve(
            options.host, std::to_string(options.port), tcp::resolver::passive, failure);
        if (failure || found.empty())
            throw std::invalid_argument("cannot listen at '" + options.host +
                                        "': " + failure.message());
        tcp::endpoint const at = found.begin()->endpoint();
        try {
            acceptor_.open(at.protocol());
            acceptor_.set_option(tcp_acceptor::reuse_address(true));
            acceptor_.non_blocking(true);
            acceptor_.bind(at);
            acceptor_.listen(4096);
        } catch (boost::system::system_error const& problem) {
            throw std::system_error(problem.code().value(),
                                    std::system_category(),
                                    "cannot listen at " + options.host + ":" +
                                        std::to_string(options.port));
        }
        port_ = acceptor_.local_endpoint().port();
    }

    void show_gauges()
    {
        if (shared_.counted == nullptr)
            return;
        shared_.counted->expect(shared_.routes.routes());
        auto const add = [&](char const* name, char const* help, auto read) {
            gauges_.push_back(shared_.counted->add_gauge(
                name, help, [read] { return static_cast<double>(read()); }));
        };
        add("tiebreak_http_connections", "Connections that are served", [this] {
            return shared_.connections.load();
        });
        add("tiebreak_http_in_flight", "Requests read and not yet answered", [this] {
            return shared_.in_flight.load();
        });
        add("tiebreak_http_body_bytes", "Bytes of bodies that are held", [this] {
            return shared_.body_bytes.load();
        });
        add("tiebreak_http_queue", "Requests that wait for a work thread", [this] {
            return shared_.workers.waiting();
        });
        add("tiebreak_http_working", "Requests that run on a work thread", [this] {
            return shared_.workers.running();
        });
    }

    io_thread& fewest_connections()
    {
        return **std::min_element(threads_.begin(), threads_.end(), [](auto& a, auto& b) {
            return a->size() < b->size();
        });
    }

    void accept()
    {
        auto& home = fewest_connections();
        acceptor_.async_accept(home.context(), [this, &home](asio_error failure, tcp_socket one) {
            if (!failure)
                admit(std::move(one), home);
            if (is_draining())
                return;
            if (!failure) {
                accept();
                return;
            }
            // No files left, most likely: they come back when connections end.
            pause_.expires_after(std::chrono::milliseconds{50});
            pause_.async_wait([this](asio_error) {
                if (!is_draining())
                    accept();
            });
        });
    }

    void admit(tcp_socket one, io_thread& home)
    {
        asio_error failure;
        auto const address = one.remote_endpoint(failure).address();
        if (failure)
            return;  // gone already
        peer whose{.address = address.to_string(), .is_counted = !address.is_loopback()};
        if (whose.is_counted && !shared_.known_peers.try_enter(whose.address)) {
            shared_.rejected(rejection::peer_full);
            return;
        }
        boost::asio::post(home.context(),
                          [&home, one = std::move(one), whose = std::move(whose)]() mutable {
                              home.adopt(std::move(one), std::move(whose));
                          });
    }

    // Who has connected by now was promised a server: they are served their first request.
    void stop_accepting()
    {
        for (;;) {
            auto& home = fewest_connections();
            asio_error failure;
            auto one = acceptor_.accept(home.context(), failure);
            if (failure)
                break;
            admit(std::move(one), home);
        }
        asio_error ignored;
        acceptor_.close(ignored);
        pause_.cancel();
        drain_end_.expires_after(shared_.limits.drain_time);
        drain_end_.async_wait([this](asio_error failure) {
            if (failure)
                return;
            was_cut_off_ = true;
            for (auto const& thread : threads_)
                thread->close_all();
        });
        for (auto const& thread : threads_)
            thread->drain();
    }

    void one_is_drained()
    {
        if (++drained_ == threads_.size())
            control_.stop();
    }

    shared_state shared_;
    std::vector<std::size_t> gauges_{};
    std::vector<std::unique_ptr<io_thread>> threads_{};
    std::size_t drained_ = 0;
    boost::asio::io_context control_{1};  // accepting, signals, the end
    // Between a drain's flag and what it posts, an accept that ends leaves nothing else to do.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keeps_running_;
    tcp_acceptor acceptor_;
    boost::asio::steady_timer pause_;
    boost::asio::steady_timer drain_end_;
    std::optional<termination> termination_{};
    std::uint16_t port_ = 0;
    std::atomic<bool> was_cut_off_{false};
    std::mutex waiting_{};
    std::thread control_thread_{};
};

server::server(router routes, server_options const& options)
    : core_(std::make_unique<core>(std::move(routes), options))
{
}

server::~server() = default;

std::uint16_t server::port() const noexcept
{
    return core_->port();
}

void server::drain() noexcept
{
    core_->drain();
}

bool server::is_draining() const noexcept
{
    return core_->is_draining();
}

bool server::wait()
{
    return core_->wait();
}

}  // namespace tiebreak::service::http
