// An approval from end to end: decide, charge, complete. The three are separate on purpose: no
// transaction is open while the provider is called.
#include <tiebreak/redis_claim.hpp>

#include "systems/tickets/controls.hpp"
#include "systems/tickets/keyed.hpp"
#include "systems/tickets/win.hpp"

namespace tiebreak::systems::tickets {

namespace {

approval complete_or_refund(database& in,
                            payment_provider& provider,
                            tenure const& held,
                            std::string const& charge_id,
                            approve_options const& options)
{
    try {
        if (auto done = complete(in, held, charge_id, options.reached))
            return *std::move(done);
        return answer_overtaken(in, held);
    } catch (error const& why) {
        if (!never_completes(why))
            throw;  // the charge stands and the order is PENDING: `recover` finds both
    }
    switch (refund(in, provider, held, order_status::cancelled, options.reached)) {
    case refund_outcome::refunded: return payment_refunded{};
    case refund_outcome::unanswered: return payment_unavailable{false};
    case refund_outcome::overtaken: break;
    }
    return answer_overtaken(in, held);
}

approval
pay(database& in, payment_provider& provider, tenure const& held, approve_options const& options)
{
    auto const reply =
        provider.charge({held.payment_key, held.order_id, held.amount, held.payment_key});
    reach(options.reached, step::charged);
    switch (reply.outcome) {
    case charge_outcome::approved:
        return complete_or_refund(in, provider, held, reply.charge_id, options);
    case charge_outcome::declined:  // overtaken or not, this key pays for nothing any more
        (void)give_back(in, held, order_status::waiting);
        return payment_declined{};
    case charge_outcome::error:
        (void)give_back(in, held, order_status::waiting);
        return payment_unavailable{true};
    case charge_outcome::no_answer: break;
    }
    return payment_unavailable{false};
}

approval approve_as_decided(database& in,
                            payment_provider& provider,
                            approval_request const& request,
                            approve_options const& options)
{
    auto won = win_or_answer(in, request, options);
    if (auto* const answer = std::get_if<approval>(&won))
        return std::move(*answer);
    auto const& held = std::get<tenure>(won);
    reach(options.reached, step::decided);
    return pay(in, provider, held, options);
}

// Compare-and-set in Redis keeps the others away; whether the order is really to be had, the
// conditional update says. What Redis does not know is decided as if it were not there.
approval approve_by_claim(database& in,
                          payment_provider& provider,
                          approval_request const& request,
                          approve_options const& options)
{
    redis_claims const claims(*options.cache);
    redis_claim mine;
    auto const claimed = claims.claim("order:" + std::to_string(request.order_id), mine);
    if (claimed == claim_answer::lost)
        return refusal_of(in, request).value_or(in_progress{});

    struct given_back {
        redis_claims const& to;
        redis_claim const& claim;

        ~given_back()
        {
            if (!claim.token.empty())
                static_cast<void>(to.release(claim));
        }
    } const at_the_end{claims, mine};

    return approve_as_decided(in, provider, request, options);
}

}  // namespace

approval approve(database& in,
                 payment_provider& provider,
                 approval_request const& request,
                 approve_options const& options)
{
    check(request, options);
    if (is_negative_control(options.how))
        return approve_unchecked(in, provider, request, options);
    if (options.how == strategy::redis_cas)
        return approve_by_claim(in, provider, request, options);
    if (needs_library_tables(options.how))
        return approve_with_payment_key(in, provider, request, options);
    return approve_as_decided(in, provider, request, options);
}

std::string_view name_of(approval const& answer) noexcept
{
    struct name {
        std::string_view operator()(approved const&) const { return "approved"; }

        std::string_view operator()(already_processed const&) const { return "already-processed"; }

        std::string_view operator()(in_progress const&) const { return "in-progress"; }

        std::string_view operator()(amount_mismatch const&) const { return "amount-mismatch"; }

        std::string_view operator()(payment_declined const&) const { return "payment-declined"; }

        std::string_view operator()(payment_unavailable const&) const
        {
            return "payment-unavailable";
        }

        std::string_view operator()(payment_refunded const&) const { return "payment-refunded"; }

        std::string_view operator()(payment_key_in_use const&) const
        {
            return "payment-key-in-use";
        }

        std::string_view operator()(order_not_found const&) const { return "order-not-found"; }

        std::string_view operator()(lock_wait_exceeded const&) const
        {
            return "lock-wait-exceeded";
        }

        std::string_view operator()(attempts_exhausted const&) const
        {
            return "attempts-exhausted";
        }
    };

    return std::visit(name{}, answer);
}

}  // namespace tiebreak::systems::tickets
