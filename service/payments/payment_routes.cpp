// From a request to a call of the stand-in, and from what it says to a response.
#include "service/payments/payment_routes.hpp"

#include "service/http/object_reader.hpp"
#include "service/http/problem.hpp"
#include "service/payments/wire.hpp"

#include <algorithm>

namespace tiebreak::service::payments {

namespace {

namespace tickets = systems::tickets;
using http::json_object;
using http::request;
using http::response;

struct wanted_charge {
    std::string payment_key{};
    std::int64_t order_id = 0;
    std::int64_t amount = 0;
};

wanted_charge read_charge(request const& asked)
{
    return http::read_body(asked, [](http::object_reader& in) {
        wanted_charge wanted;
        wanted.payment_key =
            in.text("payment_key", {.bytes_min = 1, .bytes_max = payment_key_bytes_max});
        wanted.order_id = in.integer("order_id", {.least = 1});
        wanted.amount = in.integer("amount", {.least = 1});
        return wanted;
    });
}

// Quoted and bare are the same key.
std::optional<std::string_view> idempotency_key_of(request const& asked)
{
    auto key = asked.find_header("Idempotency-Key");
    if (!key)
        return std::nullopt;
    if (key->size() >= 2 && key->front() == '"' && key->back() == '"')
        key = key->substr(1, key->size() - 2);
    bool const is_valid = asked.count_headers("Idempotency-Key") == 1 && !key->empty() &&
                          key->size() <= idempotency_key_bytes_max &&
                          std::ranges::all_of(*key, [](char letter) {
                              return letter >= ' ' && letter <= '~' && letter != '"';
                          });
    if (!is_valid)
        throw http::refusal(http::problem("key-invalid", "one key of printable characters"));
    return key;
}

response lost_reply()
{
    response nothing;
    nothing.is_withheld = true;
    return nothing;
}

response charge(tickets::stand_in_provider& provider, request const& asked)
{
    auto const key = idempotency_key_of(asked);
    auto const wanted = read_charge(asked);
    auto const made = provider.charge({wanted.payment_key, wanted.order_id, wanted.amount, key});
    switch (made.outcome) {
    case tickets::charge_outcome::approved:
        return http::json(200,
                          json_object{}
                              .add("outcome", name_of(made.outcome))
                              .add("charge_id", made.charge_id)
                              .add("payment_key", wanted.payment_key)
                              .add("order_id", wanted.order_id)
                              .add("amount", wanted.amount));
    case tickets::charge_outcome::declined:
        return answer(http::problem("payment-declined").with("payment_key", wanted.payment_key));
    case tickets::charge_outcome::error:
        return answer(http::problem("charge-failed").with("payment_key", wanted.payment_key));
    case tickets::charge_outcome::no_answer: break;
    }
    return lost_reply();
}

std::string const& payment_key_of(request const& asked)
{
    auto const& key = asked.parameter("payment_key");
    if (key.empty() || key.size() > payment_key_bytes_max)
        throw http::refusal(http::problem("not-found"));
    return key;
}

response find(tickets::stand_in_provider& provider, std::string const& key)
{
    auto const record = provider.find(key);
    if (!record)
        return answer(http::problem("unavailable"));
    auto body = json_object{}
                    .add("payment_key", key)
                    .add("state", name_of(record->state))
                    .add("calls", record->calls)
                    .add("charges", record->charges)
                    .add("refunds", record->refunds);
    if (!record->charge_id.empty())
        body.add("charge_id", record->charge_id);
    return http::json(200, std::move(body));
}

response cancel(tickets::stand_in_provider& provider, std::string const& key)
{
    if (provider.cancel(key) == tickets::cancel_outcome::no_answer)
        return answer(http::problem("unavailable"));
    return find(provider, key);
}

}  // namespace

void add_payment_routes(http::router& to, tickets::stand_in_provider& provider)
{
    using http::request_method;
    to.add(request_method::post, std::string{payments_path}, [&provider](request& asked) {
        return charge(provider, asked);
    });
    auto const one = std::string{payments_path} + "/{payment_key}";
    to.add(request_method::get, one, [&provider](request& asked) {
        return find(provider, payment_key_of(asked));
    });
    to.add(request_method::post, one + "/cancel", [&provider](request& asked) {
        return cancel(provider, payment_key_of(asked));
    });
    to.add(request_method::get,
           "/healthz",
           [](request&) { return http::json(200, json_object{}.add("status", "ok")); },
           {.where = http::runs::in_place});
}

}  // namespace tiebreak::service::payments
