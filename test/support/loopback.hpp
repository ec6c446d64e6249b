// Sockets of this machine.
#pragma once

#include <cerrno>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace tiebreak::test {

// 127.0.0.1 and a port.
[[nodiscard]] inline sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// A TCP port of 127.0.0.1 that nobody else has while this lives. Without a listener connections to
// it are refused; with one they are made, and nobody says a word until somebody accepts them.
class loopback_port {
public:
    enum class kind { refuses, listens };

    explicit loopback_port(kind how);  // throws std::runtime_error
    loopback_port(loopback_port const&) = delete;
    loopback_port& operator=(loopback_port const&) = delete;
    ~loopback_port();

    void close() noexcept;

    [[nodiscard]] int socket() const noexcept { return socket_; }

    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

    // 127.0.0.1:NUMBER
    [[nodiscard]] std::string place() const { return "127.0.0.1:" + std::to_string(number_); }

private:
    int socket_;
    std::uint16_t number_ = 0;
};

// False when the other end is gone.
[[nodiscard]] inline bool send_all(int to, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace tiebreak::test
