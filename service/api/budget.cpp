// What the caller's tenant may spend, and has.
#include "service/api/guarded.hpp"
#include "service/api/resources.hpp"

namespace tiebreak::service::api {

namespace {

using http::json_object;
using http::request;
using http::response;

response show_budget(application const& app, request const& asked)
{
    auto const found = systems::runs::find_budget(*app.db, asked.tenant);
    auto const of = found.value_or(systems::runs::tenant_budget{});
    return http::json(200,
                      json_object{}
                          .add("limit", of.limit)
                          .add("reserved", of.reserved)
                          .add("spent", of.spent)
                          .add("refunded", of.refunded)
                          .add("available", of.available()));
}

}  // namespace

void add_budget(http::router& to, application const& app)
{
    add_guarded(to, app, http::request_method::get, "/v1/budget", show_budget, quick_read(app));
}

}  // namespace tiebreak::service::api
