// Members: who can get coupons and place orders.
#include "service/api/repeatable.hpp"
#include "service/api/resources.hpp"
#include "service/http/object_reader.hpp"

namespace tiebreak::service::api {

namespace {

namespace coupons = systems::coupons;
using http::json_object;
using http::object_reader;
using http::request;
using http::request_method;
using http::response;

json_object represent(coupons::member const& one)
{
    return json_object{}
        .add("id", one.id)
        .add("name", one.name)
        .add("status", systems::status_text(one.status))
        .add("version", one.version.value());
}

response no_member(std::int64_t id)
{
    return answer(http::problem("member-not-found").with("member_id", id));
}

response create_member(application const& app, request const& asked)
{
    auto const name = read_body(asked, [](object_reader& in) {
        return in.text("name", {.bytes_min = 1, .bytes_max = 200});
    });
    auto const made = coupons::create_member(*app.db, name);
    if (auto const* broken = std::get_if<systems::invalid_field>(&made))
        return answer(problem_of(*broken));
    auto const& member = std::get<coupons::member>(made);
    return http::json(201, represent(member))
        .set("Location", "/v1/members/" + std::to_string(member.id));
}

response show_member(application const& app, request const& asked)
{
    auto const id = asked.integer_parameter("id");
    auto const found = id ? coupons::find_member(*app.db, *id) : std::nullopt;
    if (!found)
        return no_member(id.value_or(0));
    return http::json(200, represent(*found));
}

response set_status(application const& app, request const& asked)
{
    auto const wanted = read_body(asked, [](object_reader& in) {
        return in.one_of("status", {"ACTIVE", "SUSPENDED", "CLOSED"});
    });
    auto const id = asked.integer_parameter("id");
    if (!id)
        return no_member(0);
    auto const set = coupons::set_member_status(
        *app.db, *id, systems::parse_status<coupons::member_status>(wanted).value());
    if (auto const* member = std::get_if<coupons::member>(&set))
        return http::json(200, represent(*member));
    return no_member(*id);
}

}  // namespace

void add_members(http::router& to, application const& app)
{
    add_repeatable(to, app, "/v1/members", create_member);
    add_guarded(to, app, request_method::get, "/v1/members/{id}", show_member, quick_read(app));
    add_guarded(to, app, request_method::patch, "/v1/members/{id}", set_status);
}

}  // namespace tiebreak::service::api
