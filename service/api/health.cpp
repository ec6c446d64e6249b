// Who answers, whether it lives, whether it can work, and what it has done.
#include "service/api/resources.hpp"
#include "service/http/metrics.hpp"

namespace tiebreak::service::api {

namespace {

using http::request;
using http::request_method;

constexpr auto at_once = http::runs::in_place;

}  // namespace

void add_health(http::router& to, application const& app)
{
    to.add(request_method::get,
           "/ping",
           [&app](request&) {
               return http::json(200,
                                 http::json_object{}.add("status", "ok").add("server", app.name));
           },
           {.where = at_once});
    to.add(request_method::get,
           "/healthz",
           [](request&) { return http::json(200, http::json_object{}.add("status", "ok")); },
           {.where = at_once});
    to.add(request_method::get,
           "/readyz",
           [&app](request& asked) {
               auto const policy = asked.within({.attempts_max = 1});
               static_cast<void>(app.db->transact(
                   [](unit_of_work& work) { return work.database_time(); }, {.retry = policy}));
               if (app.reach != nullptr)
                   app.reach->reached();
               return http::json(200, http::json_object{}.add("status", "ready"));
           },
           {.needs = app.reach});
    to.add(request_method::get,
           "/metrics",
           [&app](request&) {
               auto made = http::plain_text(200, app.counted != nullptr ? app.counted->text() : "");
               made.content_type = http::metrics_type;
               return made;
           },
           {.where = at_once});
}

}  // namespace tiebreak::service::api
