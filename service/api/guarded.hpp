/// \file
/// A route of a resource: who calls is known before the handler runs, and nothing a system answers
/// is forgotten. Routes whose POST can be repeated with a key are in repeatable.hpp.
#pragma once

#include <tiebreak/retry.hpp>

#include "service/api/application.hpp"
#include "service/http/problem.hpp"
#include "service/http/router.hpp"
#include "systems/invalid_field.hpp"

#include <functional>
#include <string>
#include <variant>

namespace tiebreak::service::api {

/// What answers a route of a resource.
using resource_handler = std::function<http::response(application const&, http::request const&)>;

/// Adds a route whose handler runs for a known tenant: `request::tenant` is set.
/// Without a valid token, where tokens are asked for: 401.
void add_guarded(http::router& to,
                 application const& app,
                 http::request_method method,
                 std::string pattern,
                 resource_handler answers,
                 http::route_options options = {});

/// The policy of a request's transaction: its deadline, and the attempts that the server allows.
[[nodiscard]] retry_policy policy_of(application const& app, http::request const& asked);

/// A route that only reads one row: on an embedded database it is answered by the thread that read
/// the request, as nothing there waits for a writer; on a server by a work thread.
[[nodiscard]] http::route_options quick_read(application const& app);

/// A system's rule was broken by what was sent.
[[nodiscard]] http::problem problem_of(systems::invalid_field const& broken);

/// Calls the one of several functions that takes what is in a variant.
template <class... F>
struct overloaded : F... {
    using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

}  // namespace tiebreak::service::api
