// An approval from end to end: decide, charge, complete. The three are separate on purpose: no
// transaction is open while the provider is called.
#include "systems/invalid_field.hpp"
#include "systems/tickets/controls.hpp"
#include "systems/tickets/decide.hpp"

#include <random>
#include <stdexcept>
#include <thread>

namespace tiebreak::systems::tickets {

namespace {

constexpr std::size_t payment_key_bytes_max = 200;

void validate(approval_request const& request, approve_options const& options)
{
    if (request.payment_key.empty() ||
        !is_storable_text(request.payment_key, payment_key_bytes_max))
        throw std::invalid_argument("payment_key must be 1 to 200 bytes of text");
    if (options.lock_wait.count() < 0)
        throw std::invalid_argument("lock_wait must be 0 or more");
    tiebreak::validate(options.retry);
}

// The claim of another order on the same payment key looks like a lost race, but never ends.
bool is_claimed_by_another(database& in, approval_request const& request)
{
    auto const claim = repository<payment_claim>(in).find(request.payment_key);
    return claim && claim->order_id != request.order_id;
}

std::chrono::microseconds pause_before_next(int runs, retry_policy const& policy)
{
    thread_local std::mt19937_64 random{std::random_device{}()};
    return pause_after(runs, policy, random());
}

// Tries until the order is this call's, or somebody's, or the policy is used up.
std::variant<tenure, approval>
win_or_answer(database& in, approval_request const& request, approve_options const& options)
try {
    auto const& policy = options.retry;
    auto const start = std::chrono::steady_clock::now();
    for (int runs = 0;;) {
        int const runs_left = policy.attempts_max == 0 ? 0 : policy.attempts_max - runs;
        auto last = decide(in, request, options, runs_left);
        if (last.won)
            return *std::move(last.won);
        if (auto refusal = refusal_of(in, request))
            return *std::move(refusal);
        // It is WAITING: the winner has given it back meanwhile, or the decision was never had.
        if (options.how == strategy::unique_claim && is_claimed_by_another(in, request))
            return approval{payment_key_in_use{}};
        if (last.gave_up == errc::lock_timeout)
            return approval{lock_wait_exceeded{}};
        runs += last.runs;
        bool const used_up = policy.attempts_max != 0 && runs >= policy.attempts_max;
        if (last.gave_up == errc::stale_version || used_up)
            return approval{in_progress{}};  // it was, when this call lost
        bool const late = policy.deadline.count() != 0 &&
                          std::chrono::steady_clock::now() - start >= policy.deadline;
        if (last.gave_up || late)
            return approval{attempts_exhausted{}};
        std::this_thread::sleep_for(pause_before_next(runs, policy));
    }

} catch (error const& why) {
    if (why.code() == errc::already_exists)
        return approval{payment_key_in_use{}};
    throw;
}

// What became of a tenure that was taken over while the provider was charging. The charge was this
// call's, so if recovery completed the order by it, this call is the one that was approved.
approval answer_overtaken(database& in, tenure const& held)
{
    auto const now = repository<order>(in).find(held.order_id);
    if (now && now->status == order_status::complete && now->payment_key == held.payment_key) {
        auto const bought = repository<ticket>(in).find_by<&ticket::order_id>(held.order_id);
        if (bought)
            return approved{
                bought->bill_id, bought->id, held.order_id, held.amount, held.payment_key};
    }
    if (now && now->status == order_status::pending && now->payment_key == held.payment_key)
        return payment_unavailable{false};
    return payment_refunded{};
}

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

}  // namespace

approval approve(database& in,
                 payment_provider& provider,
                 approval_request const& request,
                 approve_options const& options)
{
    validate(request, options);
    if (is_negative_control(options.how))
        return approve_unchecked(in, provider, request, options);
    auto won = win_or_answer(in, request, options);
    if (auto* const answer = std::get_if<approval>(&won))
        return std::move(*answer);
    auto const& held = std::get<tenure>(won);
    reach(options.reached, step::decided);
    return pay(in, provider, held, options);
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
