// The retry loop's mind. Pure: time and chance are given.
#include <tiebreak/retry.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tiebreak {

using std::chrono::microseconds;

void validate(retry_policy const& policy)
{
    if (policy.attempts_max < 0)
        throw std::invalid_argument("retry_policy::attempts_max must be 0 (no limit) or more");
    if (policy.deadline.count() < 0)
        throw std::invalid_argument("retry_policy::deadline must be 0 (no limit) or more");
    if (policy.base.count() < 0)
        throw std::invalid_argument("retry_policy::base must be 0 or more");
    if (!(policy.factor >= 1) || !std::isfinite(policy.factor))
        throw std::invalid_argument("retry_policy::factor must be a number of at least 1");
    if (policy.cap < policy.base)
        throw std::invalid_argument("retry_policy::cap must not be less than base");
}

microseconds pause_after(int attempts, retry_policy const& policy) noexcept
{
    if (policy.base.count() <= 0)
        return microseconds{0};  // 0 times infinity is no number
    auto const grown = static_cast<double>(policy.base.count()) *
                       std::pow(policy.factor, std::max(attempts, 1) - 1);
    if (!(grown < static_cast<double>(policy.cap.count())))
        return policy.cap;
    return microseconds{std::llround(grown)};
}

microseconds pause_after(int attempts, retry_policy const& policy, std::uint64_t random) noexcept
{
    auto const pause = pause_after(attempts, policy);
    if (policy.spread == jitter::none)
        return pause;
    // The remainder favours small pauses by less than one part in a million million.
    auto const choices = static_cast<std::uint64_t>(pause.count()) + 1;
    return microseconds{static_cast<std::int64_t>(random % choices)};
}

namespace {

// A schedule that is written down stays as it is.
retry_policy for_new_connection(retry_policy policy) noexcept
{
    constexpr int slower = 10;
    constexpr auto most = microseconds::max() / slower;
    if (policy.spread == jitter::none)
        return policy;
    policy.base = std::min(policy.base, most) * slower;
    policy.cap = std::min(policy.cap, most) * slower;
    return policy;
}

bool exhausted(int attempts, retry_policy const& policy) noexcept
{
    return policy.attempts_max > 0 && attempts >= policy.attempts_max;
}

bool starts_too_late(microseconds elapsed, microseconds pause, retry_policy const& policy) noexcept
{
    // A deadline too far away to be counted in microseconds is no limit either.
    if (policy.deadline.count() == 0 ||
        policy.deadline >= std::chrono::floor<std::chrono::milliseconds>(microseconds::max()))
        return false;
    microseconds const limit = policy.deadline;
    return elapsed > limit || pause > limit - elapsed;
}

retry_decision report(errc what) noexcept
{
    return {.then = retry_decision::action::give_up, .report = what};
}

}  // namespace

retry_decision decide(error const& failure,
                      int attempts,
                      microseconds elapsed,
                      retry_policy const& policy,
                      std::uint64_t random) noexcept
{
    auto const next = reaction_to(failure.code(), failure.when());
    auto then = retry_decision::action::rerun;
    switch (next) {
    case reaction::rerun:
    case reaction::rerun_after_pause: break;
    case reaction::reconnect_and_rerun: then = retry_decision::action::reconnect_and_rerun; break;
    // An outcome nobody knows is never rerun, whatever code brought it.
    case reaction::resolve: return report(errc::commit_unknown);
    case reaction::stop_work:
    case reaction::give_up: return report(failure.code());
    }

    if (exhausted(attempts, policy)) {
        bool const asked_to_see_it =
            policy.attempts_max == 1 && failure.code() == errc::stale_version;
        return report(asked_to_see_it ? errc::stale_version : errc::attempts_exhausted);
    }
    bool const reconnects = then == retry_decision::action::reconnect_and_rerun;
    auto const pause =
        pause_after(attempts, reconnects ? for_new_connection(policy) : policy, random);
    if (starts_too_late(elapsed, pause, policy))
        return report(errc::deadline_exceeded);
    return {.then = then, .pause = pause};
}

}  // namespace tiebreak
