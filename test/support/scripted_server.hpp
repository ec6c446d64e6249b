// An HTTP server on loopback that answers each request with exactly the bytes a test has written
// down: also with what no server should send, at the moment a test wants it.
//
// In the bytes `{id}` stands for the request's X-Request-Id and `{previous-id}` for that of the
// request before it, on whichever connection: how a reply that comes twice or late looks.
#pragma once

#include "support/loopback.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tiebreak::test {

// What happens after the bytes.
enum class after_reply : std::uint8_t {
    keep,   // the connection waits for the next request
    close,  // it ends in order
    reset,  // it is torn down
    hold,   // it stays open, and nothing more comes, until the server ends
};

struct scripted_reply {
    std::string bytes{};
    after_reply then = after_reply::keep;
};

class scripted_server {
public:
    // Throws std::runtime_error.
    scripted_server();
    scripted_server(scripted_server const&) = delete;
    scripted_server& operator=(scripted_server const&) = delete;
    // Ends every connection.
    ~scripted_server();

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_.number(); }

    // The next request without a reply of its own gets this one. Without any: connections are reset
    // when a request has come.
    void reply(scripted_reply next);
    // All further requests.
    void reply_always(scripted_reply always);

    // Every request as it came, head and body.
    [[nodiscard]] std::vector<std::string> requests() const;

    // How many connections were accepted.
    [[nodiscard]] int connections() const noexcept { return connections_; }

    // Ends every connection, and the port answers nobody any more.
    void end();

private:
    struct link;

    void run();
    // False: the connection is over.
    [[nodiscard]] bool receive(link& from);
    [[nodiscard]] bool answer(link& to, std::string const& request);

    loopback_port listener_{loopback_port::kind::listens};
    int wake_[2] = {-1, -1};
    std::atomic<bool> ends_{false};
    std::atomic<int> connections_{0};
    mutable std::mutex mutex_;
    std::deque<scripted_reply> next_;
    scripted_reply always_{{}, after_reply::reset};
    std::vector<std::string> requests_;
    std::string previous_id_{};
    std::vector<std::unique_ptr<link>> links_;
    std::thread thread_;
};

// A whole reply that repeats the request's id: status line, type, length and body.
[[nodiscard]] std::string
http_reply(int status, std::string_view content_type, std::string_view body);

// The value of a header field in a request as it came; empty when there is none.
[[nodiscard]] std::string header_in(std::string_view request, std::string_view name);

}  // namespace tiebreak::test
