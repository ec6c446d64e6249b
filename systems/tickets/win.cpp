// Trying to decide until there is an answer.
#include "systems/tickets/win.hpp"

#include "systems/invalid_field.hpp"

#include <random>
#include <stdexcept>
#include <thread>

namespace tiebreak::systems::tickets {

namespace {

constexpr std::size_t payment_key_bytes_max = 200;

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

}  // namespace

void check(approval_request const& request, approve_options const& options)
{
    if (request.payment_key.empty() ||
        !is_storable_text(request.payment_key, payment_key_bytes_max))
        throw std::invalid_argument("payment_key must be 1 to 200 bytes of text");
    if (options.lock_wait.count() < 0)
        throw std::invalid_argument("lock_wait must be 0 or more");
    if (needs_redis(options.how) && options.cache == nullptr)
        throw std::invalid_argument("this strategy needs a Redis");
    tiebreak::validate(options.retry);
}

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

std::optional<approved> bought_with(database& in, order const& of, std::string const& payment_key)
{
    if (of.status != order_status::complete || of.payment_key != payment_key)
        return std::nullopt;
    auto const bought = repository<ticket>(in).find_by<&ticket::order_id>(of.id);
    if (!bought)
        return std::nullopt;
    return approved{bought->bill_id, bought->id, of.id, of.amount, payment_key};
}

approval answer_overtaken(database& in, tenure const& held)
{
    auto const now = repository<order>(in).find(held.order_id);
    if (auto const done = now ? bought_with(in, *now, held.payment_key) : std::nullopt)
        return *done;
    if (now && now->status == order_status::pending && now->payment_key == held.payment_key)
        return payment_unavailable{false};
    return payment_refunded{};
}

}  // namespace tiebreak::systems::tickets
