/// \file
/// POST routes that take an `Idempotency-Key`: the first request with a key runs, every repeat gets
/// its status and body with `Idempotent-Replayed: true`.
///
/// | the key is                                        | answer                                  |
/// |---------------------------------------------------|-----------------------------------------|
/// | not 1 to 255 printable characters, or sent twice  | 400 `key-invalid`                       |
/// | new                                               | what the handler answers                |
/// | answered                                          | the same again                          |
/// | being answered, for longer than the request waits | 409 `in-progress` + Retry-After         |
/// | of another request (method, path, query, body)    | 422 `key-reused`                        |
///
/// Kept are successes and the refusals that a repeat would meet again (402, 404, 409, 412, 422);
/// what is wrong with the request itself, what may be retried, and failures are not.
#pragma once

#include <tiebreak/idempotency.hpp>

#include "service/api/guarded.hpp"

#include <optional>

namespace tiebreak::service::api {

/// What a handler does in the database, as seen by a request that has a key.
enum class effect : std::uint8_t {
    /// Joins the unit of the key: all or nothing, so there is one effect whatever is lost. For
    /// handlers that call the systems within one transaction.
    in_one_unit,
    /// Runs on its own between the claim of the key and its completion. For handlers of several
    /// transactions whose effect happens once by itself: fenced by an epoch or a version.
    fenced_by_itself,
};

/// Adds a POST route for requests with and without a key.
void add_repeatable(http::router& to,
                    application const& app,
                    std::string pattern,
                    resource_handler answers,
                    effect what = effect::in_one_unit);

/// For a handler that keeps the key itself. The key of a request, with what it asks for; empty when
/// it has none.
/// \throws http::refusal `key-invalid`
[[nodiscard]] std::optional<idempotent_request> key_of(http::request const& asked);

/// How keys are kept for this request.
[[nodiscard]] idempotency_options keeping_of(application const& app, http::request const& asked);

[[nodiscard]] idempotent_answer to_answer(http::response const& made);

/// The answer of a call with a key: new or repeated, at work, or another request's.
[[nodiscard]] http::response to_response(idempotent_result const& result);

}  // namespace tiebreak::service::api
