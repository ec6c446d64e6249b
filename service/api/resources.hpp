/// \file
/// The resources, one file each. Each function adds its routes; what they answer is in the table
/// of the reference (docs/reference/http.md) and, for machines, in `/openapi.json`.
#pragma once

#include "service/api/application.hpp"
#include "service/http/router.hpp"

namespace tiebreak::service::api {

/// The page at `/` with its style and script, and `/status`, which it asks.
void add_page(http::router& to, application const& app);
/// `/ping`, `/healthz`, `/readyz`, `/metrics`.
void add_health(http::router& to, application const& app);
/// `/v1/members`
void add_members(http::router& to, application const& app);
/// `/v1/coupons` and what is issued of them.
void add_coupons(http::router& to, application const& app);
/// `/v1/books`
void add_books(http::router& to, application const& app);
/// `/v1/orders`
void add_orders(http::router& to, application const& app);
/// `/v1/tickets`: the approval of an order's payment.
void add_tickets(http::router& to, application const& app);
/// `/v1/runs`
void add_runs(http::router& to, application const& app);
/// `/v1/budget`
void add_budget(http::router& to, application const& app);

/// All of the above and `/openapi.json`. `app` outlives the server.
[[nodiscard]] http::router routes_of(application const& app);

}  // namespace tiebreak::service::api
