// The deciding transactions. Losing never reads again in the same transaction: on an engine with
// snapshots it would see the old row.
#include "systems/tickets/decide.hpp"

namespace tiebreak::systems::tickets {

namespace {

bool is_as_asked(order const& found, approval_request const& request)
{
    return found.status == order_status::waiting && found.amount == request.amount &&
           found.lotto_publish_id == request.lotto_publish_id;
}

void pause_between(approve_options const& options)
{
    if (options.between)
        options.between();
}

// The whole decision in one statement; the second only asks for the new epoch.
std::optional<tenure> take_conditionally(unit_of_work& work, approval_request const& request)
{
    repository<order> const orders(work);
    auto const taken = orders.update_if(
        request.order_id,
        field<&order::status> == order_status::waiting && field<&order::amount> == request.amount &&
            field<&order::lotto_publish_id> == request.lotto_publish_id,
        field<& order::status> = order_status::pending,
        field<& order::payment_key> = std::optional{request.payment_key},
        field<& order::epoch> += 1,
        field<& order::pending_since> = database_now());
    if (taken == outcome::lost)
        return std::nullopt;
    return tenure_of(orders.find(request.order_id).value());
}

std::optional<tenure> take_by_claim(unit_of_work& work, approval_request const& request)
{
    repository<payment_claim> const claims(work);
    payment_claim claim{request.payment_key, request.order_id};
    if (claims.insert_if_absent(claim) == outcome::lost)
        return std::nullopt;
    auto taken = take_conditionally(work, request);
    if (!taken)  // another payment key holds the order: this claim decides nothing
        claims.remove_where(field<&payment_claim::payment_key> == request.payment_key);
    return taken;
}

order*
read_order(unit_of_work& work, approval_request const& request, approve_options const& options)
{
    switch (options.how) {
    case strategy::pessimistic:
        return work.find<order>(request.order_id, lock_mode::pessimistic_write);
    case strategy::pessimistic_where:
        return work.select<order>()
            .where(field<&order::id> == request.order_id &&
                   field<&order::status> == order_status::waiting)
            .lock({lock_mode::pessimistic_write, wait_up_to(options.lock_wait)})
            .first();
    default: return work.find<order>(request.order_id);
    }
}

// Reads, looks, changes: the version check or the lock makes it safe.
std::optional<tenure>
take_as_read(unit_of_work& work, approval_request const& request, approve_options const& options)
{
    auto* const found = read_order(work, request, options);
    if (found == nullptr || !is_as_asked(*found, request))
        return std::nullopt;
    pause_between(options);
    found->status = order_status::pending;
    found->payment_key = request.payment_key;
    found->epoch += 1;
    found->pending_since = work.database_time();
    return tenure_of(*found);
}

std::optional<tenure>
take(unit_of_work& work, approval_request const& request, approve_options const& options)
{
    switch (options.how) {
    case strategy::conditional:
    case strategy::idempotency_sql:
    case strategy::idempotency_redis:
    case strategy::redis_cas: pause_between(options); return take_conditionally(work, request);
    case strategy::unique_claim: pause_between(options); return take_by_claim(work, request);
    default: return take_as_read(work, request, options);
    }
}

// Not having decided by the last run is an answer; anything else is a failure.
std::optional<errc> loss_in(error const& failure) noexcept
{
    auto const* const cause = failure.last() == nullptr ? &failure : failure.last();
    switch (cause->code()) {
    case errc::stale_version:
    case errc::transaction_aborted:
    case errc::lock_timeout:
    case errc::deadline_exceeded: return cause->code();
    default: return std::nullopt;
    }
}

}  // namespace

decision decide(database& in,
                approval_request const& request,
                approve_options const& options,
                retry_policy const& left)
{
    decision result;
    transact_options const how{.retry = left, .level = options.level};
    try {
        result.won = in.transact(
            [&](unit_of_work& work) {
                ++result.runs;
                return take(work, request, options);
            },
            how);
    } catch (error const& failure) {
        result.gave_up = loss_in(failure);
        if (!result.gave_up)
            throw;
    }
    return result;
}

std::optional<approval> refusal_of(database& in, approval_request const& request)
{
    auto const found = repository<order>(in).find(request.order_id);
    if (!found || found->lotto_publish_id != request.lotto_publish_id)
        return order_not_found{};
    if (found->amount != request.amount)
        return amount_mismatch{found->amount, request.amount};
    switch (found->status) {
    case order_status::waiting: return std::nullopt;
    case order_status::pending: return in_progress{};
    case order_status::complete:
    case order_status::cancelled: break;
    }
    already_processed answer{found->status, std::nullopt};
    if (auto const paid = repository<bill>(in).find_by<&bill::order_id>(found->id))
        answer.bill_id = paid->id;
    return answer;
}

}  // namespace tiebreak::systems::tickets
