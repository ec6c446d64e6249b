// The writes under a tenure. All of them name the epoch; see tenure.hpp.
#include "systems/tickets/tenure.hpp"

namespace tiebreak::systems::tickets {

namespace {

condition<order> fence(tenure const& held)
{
    return field<&order::status> == order_status::pending && field<&order::epoch> == held.epoch;
}

}  // namespace

tenure tenure_of(order const& held)
{
    return {held.id, held.lotto_publish_id, held.amount, held.epoch, held.payment_key.value_or("")};
}

void reach(std::function<void(step)> const& reached, step where)
{
    if (reached)
        reached(where);
}

std::optional<approved> complete(database& in,
                                 tenure const& held,
                                 std::string const& charge_id,
                                 std::function<void(step)> const& reached)
{
    return in.transact([&](unit_of_work& work) -> std::optional<approved> {
        auto const taken =
            repository<order>(work).update_if(held.order_id,
                                              fence(held) && field<&order::refund_to>.is_null(),
                                              field<& order::status> = order_status::complete,
                                              field<& order::pending_since> = std::nullopt,
                                              field<& order::approvals> += 1);
        if (taken == outcome::lost)
            return std::nullopt;
        auto const bill_id = work.insert(bill{.order_id = held.order_id,
                                              .payment_key = held.payment_key,
                                              .charge_id = charge_id,
                                              .amount = held.amount})
                                 .id;
        auto const ticket_id = work.insert(ticket{.order_id = held.order_id,
                                                  .bill_id = bill_id,
                                                  .lotto_publish_id = held.lotto_publish_id})
                                   .id;
        reach(reached, step::completing);
        return approved{bill_id, ticket_id, held.order_id, held.amount, held.payment_key};
    });
}

bool never_completes(error const& why) noexcept
{
    return why.code() == errc::already_exists || why.code() == errc::constraint_violated;
}

outcome give_back(database& in, tenure const& held, order_status to)
{
    return in.transact([&](unit_of_work& work) {
        auto const ended =
            repository<order>(work).update_if(held.order_id,
                                              fence(held),
                                              field<& order::status> = to,
                                              field<& order::payment_key> = std::nullopt,
                                              field<& order::pending_since> = std::nullopt,
                                              field<& order::refund_to> = std::nullopt);
        if (ended == outcome::won) {
            repository<payment_claim>(work).remove_where(
                field<&payment_claim::payment_key> == held.payment_key &&
                field<&payment_claim::order_id> == held.order_id);
        }
        return ended;
    });
}

refund_outcome refund(database& in,
                      payment_provider& provider,
                      tenure const& held,
                      order_status to,
                      std::function<void(step)> const& reached)
{
    auto const decided = repository<order>(in).update_if(
        held.order_id, fence(held), field<& order::refund_to> = std::optional{to});
    if (decided == outcome::lost)
        return refund_outcome::overtaken;
    reach(reached, step::refund_decided);
    if (provider.cancel(held.payment_key) == cancel_outcome::no_answer)
        return refund_outcome::unanswered;
    reach(reached, step::refunded);
    return give_back(in, held, to) == outcome::won ? refund_outcome::refunded
                                                   : refund_outcome::overtaken;
}

}  // namespace tiebreak::systems::tickets
