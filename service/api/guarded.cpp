#include "service/api/guarded.hpp"

#include "service/http/availability.hpp"

namespace tiebreak::service::api {

namespace {

// The token of `Authorization: Bearer TOKEN`; empty when there is no such field, or two.
std::string_view token_of(http::request const& asked)
{
    constexpr std::string_view scheme = "Bearer ";
    if (asked.count_headers("Authorization") != 1)
        return {};
    auto const field = *asked.find_header("Authorization");
    if (field.size() <= scheme.size() ||
        !http::equals_ignoring_case(field.substr(0, scheme.size()), scheme))
        return {};
    return field.substr(scheme.size());
}

void authorise(application const& app, http::request& asked)
{
    if (app.tokens == nullptr) {
        asked.tenant = default_tenant;
        return;
    }
    if (auto const whose = app.tokens->tenant_of(token_of(asked))) {
        asked.tenant = *whose;
        return;
    }
    throw http::refusal(http::problem("unauthorized", "send the header Authorization: Bearer TOKEN")
                            .set_header("WWW-Authenticate", "Bearer"));
}

bool is_away(error const& failure)
{
    auto const* const last = failure.last() != nullptr ? failure.last() : &failure;
    return last->code() == errc::unavailable;
}

// One look, so that whoever finds out that it is away still is not kept waiting for long.
void find_out(application const& app)
{
    retry_policy const once{.attempts_max = 1, .deadline = http::availability::probe_time};
    static_cast<void>(
        app.db->transact([](unit_of_work& work) { return work.database_time(); }, {.retry = once}));
    app.reach->reached();
}

// Tells what the request found of the database. A refusal may have come before it was asked.
http::response
run(application const& app, resource_handler const& answers, http::request const& asked)
{
    if (app.reach == nullptr)
        return answers(app, asked);
    try {
        if (app.reach->is_away())
            find_out(app);
        auto made = answers(app, asked);
        if (made.status < 400 || made.status == 404)
            app.reach->reached();
        return made;
    } catch (error const& failure) {
        if (is_away(failure))
            app.reach->lost();
        throw;
    }
}

}  // namespace

void add_guarded(http::router& to,
                 application const& app,
                 http::request_method method,
                 std::string pattern,
                 resource_handler answers,
                 http::route_options options)
{
    options.needs = app.reach;
    to.add(
        method,
        std::move(pattern),
        [&app, answers = std::move(answers)](http::request& asked) {
            authorise(app, asked);
            return run(app, answers, asked);
        },
        std::move(options));
}

retry_policy policy_of(application const& app, http::request const& asked)
{
    return asked.within({.attempts_max = app.decide.attempts_max});
}

http::route_options quick_read(application const& app)
{
    auto const waits_for_nobody = !app.db->supports(capability::row_locks);
    return {.where = waits_for_nobody ? http::runs::in_place : http::runs::on_work_thread};
}

http::problem problem_of(systems::invalid_field const& broken)
{
    return http::problem("invalid-request",
                         std::string{broken.field} + " " + std::string{broken.rule})
        .with("errors",
              http::json_array{}.add(http::json_object{}
                                         .add("pointer", "/" + std::string{broken.field})
                                         .add("detail", broken.rule)));
}

}  // namespace tiebreak::service::api
