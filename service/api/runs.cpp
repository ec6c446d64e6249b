// Runs of the caller's tenant: queued, claimed by workers, finalised once. Another tenant's run is
// not there.
#include "service/api/entity_tag.hpp"
#include "service/api/repeatable.hpp"
#include "service/api/resources.hpp"
#include "service/http/object_reader.hpp"

namespace tiebreak::service::api {

namespace {

namespace runs = systems::runs;
using http::json_array;
using http::json_object;
using http::object_reader;
using http::problem;
using http::request;
using http::request_method;
using http::response;
using std::chrono::milliseconds;

constexpr std::int64_t lease_ms_min = 1'000;
constexpr std::int64_t lease_ms_max = 24LL * 3'600 * 1'000;

json_object represent(runs::run const& one)
{
    return json_object{}
        .add("run_id", one.run_id)
        .add("tenant_id", one.tenant_id)
        .add("status", systems::status_text(one.status))
        .add("version", one.version.value())
        .add("priority", one.priority)
        .add("payload", one.payload)
        .add("budget", one.reserve)
        .add("worker", one.worker)
        .add("epoch", one.lease_epoch)
        .add("lease_expires_at", one.lease_expires_at)
        .add("finalize_stage", systems::status_text(one.finalize_stage))
        .add("outcome",
             one.outcome ? std::optional{systems::status_text(*one.outcome)} : std::nullopt)
        .add("result", one.result)
        .add("amount", one.amount)
        .add("created_at", one.created_at)
        .add("updated_at", one.updated_at);
}

response with_tag(int status, runs::run const& one)
{
    return http::json(status, represent(one)).set("ETag", entity_tag(one.version));
}

response no_run(std::int64_t id)
{
    return answer(problem("run-not-found").with("run_id", id));
}

response lease_lost(runs::run const& as)
{
    return answer(problem("lease-lost", "stop the work: its writes change nothing")
                      .with("run_id", as.run_id)
                      .with("run_status", systems::status_text(as.status))
                      .with("epoch", as.lease_epoch));
}

response already_finalized(runs::run const& as)
{
    return answer(problem("already-finalized")
                      .with("run_id", as.run_id)
                      .with("run_status", systems::status_text(as.status))
                      .with("current", represent(as)));
}

// Text as it is; any other value as its JSON text.
std::string text_in(object_reader& in, std::string_view name)
{
    auto const given = in.any(name);
    auto const* text = given.get_if<std::string>();
    auto made = text != nullptr ? *text : http::text_of(given);
    if (made.size() > runs::text_bytes_max)
        in.refuse(name, "is longer than " + std::to_string(runs::text_bytes_max) + " bytes");
    return made;
}

response submit(application const& app, request const& asked)
{
    auto const wanted = read_body(asked, [&](object_reader& in) {
        return runs::new_run{
            .tenant_id = asked.tenant,
            .payload = text_in(in, "payload"),
            .budget = in.integer("budget", {.least = 0, .most = runs::amount_max}),
            .priority = static_cast<std::int32_t>(
                in.optional_integer("priority", {.least = -1'000'000, .most = 1'000'000})
                    .value_or(0)),
        };
    });
    auto const made = runs::submit(*app.db, wanted);
    return std::visit(
        overloaded{
            [](runs::run const& one) {
                return with_tag(201, one).set("Location", "/v1/runs/" + std::to_string(one.run_id));
            },
            [](runs::budget_exhausted const& poor) {
                return answer(problem("budget-exhausted").with("available", poor.available));
            },
            [](runs::tenant_not_found const&) {
                return answer(
                    problem("budget-exhausted", "this tenant has no budget").with("available", 0));
            },
            [](systems::invalid_field const& broken) { return answer(problem_of(broken)); },
        },
        made);
}

response show_run(application const& app, request const& asked)
{
    auto const id = asked.integer_parameter("id");
    auto const found = id ? runs::find_run(*app.db, asked.tenant, *id) : std::nullopt;
    if (!found)
        return no_run(id.value_or(0));
    return with_tag(200, *found);
}

response claim(application const& app, request const& asked)
{
    auto const wanted = read_body(asked, [&](object_reader& in) {
        runs::claim_request made{
            .worker = in.text("worker", {.bytes_min = 1, .bytes_max = 200}),
            .limit = static_cast<int>(in.integer("limit", {.least = 1, .most = 1'000})),
            .tenant_id = asked.tenant,
            .level = app.decide.level,
        };
        if (auto const ttl =
                in.optional_integer("lease_ms", {.least = lease_ms_min, .most = lease_ms_max})) {
            made.lease.ttl = milliseconds{*ttl};
        }
        return made;
    });
    json_array taken;
    for (auto const& each : runs::claim(*app.db, wanted))
        taken.add(represent(each.work));
    return http::json(200, json_object{}.add("runs", taken));
}

response heartbeat(application const& app, request const& asked)
{
    struct beat {
        std::int64_t epoch;
        milliseconds ttl;
    };

    auto const wanted = read_body(asked, [](object_reader& in) {
        auto const ttl =
            in.optional_integer("lease_ms", {.least = lease_ms_min, .most = lease_ms_max});
        return beat{in.integer("epoch", {.least = 0}),
                    ttl ? milliseconds{*ttl} : milliseconds{lease_options{}.ttl}};
    });
    auto const id = asked.integer_parameter("id");
    if (!id)
        return no_run(0);
    auto const made = runs::extend_lease(*app.db, asked.tenant, *id, wanted.epoch, wanted.ttl);
    switch (made.answer) {
    case runs::heartbeat_answer::extended:
        return http::json(200,
                          json_object{}
                              .add("run_id", *id)
                              .add("epoch", wanted.epoch)
                              .add("lease_ms", std::int64_t{wanted.ttl.count()}));
    case runs::heartbeat_answer::finished: return already_finalized(made.as.value());
    case runs::heartbeat_answer::not_found: return no_run(*id);
    case runs::heartbeat_answer::taken_over:
    case runs::heartbeat_answer::requeued:
    case runs::heartbeat_answer::cancelled: break;
    }
    return lease_lost(made.as.value());
}

response finalize(application const& app, request const& asked)
{
    auto const id = asked.integer_parameter("id");
    auto const wanted = read_body(asked, [&](object_reader& in) {
        return runs::finalize_request{
            .tenant_id = asked.tenant,
            .run_id = id.value_or(0),
            .epoch = in.integer("epoch", {.least = 0}),
            .outcome = systems::parse_status<runs::run_outcome>(
                           in.one_of("outcome", {"COMPLETED", "FAILED"}))
                           .value_or(runs::run_outcome::failed),
            .result = text_in(in, "result"),
            .amount = in.integer("amount", {.least = 0, .most = runs::amount_max}),
        };
    });
    if (!id)
        return no_run(0);
    auto const made = runs::finalize(
        *app.db,
        wanted,
        {.how = app.decide.runs, .retry = policy_of(app, asked), .level = app.decide.level});
    return std::visit(
        overloaded{
            [](runs::finalized const& done) {
                auto shown = represent(done.as);
                return http::json(200, std::move(shown.add("replayed", done.replayed)));
            },
            [](runs::already_finalized const& before) { return already_finalized(before.as); },
            [](runs::lease_lost const& over) { return lease_lost(over.as); },
            [](runs::amount_exceeds_budget const& much) {
                return answer(problem("amount-exceeds-budget").with("reserved", much.reserved));
            },
            [](runs::run_not_found const& none) { return no_run(none.run_id); },
            [](systems::invalid_field const& broken) { return answer(problem_of(broken)); },
        },
        made);
}

response cancel(application const& app, request const& asked)
{
    auto const expected =
        read_body(asked, [](object_reader& in) { return in.integer("version", {.least = 0}); });
    auto const id = asked.integer_parameter("id");
    if (!id)
        return no_run(0);
    auto const made = runs::cancel(*app.db, asked.tenant, *id, version{expected});
    return std::visit(
        overloaded{
            [](runs::cancelled const& done) {
                auto shown = represent(done.as);
                return http::json(200, std::move(shown.add("replayed", done.replayed)));
            },
            [](runs::version_conflict const& old) {
                return answer(problem("conflict", "the run is in another version")
                                  .with("run_id", old.run_id)
                                  .with("expected_version", old.expected_version.value())
                                  .with("actual_version", old.actual_version.value()));
            },
            [](runs::already_finalized const& before) { return already_finalized(before.as); },
            [](runs::run_not_found const& none) { return no_run(none.run_id); },
        },
        made);
}

}  // namespace

void add_runs(http::router& to, application const& app)
{
    add_repeatable(to, app, "/v1/runs", submit);
    add_repeatable(to, app, "/v1/runs/claim", claim, effect::fenced_by_itself);
    add_guarded(to, app, request_method::get, "/v1/runs/{id}", show_run, quick_read(app));
    add_repeatable(to, app, "/v1/runs/{id}/heartbeat", heartbeat, effect::fenced_by_itself);
    add_repeatable(to, app, "/v1/runs/{id}/finalize", finalize, effect::fenced_by_itself);
    add_repeatable(to, app, "/v1/runs/{id}/cancel", cancel, effect::fenced_by_itself);
}

}  // namespace tiebreak::service::api
