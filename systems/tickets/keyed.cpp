// The key is claimed before anything else, and completed by the commit that completes the order.
#include "systems/tickets/keyed.hpp"

#include "systems/tickets/stored_approval.hpp"
#include "systems/tickets/win.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::systems::tickets {

namespace {

// Not an error: the order is in other hands. Ends the unit, and the key stays claimed.
struct order_is_overtaken {};

// A payment key may hold what an idempotency key cannot.
std::string key_of(std::string const& payment_key)
{
    bool const is_plain =
        std::ranges::all_of(payment_key, [](char c) { return c >= ' ' && c <= '~'; });
    return is_plain ? payment_key : "sha256 " + to_hex(sha256(payment_key));
}

idempotent_request keyed(approval_request const& request)
{
    return {.route = "tickets/approve",
            .key = key_of(request.payment_key),
            .fingerprint = sha256_of_fields{}
                               .add(std::to_string(request.lotto_publish_id))
                               .add(std::to_string(request.order_id))
                               .add(std::to_string(request.amount))
                               .finish()};
}

class keyed_approval {
public:
    keyed_approval(database& in,
                   payment_provider& provider,
                   approval_request const& request,
                   approve_options const& options,
                   kept_form const& form)
        : in_(in),
          provider_(provider),
          request_(request),
          options_(options),
          form_(form),
          keys_(in,
                {.deadline = options.owner_deadline,
                 .early = options.how == strategy::idempotency_sql ? nullptr : options.cache})
    {
    }

    idempotent_result answer(idempotent_request const& key)
    {
        auto claimed = keys_.claim(key);
        if (auto* const known = std::get_if<idempotent_result>(&claimed))
            return std::move(*known);
        work_ = std::get<idempotent_work>(std::move(claimed));
        auto mine = work_.taken_over ? resumed() : win_or_answer(in_, request_, options_);
        if (auto const* const known = std::get_if<approval>(&mine))
            return concluded(*known);
        auto const& held = std::get<tenure>(mine);
        reach(options_.reached, step::decided);
        return paid(held);
    }

    // What this very call came to; empty when the answer is another call's.
    [[nodiscard]] std::optional<approval> const& own() const noexcept { return own_; }

private:
    // After the death of the call before: takes over what it held, or begins anew.
    std::variant<tenure, approval> resumed()
    {
        repository<order> const orders(in_);
        auto const found = orders.find(request_.order_id);
        bool const is_held = found && found->payment_key == request_.payment_key;
        if (!is_held)
            return win_or_answer(in_, request_, options_);
        if (auto const done = bought_with(in_, *found, request_.payment_key))
            return approval{*done};
        if (found->refund_to)
            return approval{payment_unavailable{false}};  // `recover` is at it
        auto const taken = orders.update_if(found->id,
                                            field<&order::status> == order_status::pending &&
                                                field<&order::epoch> == found->epoch &&
                                                field<&order::refund_to>.is_null(),
                                            field<& order::epoch> += 1,
                                            field<& order::pending_since> = database_now());
        if (taken == outcome::lost)
            return approval{in_progress{}};
        auto held = tenure_of(*found);
        held.epoch += 1;
        reach(options_.reached, step::taken_over);
        return held;
    }

    // An answer of this call that is not kept.
    idempotent_result passing(approval const& answer)
    {
        own_ = answer;
        return {.answer = form_(answer)};
    }

    // A final answer is kept; a payment in doubt keeps the key until its deadline; for any other
    // the key is free again.
    idempotent_result concluded(approval const& answer)
    {
        if (auto const* const away = std::get_if<payment_unavailable>(&answer);
            away != nullptr && !away->outcome_known)
            return passing(answer);
        if (!is_final(answer)) {
            static_cast<void>(keys_.release(work_));
            return passing(answer);
        }
        own_ = answer;
        return finished([&] { return keep(form_(answer)); });
    }

    // The key's last write, with what `body` writes; the winner's answer when it was overtaken.
    template <class Body>
    idempotent_result finished(Body&& body)
    {
        auto result = keys_.finish(work_, [&](unit_of_work&) { return body(); });
        if (result.how != idempotent_outcome::executed)
            own_.reset();
        return result;
    }

    idempotent_result paid(tenure const& held)
    {
        auto const reply =
            provider_.charge({held.payment_key, held.order_id, held.amount, held.payment_key});
        reach(options_.reached, step::charged);
        switch (reply.outcome) {
        case charge_outcome::approved: return completed(held, reply.charge_id);
        case charge_outcome::declined: return given_back(held, payment_declined{});
        case charge_outcome::error: return given_back(held, payment_unavailable{true});
        case charge_outcome::no_answer: break;
        }
        return passing(payment_unavailable{false});
    }

    // Order, bill, ticket and key in one commit.
    idempotent_result completed(tenure const& held, std::string const& charge_id)
    {
        try {
            return finished([&] {
                auto const made = complete(in_, held, charge_id, options_.reached);
                if (!made)
                    throw order_is_overtaken{};
                own_ = *made;
                return keep(form_(*made));
            });
        } catch (order_is_overtaken const&) {
            return concluded(answer_overtaken(in_, held));
        } catch (error const& why) {
            if (!never_completes(why))
                throw;  // the charge stands and the order is PENDING: `recover` finds both
        }
        switch (refund(in_, provider_, held, order_status::cancelled, options_.reached)) {
        case refund_outcome::refunded: return concluded(payment_refunded{});
        case refund_outcome::unanswered: return passing(payment_unavailable{false});
        case refund_outcome::overtaken: break;
        }
        return concluded(answer_overtaken(in_, held));
    }

    // The order waits again; overtaken or not, this payment ends here.
    idempotent_result given_back(tenure const& held, approval const& why)
    {
        own_ = why;
        return finished([&] {
            static_cast<void>(give_back(in_, held, order_status::waiting));
            return is_final(why) ? keep(form_(why)) : do_not_keep(form_(why));
        });
    }

    database& in_;
    payment_provider& provider_;
    approval_request const& request_;
    approve_options const& options_;
    kept_form const& form_;
    idempotency keys_;
    idempotent_work work_{};
    std::optional<approval> own_{};
};

}  // namespace

idempotent_result approve_once(database& in,
                               payment_provider& provider,
                               approval_request const& request,
                               approve_options const& options,
                               idempotent_request const& key,
                               kept_form const& form)
{
    check(request, options);
    if (is_negative_control(options.how))
        throw std::invalid_argument("a negative control keeps no key");
    return keyed_approval(in, provider, request, options, form).answer(key);
}

approval approve_with_payment_key(database& in,
                                  payment_provider& provider,
                                  approval_request const& request,
                                  approve_options const& options)
{
    kept_form const form = [](approval const& answer) { return stored(answer); };
    keyed_approval call(in, provider, request, options, form);
    auto const result = call.answer(keyed(request));
    if (call.own())
        return *call.own();
    switch (result.how) {
    case idempotent_outcome::executed:
    case idempotent_outcome::replayed: return repeated(result.answer);
    case idempotent_outcome::in_progress: return in_progress{};
    case idempotent_outcome::reused: break;
    }
    return payment_key_in_use{};
}

}  // namespace tiebreak::systems::tickets
