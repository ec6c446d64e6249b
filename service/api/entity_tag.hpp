/// \file
/// Versions as entity tags (RFC 9110 §8.8.3): version 7 is the strong tag "7".
///
/// | If-Match          | means                          | answered                                |
/// |-------------------|--------------------------------|-----------------------------------------|
/// | absent, or `*`    | no version was stated          | 428 `precondition-required`             |
/// | `"7"`             | the change was based on 7      | goes ahead with 7                       |
/// | `W/"7"`, `"abc"`  | no version any book can have   | 412 `stale-version`                     |
/// | several tags      | not what a change is based on  | 400 `invalid-request`                   |
#pragma once

#include <tiebreak/version.hpp>

#include "service/http/request.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tiebreak::service::api {

/// The tag with its quotes.
[[nodiscard]] std::string entity_tag(version of);

/// What a request's If-Match states; empty for a tag that no version has. Reads no body.
/// \throws http::refusal `precondition-required`, `invalid-request`: see the table
[[nodiscard]] std::optional<version> expected_version(http::request const& asked);

/// Whether If-None-Match names this version (weak comparison, lists, `*`): the client has it.
[[nodiscard]] bool has_already(http::request const& asked, version current);

}  // namespace tiebreak::service::api
