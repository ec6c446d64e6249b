#include "service/http/io_thread.hpp"

#include <tiebreak/log.hpp>

#include "service/http/response_text.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace tiebreak::service::http {

namespace {

constexpr std::chrono::milliseconds glance{100};
// Clients that are told at once that there is no room; more are just closed.
constexpr std::size_t turned_away_max = 128;

std::mt19937_64 seeded()
{
    std::random_device source;
    std::seed_seq seed{source(), source(), source(), source()};
    return std::mt19937_64{seed};
}

}  // namespace

io_thread::io_thread(shared_state& shared, std::function<void()> on_drained)
    : shared_(shared),
      on_drained_(std::move(on_drained)),
      keeps_running_(context_.get_executor()),
      timer_(context_),
      random_(seeded())
{
}

io_thread::~io_thread()
{
    join();
}

void io_thread::start()
{
    thread_ = std::thread([this] {
        for (;;)
            try {
                context_.run();
                return;
            } catch (std::exception const& failure) {
                // Of one connection, which its deadline will close; the others go on.
                std::array const fields{log_field{"what", failure.what()}};
                log(log_level::error, "connection_failed", fields);
            }
    });
}

void io_thread::adopt(tcp_socket socket, peer whose)
{
    bool const is_full = shared_.connections.load() >= shared_.limits.connections;
    if (is_full && idle_.empty() && turned_away_ >= turned_away_max) {
        if (whose.is_counted)
            shared_.known_peers.leave(whose.address);
        shared_.rejected(rejection::connections_full);
        return;
    }
    if (is_full && !idle_.empty())
        idle_.front()->close();
    auto const one =
        std::make_shared<connection>(std::move(socket), std::move(whose), *this, shared_);
    size_.fetch_add(1, relaxed);
    one->place = idle_.insert(idle_.end(), one);
    one->is_turned_away = is_full && shared_.connections.load() >= shared_.limits.connections;
    if (one->is_turned_away) {
        ++turned_away_;
        shared_.rejected(rejection::connections_full);
        one->turn_away(problem("overloaded", "there are too many connections"));
    } else {
        one->start();
    }
    arm();
}

void io_thread::moved(connection& which, bool is_idle)
{
    auto& from = is_idle ? busy_ : idle_;
    auto& to = is_idle ? idle_ : busy_;
    to.splice(to.end(), from, which.place);
    which.is_in_idle_list = is_idle;
}

void io_thread::remove(connection& which)
{
    size_.fetch_sub(1, relaxed);
    if (which.is_turned_away)
        --turned_away_;
    (which.is_in_idle_list ? idle_ : busy_).erase(which.place);
    end_if_drained();
}

void io_thread::arm()
{
    if (is_armed_ || (idle_.empty() && busy_.empty()))
        return;
    is_armed_ = true;
    timer_.expires_after(glance);
    timer_.async_wait([this](boost::system::error_code const& failure) {
        is_armed_ = false;
        if (!failure) {
            sweep();
            arm();
        }
    });
}

void io_thread::sweep()
{
    auto const now = connection::clock::now();
    for (auto* const all : {&idle_, &busy_})
        for (auto at = all->begin(); at != all->end();) {
            auto& one = **at++;  // it may leave the list
            if (one.deadline() > now)
                continue;
            auto const alive = one.shared_from_this();
            one.expire();
        }
}

void io_thread::drain()
{
    boost::asio::post(context_, [this] {
        is_draining_ = true;
        for (auto at = idle_.begin(); at != idle_.end();) {
            auto const one = *at++;
            one->drain();
        }
        end_if_drained();
    });
}

void io_thread::close_all()
{
    boost::asio::post(context_, [this] {
        for (auto* const all : {&idle_, &busy_})
            while (!all->empty()) {
                auto const one = all->front();
                one->close();
            }
    });
}

void io_thread::end_if_drained()
{
    if (!is_draining_ || !idle_.empty() || !busy_.empty())
        return;
    timer_.cancel();
    keeps_running_.reset();
    if (on_drained_)
        std::exchange(on_drained_, nullptr)();
}

std::string const& io_thread::date()
{
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto const second = static_cast<long long>(now.time_since_epoch().count());
    if (std::exchange(date_second_, second) != second)
        date_ = http_date(second);
    return date_;
}

std::string io_thread::make_id()
{
    static constexpr char digits[] = "0123456789abcdef";
    auto number = random_();
    std::string id(16, '0');
    for (auto& digit : id) {
        digit = digits[number & 15U];
        number >>= 4U;
    }
    return id;
}

}  // namespace tiebreak::service::http
