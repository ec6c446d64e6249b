// A TCP proxy on loopback that loses, holds or cuts what passes at a chosen moment: what a network,
// a crash or a failover does to a client, made to happen exactly when a test wants it.
#pragma once

#include "support/loopback.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tiebreak::test {

// What happens to the message that is waited for.
enum class fault : std::uint8_t {
    stop,        // it never reaches the server; both sides lose the connection
    drop_reply,  // the server gets it and answers; the client loses the connection instead
    hold,        // the client loses the connection at once, the server gets it `hold` later
    cut_reply,   // the client gets the first `bytes` bytes of the answer, then nothing more
    misspell,    // the server gets it with a wrong letter in the word that is waited for
    hang_up,     // as `stop`, but what the client still says is heard: `bytes_after_hang_up`
    swallow,     // it never arrives, nor does anything later, and neither side is told
};

// For `fault_rule::hold`: until `deliver`.
inline constexpr std::chrono::hours until_told{24};

struct fault_rule {
    std::string when_sent{};  // the client sends this word or words; empty: anything
    fault what = fault::stop;
    std::chrono::milliseconds hold{0};
    std::size_t bytes = 0;
};

// The number after the last colon of the URL's place: "…@127.0.0.1:5432/db".
[[nodiscard]] std::uint16_t port_of(std::string const& url);

class fault_proxy {
public:
    // Forwards to 127.0.0.1:`server_port`. Throws std::runtime_error.
    explicit fault_proxy(std::uint16_t server_port);
    fault_proxy(fault_proxy const&) = delete;
    fault_proxy& operator=(fault_proxy const&) = delete;
    ~fault_proxy();

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_.number(); }

    // The same URL with the proxy's port instead of the server's.
    [[nodiscard]] std::string through(std::string url) const;

    // Rules are used up one by one, in order, by whichever connection sends the text first.
    void arm(fault_rule rule);

    // How many rules have been used up.
    [[nodiscard]] int fired() const noexcept { return fired_; }

    // How many bytes' chunks the clients have sent so far, all connections together: a measure of
    // round trips, as each client waits for its answer.
    [[nodiscard]] std::int64_t client_messages() const noexcept { return client_messages_; }

    // What the clients have sent since the last call, all connections together, in order of
    // arrival; kept from the first call on.
    [[nodiscard]] std::string take_client_bytes();

    // How many bytes clients have sent on a connection after they lost it to `hang_up`; -1 until
    // they have closed it.
    [[nodiscard]] std::int64_t bytes_after_hang_up() const noexcept { return after_hang_up_; }

    // Sends what is held back now.
    void deliver();

    // Ends every connection, and refuses new ones until `accept_again`.
    void refuse();
    // Takes so many new connections, and refuses those after them until `accept_again`.
    void refuse_after(int connections);
    // From now on nothing passes, on old connections and on new ones, and nobody is told, until
    // `accept_again`, which ends them.
    void fall_silent();
    void accept_again();

    // Connections that were refused so.
    [[nodiscard]] int refused() const noexcept { return refused_; }

private:
    struct link;

    static constexpr int any_number = 1 << 30;

    void wake();
    void run();
    void obey();
    void accept_one();
    void from_client(link& on);
    void hear(link& on, std::string_view bytes);
    void from_server(link& on);
    void deliver_held(link& on);
    [[nodiscard]] int milliseconds_until_next_delivery() const;

    std::uint16_t server_port_;
    loopback_port listener_{loopback_port::kind::listens};
    int wake_[2] = {-1, -1};
    std::atomic<bool> ends_{false};
    std::atomic<int> refused_{0};
    std::atomic<int> accepts_{any_number};  // so many more connections
    std::atomic<bool> ends_links_{false};
    std::atomic<bool> is_silent_{false};
    std::atomic<bool> delivers_{false};
    std::atomic<int> fired_{0};
    std::atomic<std::int64_t> client_messages_{0};
    std::atomic<std::int64_t> after_hang_up_{-1};
    std::mutex mutex_;
    std::deque<fault_rule> rules_;
    bool keeps_bytes_ = false;
    std::string client_bytes_;
    std::vector<std::unique_ptr<link>> links_;
    std::thread thread_;
};

}  // namespace tiebreak::test
