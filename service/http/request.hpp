/// \file
/// A request as a handler sees it: method, decoded parameters, header fields, body, deadline.
///
/// Views point into memory of the connection and are valid until the handler has returned. The
/// framing, the method, the path, the content type and every size were checked before.
#pragma once

#include <tiebreak/retry.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::service::http {

/// The methods that a route can have; `head` and `options` are answered without a route of theirs.
enum class request_method : std::uint8_t { get, head, post, put, patch, remove, options };

/// "GET", "DELETE" …
[[nodiscard]] std::string_view name_of(request_method method) noexcept;

/// The reverse; methods are case-sensitive. Empty for any other word.
[[nodiscard]] std::optional<request_method> parse_method(std::string_view word) noexcept;

/// One header field as it came, without the spaces around its value.
struct header_field {
    std::string_view name;
    std::string_view value;
};

/// A name and a decoded value: of a path parameter or in a query.
struct named_text {
    std::string name;
    std::string value;
};

/// One request. Handlers read it; whoever authorises it sets `tenant`.
struct request {
    request_method method = request_method::get;
    std::string_view path{};       ///< as sent, percent-encoded, without the query
    std::string_view raw_query{};  ///< as sent, without the `?`; empty when there is none
    std::string_view route{};      ///< the pattern that matched: "/v1/coupons/{code}"
    std::vector<named_text> path_parameters{};  ///< decoded, valid UTF-8 without NUL
    std::vector<named_text> query{};            ///< decoded, in order, repeated names included
    std::vector<header_field> headers{};        ///< in order, repeated names included
    std::string_view body{};                    ///< whole, without transfer coding
    std::string_view id{};                      ///< of the client if it sent a sane one, else ours
    std::string_view peer{};                    ///< the address of the other end, without port
    /// No wait and no statement goes on later than this.
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    std::size_t json_depth_max = 64;       ///< from `limits`
    std::size_t json_values_max = 10'000;  ///< from `limits`
    /// Whose it is; empty until somebody authorised it. Stands in the access log.
    std::string tenant{};

    /// The decoded path parameter. \throws std::logic_error: the route has none of this name
    [[nodiscard]] std::string const& parameter(std::string_view name) const;

    /// The path parameter as a whole number in its one canonical form ("7", not "07" or "+7");
    /// empty for anything else: no such resource can exist.
    [[nodiscard]] std::optional<std::int64_t> integer_parameter(std::string_view name) const;

    /// The first value of a name in the query; null when there is none.
    [[nodiscard]] std::string const* find_query(std::string_view name) const noexcept;

    /// The first field of this name, whatever its case; empty when there is none.
    [[nodiscard]] std::optional<std::string_view> find_header(std::string_view name) const noexcept;

    /// How many fields have this name.
    [[nodiscard]] std::size_t count_headers(std::string_view name) const noexcept;

    /// Until the deadline; never negative.
    [[nodiscard]] std::chrono::milliseconds time_left() const noexcept;

    /// A policy for `transact` that ends no later than this request: its deadline is the shorter
    /// of the two, and at least 1 ms, as 0 would mean no limit.
    [[nodiscard]] retry_policy within(retry_policy policy = {}) const noexcept;
};

/// Equal but for the case of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace tiebreak::service::http
