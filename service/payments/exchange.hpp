// One HTTP exchange as plain data: what goes out, and how far it got. Nothing here is read or
// judged yet; see judgement.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tiebreak::service::payments {

// What goes out. The transport adds a request id of its own to each.
struct outgoing {
    bool is_post = false;
    std::string path{};                            // below the base URL, percent-encoded
    std::string body{};                            // JSON; empty: none
    std::optional<std::string> idempotency_key{};  // as a header value
};

// A whole reply to this very request.
struct http_reply {
    int status = 0;
    std::string content_type{};
    std::optional<std::chrono::seconds> retry_after{};
    std::string body{};
};

enum class exchange_end : std::uint8_t {
    not_sent,    // surely no byte of the request has left this process
    unanswered,  // some may have, and no whole reply to it came back
    answered,
};

struct exchange {
    exchange_end end = exchange_end::not_sent;
    http_reply reply{};      // with `answered`
    std::string_view why{};  // without: a fixed sentence that is safe to log
};

}  // namespace tiebreak::service::payments
