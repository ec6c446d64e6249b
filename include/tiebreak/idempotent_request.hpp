/// \file
/// What makes two calls the same: whose key it is, and what was asked for under it.
#pragma once

#include <tiebreak/sha256.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tiebreak {

/// One call that carries an idempotency key. `(tenant, route, key)` is the scope: it is unique in
/// the database, and calls with another tenant or route have nothing to do with this one.
///
/// With an empty `route` a key counts for all routes of its tenant: the same key on another one is
/// then answered `reused`, because the fingerprint holds method and path.
struct idempotent_request {
    /// Who calls; at most 255 bytes.
    std::string tenant{};
    /// The operation, as a pattern rather than as a path: "POST /v1/coupons/{code}/issues". At most
    /// 255 bytes.
    std::string route{};
    /// The caller's key: 1 to 255 printable ASCII characters.
    std::string key{};
    /// Of everything that must be the same in a repeat: `fingerprint_of`.
    sha256_digest fingerprint{};
};

/// What a call asks for. Borrowed.
struct request_content {
    std::string_view method{};        ///< "POST"
    std::string_view path{};          ///< as it was sent
    std::string_view query{};         ///< likewise, without the question mark
    std::string_view content_type{};  ///< without parameters, in one spelling
    /// In one spelling: `canonical_json` for JSON, else the bytes as they came.
    std::string_view body{};
};

/// SHA-256 over all of it, each part with its length. Thread-safe.
[[nodiscard]] sha256_digest fingerprint_of(request_content const& content);

/// The key in a header's value: `"abc"` (a string of RFC 8941) and `abc` are the same key. Empty
/// when there are not 1 to 255 printable ASCII characters in it, or the quotes are wrong.
[[nodiscard]] std::optional<std::string> parse_idempotency_key(std::string_view header_value);

}  // namespace tiebreak
