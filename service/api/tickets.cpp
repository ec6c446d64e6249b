// Approving the payment of an order, however often it is sent.
#include "service/api/repeatable.hpp"
#include "service/api/resources.hpp"
#include "service/http/object_reader.hpp"
#include "systems/tickets/keyed.hpp"

namespace tiebreak::service::api {

namespace {

namespace tickets = systems::tickets;
using http::json_object;
using http::object_reader;
using http::problem;
using http::request;
using http::request_method;
using http::response;
using namespace std::chrono_literals;

// A try to decide and one call of the provider: whoever is refused meanwhile asks again after it.
constexpr auto ask_again_after = 1'000ms;

tickets::approval_request approval_in(request const& asked)
{
    return read_body(asked, [](object_reader& in) {
        return tickets::approval_request{
            .lotto_publish_id = in.integer("lotto_publish_id"),
            .order_id = in.integer("order_id"),
            .payment_key = in.text("payment_key", {.bytes_min = 1, .bytes_max = 200}),
            .amount = in.integer("amount"),
        };
    });
}

// What the answers of the system are on the wire.
struct approval_answer {
    tickets::approval_request const& asked;

    response operator()(tickets::approved const& yes) const
    {
        auto made = http::json(200,
                               json_object{}
                                   .add("bill_id", yes.bill_id)
                                   .add("ticket_id", yes.ticket_id)
                                   .add("order_id", yes.order_id)
                                   .add("lotto_publish_id", asked.lotto_publish_id)
                                   .add("payment_key", yes.payment_key)
                                   .add("amount", yes.amount)
                                   .add("status", "COMPLETE"));
        if (yes.replayed)
            made.set("Idempotent-Replayed", "true");
        return made;
    }

    response operator()(tickets::already_processed const& done) const
    {
        auto told = problem("already-processed")
                        .with("order_id", asked.order_id)
                        .with("order_status", systems::status_text(done.status));
        if (done.bill_id)
            told.with("bill_id", *done.bill_id);
        return answer(told);
    }

    response operator()(tickets::in_progress const&) const
    {
        return answer(problem("in-progress", "another approval of this order is at work")
                          .with("order_id", asked.order_id)
                          .retry_after(ask_again_after));
    }

    response operator()(tickets::amount_mismatch const& wrong) const
    {
        return answer(problem("amount-mismatch")
                          .with("expected_amount", wrong.expected)
                          .with("given_amount", wrong.given));
    }

    response operator()(tickets::payment_declined const&) const
    {
        return answer(problem("payment-declined", "the order waits for another payment key")
                          .with("order_id", asked.order_id));
    }

    response operator()(tickets::payment_unavailable const& away) const
    {
        return answer(problem("payment-unavailable",
                              away.outcome_known
                                  ? "nothing was charged; the order waits"
                                  : "whether it was charged is being found out; ask again")
                          .with("order_id", asked.order_id)
                          .with("outcome_known", away.outcome_known)
                          .retry_after(ask_again_after));
    }

    response operator()(tickets::payment_refunded const&) const
    {
        return answer(
            problem("already-processed",
                    "the order could not be completed by this payment, which was refunded")
                .with("order_id", asked.order_id)
                .with("refunded", true));
    }

    response operator()(tickets::payment_key_in_use const&) const
    {
        return answer(problem("key-reused", "the payment key belongs to another order"));
    }

    response operator()(tickets::order_not_found const&) const
    {
        return answer(problem("order-not-found").with("order_id", asked.order_id));
    }

    response operator()(tickets::lock_wait_exceeded const&) const
    {
        return answer(problem("lock-timeout", "somebody else held the order for too long"));
    }

    response operator()(tickets::attempts_exhausted const&) const
    {
        return answer(problem("attempts-exhausted").with("order_id", asked.order_id));
    }
};

response approve(application const& app, request const& asked)
{
    auto const wanted = approval_in(asked);
    tickets::approve_options const how{.how = app.decide.tickets,
                                       .retry = policy_of(app, asked),
                                       .between = pause_of(app.decide),
                                       .cache = app.cache,
                                       .owner_deadline = app.decide.recover_after};
    auto const key = key_of(asked);
    if (!key || tickets::is_negative_control(how.how))
        return std::visit(approval_answer{wanted},
                          tickets::approve(*app.db, *app.payments, wanted, how));
    response made;
    auto const result = tickets::approve_once(
        *app.db, *app.payments, wanted, how, *key, [&](tickets::approval const& one) {
            made = std::visit(approval_answer{wanted}, one);
            return to_answer(made);
        });
    return result.how == idempotent_outcome::executed ? made : to_response(result);
}

}  // namespace

void add_tickets(http::router& to, application const& app)
{
    add_guarded(to, app, request_method::post, "/v1/tickets", approve);
}

}  // namespace tiebreak::service::api
