// Trying to decide until there is an answer.
#include "systems/tickets/win.hpp"

#include "systems/invalid_field.hpp"

#include <algorithm>
#include <chrono>
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

// What is left of a policy while an approval is tried again and again.
class tries {
public:
    explicit tries(retry_policy const& policy) : policy_(policy) {}

    [[nodiscard]] retry_policy left() const
    {
        using namespace std::chrono;
        auto result = policy_;
        if (policy_.attempts_max != 0)
            result.attempts_max = policy_.attempts_max - counted_;
        if (policy_.deadline.count() != 0)
            result.deadline = std::max(ceil<milliseconds>(policy_.deadline - elapsed()), 1ms);
        return result;
    }

    void count(int runs) noexcept { counted_ += runs; }

    [[nodiscard]] bool used_up() const noexcept
    {
        return policy_.attempts_max != 0 && counted_ >= policy_.attempts_max;
    }

    [[nodiscard]] bool late() const
    {
        return policy_.deadline.count() != 0 && elapsed() >= policy_.deadline;
    }

    void pause()
    {
        thread_local std::mt19937_64 random{std::random_device{}()};
        std::this_thread::sleep_for(pause_after(++pauses_, policy_, random()));
    }

private:
    using clock = std::chrono::steady_clock;

    [[nodiscard]] clock::duration elapsed() const { return clock::now() - start_; }

    retry_policy const& policy_;
    clock::time_point start_ = clock::now();
    int counted_ = 0;
    int pauses_ = 0;
};

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
    for (tries mine(options.retry);; mine.pause()) {
        auto last = decide(in, request, options, mine.left());
        if (last.won)
            return *std::move(last.won);
        if (auto refusal = refusal_of(in, request))
            return *std::move(refusal);
        // It is WAITING: the winner has given it back meanwhile, or the decision was never had.
        if (options.how == strategy::unique_claim && is_claimed_by_another(in, request))
            return approval{payment_key_in_use{}};
        if (last.gave_up == errc::lock_timeout)
            return approval{lock_wait_exceeded{}};
        if (last.gave_up == errc::stale_version)
            return approval{in_progress{}};  // it was, when this call lost
        if (last.gave_up == errc::deadline_exceeded || mine.late())
            return approval{attempts_exhausted{}};
        // What the engine ended was lost to nobody; were it counted, all could lose.
        if (last.gave_up != errc::transaction_aborted)
            mine.count(last.runs);
        if (mine.used_up())
            return approval{in_progress{}};
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
