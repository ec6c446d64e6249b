// Orders of lotto lines, waiting to be paid.
#include "service/api/repeatable.hpp"
#include "service/api/resources.hpp"
#include "service/http/object_reader.hpp"

#include <algorithm>
#include <limits>

namespace tiebreak::service::api {

namespace {

namespace coupons = systems::coupons;
namespace tickets = systems::tickets;
using http::json_object;
using http::object_reader;
using http::problem;
using http::request;
using http::request_method;
using http::response;

json_object represent(tickets::order const& one)
{
    return json_object{}
        .add("order_id", one.id)
        .add("lotto_publish_id", one.lotto_publish_id)
        .add("member_id", one.member_id)
        .add("amount", one.amount)
        .add("status", systems::status_text(one.status))
        .add("version", one.version.value());
}

// How many lines, and which numbers in them, are the system's rules; here is only what they are.
tickets::new_order order_in(request const& asked)
{
    return read_body(asked, [](object_reader& in) {
        tickets::new_order made{.member_id = in.integer("member_id")};
        made.lines = in.objects(
            "lines", {.least = 0, .most = 2 * tickets::lines_max}, [](object_reader& line) {
                tickets::lotto_line one;
                for (auto const number : line.integers("numbers", {.least = 0, .most = 100}))
                    one.numbers.push_back(static_cast<int>(std::clamp<std::int64_t>(
                        number, std::numeric_limits<int>::min(), std::numeric_limits<int>::max())));
                return one;
            });
        return made;
    });
}

response create_order(application const& app, request const& asked)
{
    auto const wanted = order_in(asked);
    auto const member = coupons::find_member(*app.db, wanted.member_id);
    if (!member || member->status != coupons::member_status::active)
        return answer(problem("member-not-found").with("member_id", wanted.member_id));
    auto const made = tickets::create_order(*app.db, wanted);
    if (auto const* wrong = std::get_if<tickets::invalid_lines>(&made)) {
        auto const where = wrong->line == 0 ? "the lines" : "line " + std::to_string(wrong->line);
        return answer(problem("invalid-order", where + " " + std::string{wrong->rule})
                          .with("line", static_cast<std::int64_t>(wrong->line)));
    }
    auto const& order = std::get<tickets::order>(made);
    return http::json(201, represent(order))
        .set("Location", "/v1/orders/" + std::to_string(order.id));
}

response show_order(application const& app, request const& asked)
{
    auto const id = asked.integer_parameter("id");
    auto const found = id ? repository<tickets::order>(*app.db).find(*id) : std::nullopt;
    if (!found)
        return answer(problem("order-not-found").with("order_id", id.value_or(0)));
    return http::json(200, represent(*found));
}

}  // namespace

void add_orders(http::router& to, application const& app)
{
    add_repeatable(to, app, "/v1/orders", create_order);
    add_guarded(to, app, request_method::get, "/v1/orders/{id}", show_order, quick_read(app));
}

}  // namespace tiebreak::service::api
