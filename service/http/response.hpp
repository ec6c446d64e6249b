/// \file
/// What a handler answers. The server adds what every response has: `Date`, `Content-Length`,
/// `X-Request-Id`, `Connection` when it ends, and the hardening fields (`nosniff`, `no-store`,
/// `Referrer-Policy`, for HTML a content security policy) unless the handler set its own.
#pragma once

#include "service/http/json_text.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak::service::http {

/// A response: plain data.
struct response {
    int status = 200;            ///< 200 to 599
    std::string content_type{};  ///< empty: there is no body
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};  ///< by `set` and `add`
    bool ends_connection = false;  ///< answered with `Connection: close`
    bool is_retryable = false;     ///< a refusal that the same request, sent later, may not meet
    /// Nothing is sent and the connection ends: a reply that is lost, for stand-ins and tests.
    bool is_withheld = false;

    /// Sets a header field, instead of one of the same name.
    /// \throws std::invalid_argument: no token, or a value with control characters
    response& set(std::string_view name, std::string value) &;
    response&& set(std::string_view name, std::string value) &&;

    /// Null when there is no such field; the case of the name does not matter.
    [[nodiscard]] std::string const* find(std::string_view name) const noexcept;
};

/// `application/json`.
[[nodiscard]] response json(int status, json_object&& body);
/// `application/json`.
[[nodiscard]] response json(int status, json_array&& body);
/// `application/json` from text that is JSON already, for example a stored answer.
[[nodiscard]] response json_from_text(int status, std::string text);
/// `text/plain; charset=utf-8`.
[[nodiscard]] response plain_text(int status, std::string text);
/// `text/html; charset=utf-8`.
[[nodiscard]] response html(int status, std::string text);
/// A status without a body: 204, 304.
[[nodiscard]] response empty(int status);

/// "Not Found" for 404; "Unknown" for a status that no table has.
[[nodiscard]] std::string_view reason_of(int status) noexcept;

}  // namespace tiebreak::service::http
