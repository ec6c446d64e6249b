// All routes of the service, and their description for machines.
#include "service/api/embedded.hpp"
#include "service/api/resources.hpp"

namespace tiebreak::service::api {

namespace {

http::response openapi(http::request&)
{
    return http::json_from_text(200, std::string{openapi_json()});
}

}  // namespace

http::router routes_of(application const& app)
{
    http::router to;
    add_page(to, app);
    add_health(to, app);
    add_members(to, app);
    add_coupons(to, app);
    add_books(to, app);
    add_orders(to, app);
    add_tickets(to, app);
    add_runs(to, app);
    add_budget(to, app);
    to.add(http::request_method::get, "/openapi.json", openapi, {.where = http::runs::in_place});
    return to;
}

}  // namespace tiebreak::service::api
