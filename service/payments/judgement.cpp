// See judgement.hpp.
#include "service/payments/judgement.hpp"

#include "service/http/json.hpp"
#include "service/http/problem.hpp"
#include "service/http/request.hpp"
#include "service/payments/wire.hpp"

#include <algorithm>
#include <array>

namespace tiebreak::service::payments {

namespace {

namespace tickets = systems::tickets;
using http::json_value;

constexpr http::json_limits reply_limits{.depth = 8, .values = 1'000};
constexpr std::string_view slug_prefix = "urn:tiebreak:problem:";

// Refusals of the provider before it acts, and its own failure that took nothing. Every other
// slug, also one that is not known here, leaves a doubt.
constexpr std::array<std::string_view, 12> never_acted_on{"malformed-request",
                                                          "invalid-request",
                                                          "key-invalid",
                                                          "unauthorized",
                                                          "forbidden",
                                                          "not-found",
                                                          "method-not-allowed",
                                                          "body-too-large",
                                                          "url-too-long",
                                                          "unsupported-media-type",
                                                          "header-too-large",
                                                          "version-not-supported"};
constexpr std::array<std::string_view, 4> not_acted_on_now{
    "charge-failed", "overloaded", "shutting-down", "too-many-requests"};

bool is_media_type(std::string_view given, std::string_view wanted)
{
    auto const type = given.substr(0, given.find(';'));
    auto const last = type.find_last_not_of(" \t");
    return last != std::string_view::npos &&
           http::equals_ignoring_case(type.substr(0, last + 1), wanted);
}

// Null when the body is not of this type, or not strict JSON.
json_value body_of(http_reply const& reply, std::string_view media_type)
{
    if (!is_media_type(reply.content_type, media_type))
        return {};
    try {
        return http::parse_json(reply.body, reply_limits);
    } catch (http::refusal const&) {
        return {};
    }
}

std::string const* text_in(json_value const& object, std::string_view name)
{
    auto const* const member = object.find(name);
    return member == nullptr ? nullptr : member->get_if<std::string>();
}

bool says(json_value const& object, std::string_view name, std::string_view text)
{
    auto const* const found = text_in(object, name);
    return found != nullptr && *found == text;
}

std::optional<std::int64_t> number_in(json_value const& object, std::string_view name)
{
    auto const* const member = object.find(name);
    auto const* const number = member == nullptr ? nullptr : member->get_if<std::int64_t>();
    return number == nullptr ? std::nullopt : std::optional{*number};
}

// The slug of the provider's own problem document; empty when the reply is none.
std::string_view slug_in(json_value const& document, int status)
{
    auto const* const type = text_in(document, "type");
    if (type == nullptr || !type->starts_with(slug_prefix) ||
        number_in(document, "status") != status)
        return {};
    return std::string_view{*type}.substr(slug_prefix.size());
}

template <class Slugs>
bool holds(Slugs const& slugs, std::string_view slug)
{
    return std::ranges::find(slugs, slug) != slugs.end();
}

json_value problem_in(http_reply const& reply)
{
    return body_of(reply, "application/problem+json");
}

}  // namespace

charge_judgement judge_charge(http_reply const& reply, tickets::charge_request const& wish)
{
    if (reply.status == 200) {
        auto const body = body_of(reply, "application/json");
        auto const* const id = text_in(body, "charge_id");
        bool const is_approved = says(body, "outcome", "approved") &&
                                 says(body, "payment_key", wish.payment_key) &&
                                 number_in(body, "order_id") == wish.order_id &&
                                 number_in(body, "amount") == wish.amount && id != nullptr &&
                                 !id->empty() && id->size() <= charge_id_bytes_max;
        if (is_approved)
            return {judgement::settled, {tickets::charge_outcome::approved, *id}};
        return {judgement::doubtful};
    }
    auto const document = problem_in(reply);
    auto const slug = slug_in(document, reply.status);
    if (reply.status == 402 && slug == "payment-declined" &&
        says(document, "payment_key", wish.payment_key))
        return {judgement::settled, {tickets::charge_outcome::declined}};
    if (holds(never_acted_on, slug))
        return {judgement::refused};
    if (holds(not_acted_on_now, slug))
        return {judgement::refused_for_now};
    return {judgement::doubtful};
}

std::optional<tickets::payment_record> judge_record(http_reply const& reply,
                                                    std::string_view payment_key)
{
    if (reply.status != 200)
        return std::nullopt;
    auto const body = body_of(reply, "application/json");
    auto const* const state = text_in(body, "state");
    auto const known =
        state == nullptr ? std::nullopt : systems::parse<tickets::payment_state>(*state);
    auto const calls = number_in(body, "calls");
    auto const charges = number_in(body, "charges");
    auto const refunds = number_in(body, "refunds");
    if (!known || !calls || !charges || !refunds || !says(body, "payment_key", payment_key))
        return std::nullopt;
    tickets::payment_record record{*known, *calls, *charges, *refunds};
    if (auto const* const id = text_in(body, "charge_id"))
        record.charge_id = *id;
    // Counts and state that contradict each other are not an answer.
    bool const is_charged = record.standing() > 0;
    if (record.calls < 0 || record.charges < 0 || record.refunds < 0 || record.standing() < 0 ||
        is_charged != (record.state == tickets::payment_state::charged) ||
        is_charged == record.charge_id.empty() || record.charge_id.size() > charge_id_bytes_max)
        return std::nullopt;
    return record;
}

bool says_cancelled(http_reply const& reply, std::string_view payment_key)
{
    auto const record = judge_record(reply, payment_key);
    return record && record->state == tickets::payment_state::cancelled;
}

bool is_refused_for_good(http_reply const& reply)
{
    return holds(never_acted_on, slug_in(problem_in(reply), reply.status));
}

}  // namespace tiebreak::service::payments
