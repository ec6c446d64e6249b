#include "service/http/connection.hpp"

#include "service/http/failure.hpp"
#include "service/http/io_thread.hpp"
#include "service/http/judgement.hpp"
#include "service/http/response_text.hpp"
#include "service/http/run_handler.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tiebreak::service::http {

namespace {

using asio_error = boost::system::error_code;
constexpr auto never = std::chrono::milliseconds::max();
// For a client that had connected before the drain and whose request is on its way.
constexpr std::chrono::milliseconds drain_grace{500};

bool is_sane_id(std::string_view id) noexcept
{
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
}

}  // namespace

connection::connection(tcp_socket socket, peer whose, io_thread& home, shared_state& shared)
    : socket_(std::move(socket)),
      peer_(std::move(whose)),
      home_(home),
      shared_(shared),
      reader_(shared.limits)
{
    asio_error ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

connection::~connection()
{
    if (peer_.is_counted)
        shared_.known_peers.leave(peer_.address);
}

void connection::start()
{
    is_served_ = true;
    ++shared_.connections;
    enter(phase::idle, shared_.limits.idle_time);
    read();
}

void connection::turn_away(problem const& why)
{
    own_id_ = home_.make_id();
    reader_.current().id = own_id_;
    end_with(why);
}

void connection::enter(phase next, std::chrono::milliseconds limit)
{
    bool const was_idle = phase_ == phase::idle;
    phase_ = next;
    deadline_ = limit == never ? clock::time_point::max() : clock::now() + limit;
    if (was_idle != (next == phase::idle))
        home_.moved(*this, next == phase::idle);
}

void connection::read()
{
    auto const room = reader_.room();
    socket_.async_read_some(
        boost::asio::buffer(room.data(), room.size()),
        [self = shared_from_this()](asio_error const& failure, std::size_t bytes) {
            self->on_read(failure, bytes);
        });
}

void connection::on_read(asio_error const& failure, std::size_t bytes)
{
    if (phase_ == phase::closed)
        return;
    if (is_expired_) {
        reject(problem("request-timeout"), rejection::too_slow);
        return;
    }
    if (failure == boost::asio::error::eof && phase_ == phase::reading) {
        choose_id();
        reject(problem("malformed-request", "the request ends in the middle"),
               rejection::malformed);
        return;
    }
    if (failure) {
        close();
        return;
    }
    reader_.received(bytes);
    advance();
}

void connection::advance()
{
    while (phase_ == phase::idle || phase_ == phase::reading) {
        switch (reader_.advance()) {
        case request_reader::state::idle: read(); return;
        case request_reader::state::head:
            if (phase_ == phase::idle)
                enter(phase::reading, shared_.limits.head_time);
            read();
            return;
        case request_reader::state::head_done: head_is_done(); break;
        case request_reader::state::body:
            if (hold_body())
                read();
            return;
        case request_reader::state::complete:
            if (hold_body())
                dispatch();
            return;
        case request_reader::state::refused:
            choose_id();
            reject(reader_.fault(), rejection::malformed);
            return;
        }
    }
}

// False when all bodies together are too much: then this one has been refused.
bool connection::hold_body()
{
    auto const size = reader_.body_size();
    shared_.body_bytes += size - held_;
    held_ = size;
    if (size == 0 || shared_.body_bytes.load() <= shared_.limits.body_bytes_total)
        return true;
    release_body();  // at once: the others can go on
    reject(problem("overloaded", "there are too many bodies at once"), rejection::bodies_full);
    return false;
}

void connection::release_body() noexcept
{
    shared_.body_bytes -= std::exchange(held_, 0);
}

void connection::choose_id()
{
    auto& asked = reader_.current();
    if (!asked.id.empty())
        return;
    auto const given = asked.find_header("X-Request-Id");
    if (given && is_sane_id(*given) && asked.count_headers("X-Request-Id") == 1) {
        asked.id = *given;
        return;
    }
    own_id_ = home_.make_id();
    asked.id = own_id_;
}

void connection::head_is_done()
{
    auto& asked = reader_.current();
    choose_id();
    asked.peer = peer_.address;
    began_ = clock::now();
    is_in_flight_ = true;
    ++shared_.in_flight;
    asked.deadline = began_ + shared_.limits.request_time;
    asked.json_depth_max = shared_.limits.json_depth;
    asked.json_values_max = shared_.limits.json_values;
    auto judged = judge(shared_.routes, shared_.limits, reader_.method(), reader_.facts(), asked);
    route_ = judged.found;
    instead_ = std::move(judged.instead);
    reader_.allow_body(judged.body_bytes_max);
    if (reader_.facts().has_body())
        expect_body(judged.body_bytes_max);
}

void connection::expect_body(std::size_t bytes_max)
{
    auto const& facts = reader_.facts();
    if (facts.content_length.value_or(0) > bytes_max) {
        end_with(problem("body-too-large"));
        return;
    }
    if (instead_ && facts.expects_continue) {
        ends_ = true;
        respond(*std::exchange(instead_, std::nullopt));
        return;
    }
    enter(phase::reading, shared_.limits.body_time);
    if (!facts.expects_continue)
        return;
    // Nothing else is on its way to the client, so this fits whatever the socket takes at all.
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    asio_error failure;
    auto const sent = socket_.write_some(boost::asio::buffer(go_on.data(), go_on.size()), failure);
    if (failure || sent != go_on.size())
        close();
}

void connection::dispatch()
{
    ends_ = reader_.facts().wants_close;
    if (instead_) {
        respond(*std::exchange(instead_, std::nullopt));
        return;
    }
    if (!may_begin()) {
        shared_.rejected(rejection::database_away);
        respond(answer(problem("unavailable", "the database is away; it was not tried")));
        return;
    }
    if (route_->options.where == runs::in_place) {
        respond(run_handler(*route_, reader_.current()));
        return;
    }
    enter(phase::handling, never);
    job work{.run = [self = shared_from_this()](bool is_late) { self->handle(is_late); },
             .deadline = reader_.current().deadline};
    if (shared_.workers.try_push(std::move(work)))
        return;
    shared_.rejected(rejection::queue_full);
    respond(answer(problem("overloaded", "the queue of requests is full")));
}

// Asked before the queue, whose threads may all be waiting for what is away.
bool connection::may_begin()
{
    auto* const needed = route_->options.needs;
    if (needed == nullptr)
        return true;
    trying_ = needed->try_enter();
    return trying_.has_value();
}

// On a work thread; nothing else touches the request meanwhile.
void connection::handle(bool is_late)
{
    if (is_late)
        shared_.rejected(rejection::waited_too_long);
    auto made = is_late ? answer(problem("deadline-exceeded", "it waited too long to be begun"))
                        : run_handler(*route_, reader_.current());
    boost::asio::post(home_.context(),
                      [self = shared_from_this(), made = std::move(made)]() mutable {
                          self->respond(std::move(made));
                      });
}

void connection::reject(problem const& what, rejection why)
{
    shared_.rejected(why);
    end_with(what);
}

void connection::end_with(problem const& what)
{
    ends_ = true;
    respond(answer(what));
}

void connection::respond(response&& made)
{
    trying_.reset();
    if (phase_ == phase::closed)
        return;
    if (made.is_withheld) {
        close();
        return;
    }
    response_ = std::move(made);
    ++answered_;
    ends_ = ends_ || response_.ends_connection || shared_.is_draining.load() ||
            answered_ >= shared_.limits.requests_per_connection;
    enter(phase::writing, shared_.limits.write_time);
    auto const& asked = reader_.current();
    head_.clear();
    append_head(head_, response_, {.request_id = asked.id, .date = home_.date(), .closes = ends_});
    std::size_t const body_bytes = asked.method == request_method::head ? 0 : response_.body.size();
    std::array<boost::asio::const_buffer, 2> const parts{
        boost::asio::buffer(head_), boost::asio::buffer(response_.body.data(), body_bytes)};
    boost::asio::async_write(
        socket_, parts, [self = shared_from_this()](asio_error const& failure, std::size_t) {
            self->on_written(failure);
        });
}

void connection::on_written(asio_error const& failure)
{
    if (phase_ == phase::closed)
        return;
    count_answer();
    if (failure) {
        close();
        return;
    }
    if (ends_) {
        linger();
        return;
    }
    release_body();
    reader_.forget();
    route_ = nullptr;
    enter(phase::idle, shared_.limits.idle_time);
    advance();
    if (shared_.is_draining.load())
        drain();
}

void connection::count_answer()
{
    auto const& asked = reader_.current();
    clock::duration took{0};
    std::string_view method;
    if (std::exchange(is_in_flight_, false)) {
        --shared_.in_flight;
        took = clock::now() - began_;
        auto const known = parse_method(reader_.method());
        method = known ? name_of(*known) : "other";
    }
    if (shared_.counted != nullptr)
        shared_.counted->answered(route_, response_.status, took);
    shared_.log.add({.method = method,
                     .route = asked.route,
                     .status = response_.status,
                     .bytes = asked.method == request_method::head ? 0 : response_.body.size(),
                     .took = took,
                     .request_id = asked.id,
                     .tenant = asked.tenant,
                     .peer = peer_.address});
}

void connection::linger()
{
    if (phase_ != phase::lingering) {
        asio_error ignored;
        socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
        enter(phase::lingering, shared_.limits.linger_time);
    }
    auto& scratch = home_.scratch();
    socket_.async_read_some(boost::asio::buffer(scratch),
                            [self = shared_from_this()](asio_error const& failure, std::size_t) {
                                if (failure)
                                    self->close();
                                else if (self->phase_ == phase::lingering)
                                    self->linger();
                            });
}

void connection::expire()
{
    deadline_ = clock::time_point::max();
    if (phase_ == phase::reading) {
        is_expired_ = true;
        choose_id();
        asio_error ignored;
        socket_.cancel(ignored);
    } else {
        close();
    }
}

void connection::drain()
{
    if (phase_ != phase::idle)
        return;
    asio_error failure;
    if (answered_ == 0 || socket_.available(failure) > 0)
        deadline_ = std::min(deadline_, clock::now() + drain_grace);
    else
        close();
}

void connection::close()
{
    if (phase_ == phase::closed)
        return;
    phase_ = phase::closed;
    if (std::exchange(is_served_, false))
        --shared_.connections;
    if (std::exchange(is_in_flight_, false))
        --shared_.in_flight;
    release_body();
    asio_error ignored;
    socket_.close(ignored);
    home_.remove(*this);  // may be the last owner but for the caller's
}

}  // namespace tiebreak::service::http
