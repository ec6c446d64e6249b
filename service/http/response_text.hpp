/// \file
/// The head of a response as it goes over the wire, with what every response has.
#pragma once

#include "service/http/response.hpp"

#include <string>
#include <string_view>

namespace tiebreak::service::http {

/// What the connection knows about a response beside the response.
struct response_frame {
    std::string_view request_id{};
    std::string_view date{};  ///< "Tue, 01 Jul 2026 09:00:00 GMT"
    bool closes = false;
};

/// Appends status line, header fields and the empty line. `Content-Length` is that of the body,
/// also when the body is not sent (HEAD); 204 and 304 have none.
void append_head(std::string& to, response const& of, response_frame const& frame);

/// The moment as RFC 9110 writes dates.
[[nodiscard]] std::string http_date(long long seconds_since_1970);

/// The text for a client that is refused before it was heard: 503 with `Retry-After`, closed.
[[nodiscard]] std::string refusal_text(response const& of, response_frame const& frame);

}  // namespace tiebreak::service::http
