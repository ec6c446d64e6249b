// HOST:PORT, the same in every subcommand that listens.
#pragma once

#include <cstdint>
#include <string>

namespace tiebreak::cli {

struct listen_address {
    std::string host{};  // without the brackets of IPv6
    std::uint16_t port = 0;

    // Only programs of this machine reach it.
    [[nodiscard]] bool is_loopback() const;
    // "http://127.0.0.1:8080", with the port that was given out when 0 was asked for.
    [[nodiscard]] std::string url(std::uint16_t given_port) const;
};

// "127.0.0.1:8080", "[::1]:0"; throws usage_error for anything else.
[[nodiscard]] listen_address parse_listen_address(std::string const& text);

}  // namespace tiebreak::cli
