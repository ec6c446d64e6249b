#include "service/api/repeatable.hpp"

#include <tiebreak/canonical_json.hpp>

#include <algorithm>
#include <array>

namespace tiebreak::service::api {

namespace {

using http::problem;
using http::request;
using http::response;

constexpr std::string_view key_field = "Idempotency-Key";

bool is_final(response const& made)
{
    constexpr std::array kept_refusals{402, 404, 409, 412, 422};
    return made.status < 400 ||
           (!made.is_retryable &&
            std::ranges::find(kept_refusals, made.status) != kept_refusals.end());
}

idempotent_verdict verdict_on(response const& made)
{
    return is_final(made) ? keep(to_answer(made)) : do_not_keep(to_answer(made));
}

// What the call itself answered goes out whole; only what is repeated comes from the store.
response run_in_one_unit(application const& app,
                         request const& asked,
                         idempotent_request const& key,
                         resource_handler const& answers)
{
    response made;
    auto const result = idempotency(*app.db, keeping_of(app, asked)).run(key, [&](unit_of_work&) {
        made = answers(app, asked);
        return verdict_on(made);
    });
    return result.how == idempotent_outcome::executed ? made : to_response(result);
}

// A repeat runs again: what was done, if anything, is not done twice. If the key cannot be given
// back either, it is free after its deadline.
void give_back(idempotency const& keys, idempotent_work const& work) noexcept
try {
    static_cast<void>(keys.release(work));

} catch (error const&) {
    return;
}

response run_fenced(application const& app,
                    request const& asked,
                    idempotent_request const& key,
                    resource_handler const& answers)
{
    idempotency const keys(*app.db, keeping_of(app, asked));
    auto const claimed = keys.claim(key);
    if (auto const* const known = std::get_if<idempotent_result>(&claimed))
        return to_response(*known);
    auto const& work = std::get<idempotent_work>(claimed);
    response made;
    try {
        made = answers(app, asked);
    } catch (...) {
        give_back(keys, work);
        throw;
    }
    auto const result = keys.finish(work, [&](unit_of_work&) { return verdict_on(made); });
    return result.how == idempotent_outcome::executed ? made : to_response(result);
}

}  // namespace

void add_repeatable(http::router& to,
                    application const& app,
                    std::string pattern,
                    resource_handler answers,
                    effect what)
{
    auto const run = what == effect::in_one_unit ? run_in_one_unit : run_fenced;
    add_guarded(to,
                app,
                http::request_method::post,
                std::move(pattern),
                [answers = std::move(answers), run](application const& of, request const& asked) {
                    auto const key = key_of(asked);
                    return key ? run(of, asked, *key, answers) : answers(of, asked);
                });
}

std::optional<idempotent_request> key_of(request const& asked)
{
    auto const count = asked.count_headers(key_field);
    if (count == 0)
        return std::nullopt;
    auto key = count == 1 ? parse_idempotency_key(*asked.find_header(key_field)) : std::nullopt;
    if (!key)
        throw http::refusal(
            problem("key-invalid", "send one Idempotency-Key of 1 to 255 printable characters"));
    auto const method = http::name_of(asked.method);
    auto const body = canonical_json(asked.body, {.depth_max = asked.json_depth_max});
    return idempotent_request{
        .tenant = asked.tenant,
        .route = std::string{method} + " " + std::string{asked.route},
        .key = *std::move(key),
        .fingerprint = fingerprint_of({.method = method,
                                       .path = asked.path,
                                       .query = asked.raw_query,
                                       .body = body ? std::string_view{*body} : asked.body})};
}

idempotency_options keeping_of(application const& app, request const& asked)
{
    idempotency_options made{
        .retry = policy_of(app, asked), .level = app.decide.level, .early = app.cache};
    made.wait = std::min(made.wait, asked.time_left());
    return made;
}

idempotent_answer to_answer(response const& made)
{
    idempotent_answer kept{.status = made.status, .body = made.body};
    kept.headers.push_back({"content-type", made.content_type});
    for (auto const& [name, value] : made.headers)
        kept.headers.push_back({name, value});
    return kept;
}

response to_response(idempotent_result const& result)
{
    switch (result.how) {
    case idempotent_outcome::in_progress:
        return answer(problem("in-progress", "an earlier request with this key is being answered")
                          .retry_after(result.retry_after));
    case idempotent_outcome::reused:
        return answer(problem("key-reused", "use a new key for another request"));
    case idempotent_outcome::executed:
    case idempotent_outcome::replayed: break;
    }
    response made{.status = result.answer.status, .body = result.answer.body};
    for (auto const& one : result.answer.headers) {
        if (http::equals_ignoring_case(one.name, "content-type"))
            made.content_type = one.value;
        else
            made.set(one.name, one.value);
    }
    if (result.how == idempotent_outcome::replayed)
        made.set("Idempotent-Replayed", "true");
    return made;
}

}  // namespace tiebreak::service::api
