// Coupons, and issuing them.
#include "service/api/entity_tag.hpp"
#include "service/api/repeatable.hpp"
#include "service/api/resources.hpp"
#include "service/http/object_reader.hpp"

namespace tiebreak::service::api {

namespace {

namespace coupons = systems::coupons;
using http::json_object;
using http::object_reader;
using http::problem;
using http::request;
using http::request_method;
using http::response;

json_object represent(coupons::coupon const& one)
{
    return json_object{}
        .add("id", one.id)
        .add("code", one.code)
        .add("name", one.name)
        .add("discount_amount", one.discount_amount)
        .add("total_quantity", one.total_quantity)
        .add("issued_quantity", one.issued_quantity)
        .add("starts_at", one.starts_at)
        .add("ends_at", one.ends_at)
        .add("version", one.version.value());
}

response no_coupon(std::string_view code)
{
    return answer(problem("coupon-not-found").with("code", code));
}

response create_coupon(application const& app, request const& asked)
{
    auto const wanted = read_body(asked, [](object_reader& in) {
        return coupons::new_coupon{
            .code = in.text("code", {.bytes_min = 1, .bytes_max = 64}),
            .name = in.text("name", {.bytes_min = 1, .bytes_max = 200}),
            .discount_amount = in.integer("discount_amount", {.least = 0}),
            .total_quantity = in.integer("total_quantity", {.least = 0}),
            .starts_at = in.optional_time("starts_at"),
            .ends_at = in.optional_time("ends_at"),
        };
    });
    auto const made = coupons::create_coupon(*app.db, wanted);
    return std::visit(
        overloaded{
            [](coupons::coupon const& one) {
                return http::json(201, represent(one))
                    .set("Location", "/v1/coupons/" + one.code)
                    .set("ETag", entity_tag(one.version));
            },
            [](coupons::code_taken const& taken) {
                return answer(problem("already-exists").with("code", taken.code));
            },
            [](systems::invalid_field const& broken) { return answer(problem_of(broken)); },
        },
        made);
}

response show_coupon(application const& app, request const& asked)
{
    auto const& code = asked.parameter("code");
    auto const found = coupons::find_coupon(*app.db, code);
    if (!found)
        return no_coupon(code);
    if (has_already(asked, found->version))
        return http::empty(304).set("ETag", entity_tag(found->version));
    return http::json(200, represent(*found)).set("ETag", entity_tag(found->version));
}

// What an answer of the system is on the wire.
struct issue_answer {
    response operator()(coupons::issued const& one) const
    {
        return http::json(201,
                          json_object{}
                              .add("id", one.id)
                              .add("coupon_code", one.coupon_code)
                              .add("coupon_name", one.coupon_name)
                              .add("member_id", one.member_id)
                              .add("discount_amount", one.discount_amount)
                              .add("issued_at", one.issued_at)
                              .add("expires_at", one.expires_at));
    }

    response operator()(coupons::member_not_found const& who) const
    {
        return answer(problem("member-not-found").with("member_id", who.member_id));
    }

    response operator()(coupons::coupon_not_found const& which) const
    {
        return no_coupon(which.code);
    }

    response operator()(coupons::already_issued const& given) const
    {
        return answer(
            problem("already-issued").with("code", given.code).with("member_id", given.member_id));
    }

    response operator()(coupons::sold_out const& gone) const
    {
        return answer(problem("sold-out")
                          .with("code", gone.code)
                          .with("total_quantity", gone.total_quantity));
    }

    response operator()(coupons::not_issuable const& closed) const
    {
        return answer(problem("not-issuable")
                          .with("code", closed.code)
                          .with("now", closed.now)
                          .with("starts_at", closed.starts_at)
                          .with("ends_at", closed.ends_at));
    }

    response operator()(coupons::issuing_failed const& lost) const
    {
        if (lost.attempts <= 1 && attempts_max == 1)
            return answer(problem("conflict").with("attempts", lost.attempts));
        return answer(problem("attempts-exhausted")
                          .with("attempts", lost.attempts)
                          .with("last", name_of(lost.last)));
    }

    int attempts_max;
};

response issue(application const& app, request const& asked)
{
    auto const member = read_body(asked, [](object_reader& in) { return in.integer("member_id"); });
    auto const made = coupons::issue(*app.db,
                                     asked.parameter("code"),
                                     member,
                                     {.how = app.decide.coupons,
                                      .retry = policy_of(app, asked),
                                      .level = app.decide.level,
                                      .between = pause_of(app.decide)});
    return std::visit(issue_answer{app.decide.attempts_max}, made);
}

}  // namespace

void add_coupons(http::router& to, application const& app)
{
    add_repeatable(to, app, "/v1/coupons", create_coupon);
    add_guarded(to, app, request_method::get, "/v1/coupons/{code}", show_coupon, quick_read(app));
    add_repeatable(to, app, "/v1/coupons/{code}/issues", issue);
}

}  // namespace tiebreak::service::api
