/// \file
/// One connection: reads a request, has it answered, writes the response, and again.
///
/// | phase      | waits for                    | at its deadline          |
/// |------------|------------------------------|--------------------------|
/// | `idle`     | the first byte of a request  | closes                   |
/// | `reading`  | the rest of the request      | answers 408, closes      |
/// | `handling` | the handler                  | (the handler has its own)|
/// | `writing`  | the client to take it        | closes                   |
/// | `lingering`| the client's end             | closes                   |
/// | `closed`   | nothing                      |                          |
#pragma once

#include "service/http/availability.hpp"
#include "service/http/request_reader.hpp"
#include "service/http/response.hpp"
#include "service/http/shared_state.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace tiebreak::service::http {

class io_thread;

/// A socket that knows its executor's type: a call less for each operation.
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Who is at the other end.
struct peer {
    std::string address{};
    bool is_counted = false;  ///< in `peers`, until the connection ends
};

/// Lives on one io thread, and everything but the handler runs there.
class connection : public std::enable_shared_from_this<connection> {
public:
    using clock = std::chrono::steady_clock;
    using list = std::list<std::shared_ptr<connection>>;

    enum class phase : std::uint8_t { idle, reading, handling, writing, lingering, closed };

    connection(tcp_socket socket, peer whose, io_thread& home, shared_state& shared);
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection();

    /// Reads the first request.
    void start();
    /// Answers 503 and closes, without reading.
    void turn_away(problem const& why);
    /// What happens at the deadline of the phase it is in.
    void expire();
    /// Closes a connection that is idle; any other ends after its answer. One that was never
    /// answered, or to which bytes are on their way, gets a moment.
    void drain();
    /// Closes at once.
    void close();

    [[nodiscard]] phase now_in() const noexcept { return phase_; }

    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }

    // What the io thread that keeps it knows about it.
    list::iterator place{};
    bool is_in_idle_list = true;
    bool is_turned_away = false;

private:
    void enter(phase next, std::chrono::milliseconds limit);
    void read();
    void on_read(boost::system::error_code const& failure, std::size_t bytes);
    void advance();
    void head_is_done();
    void choose_id();
    void expect_body(std::size_t bytes_max);
    void dispatch();
    [[nodiscard]] bool may_begin();
    void handle(bool is_late);
    void end_with(problem const& what);
    void respond(response&& made);
    void on_written(boost::system::error_code const& failure);
    void linger();
    void reject(problem const& what, rejection why);
    void count_answer();
    [[nodiscard]] bool hold_body();
    void release_body() noexcept;

    tcp_socket socket_;
    peer peer_;
    io_thread& home_;
    shared_state& shared_;
    request_reader reader_;
    std::string own_id_{};
    bool is_served_ = false;  // counted as a connection, not turned away
    phase phase_ = phase::idle;
    clock::time_point deadline_{};
    route const* route_ = nullptr;
    std::optional<response> instead_{};              // decided at the head, sent after the body
    std::optional<availability::attempt> trying_{};  // until it is answered
    std::size_t held_ = 0;       // bytes of the body, counted in the shared state
    clock::time_point began_{};  // the head was whole
    std::size_t answered_ = 0;   // requests
    bool is_in_flight_ = false;
    bool ends_ = false;        // closes after this answer
    bool is_expired_ = false;  // a read was cancelled because it took too long
    response response_{};
    std::string head_{};
};

}  // namespace tiebreak::service::http
