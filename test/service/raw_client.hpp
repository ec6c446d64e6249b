// A TCP client that sends exactly the bytes it is given, and reads responses apart.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::test {

// A response as it came over the wire.
struct raw_response {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};

    // The first value of a name, whatever its case; empty when there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    // The slug of a problem document; empty when the body is none.
    [[nodiscard]] std::string slug() const;
};

// One connection to 127.0.0.1. Every wait is bounded; a wait that ends so fails by answering
// nothing.
class raw_client {
public:
    explicit raw_client(std::uint16_t port);

    raw_client(raw_client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

    raw_client& operator=(raw_client&&) = delete;
    ~raw_client();

    // Sends all, or as much as the other side takes before it closes: then false.
    bool send(std::string_view bytes) const;
    // Ends the sending side.
    void finish() const;
    // Reads one response; empty when the other side closed first, or took too long. With
    // `is_head` a body is not expected.
    [[nodiscard]] std::optional<raw_response> receive(bool is_head = false);
    // Sends, then receives.
    [[nodiscard]] std::optional<raw_response> ask(std::string_view bytes);
    // True when the other side closes without sending more.
    [[nodiscard]] bool is_closed_by_peer();

    [[nodiscard]] int descriptor() const noexcept { return socket_; }

private:
    bool read_more();

    int socket_;
    std::string received_{};
};

}  // namespace tiebreak::test
