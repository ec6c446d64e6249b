/// \file
/// When to run a unit of work again, and after what pause. Pure: no clock, no SQL, no sleeping.
///
/// *Attempts* is the total number of runs of the callable, the first included.
#pragma once

#include <tiebreak/error.hpp>

#include <chrono>
#include <cstdint>

namespace tiebreak {

/// How pauses are spread.
enum class jitter : std::uint8_t {
    full,  ///< uniformly between 0 and the pause: spreads a herd best (Brooker, AWS, 2015)
    none,  ///< exactly the pause: for schedules that are written down
};

/// The pause before attempt n + 1 is `base` × `factor`^(n − 1), at most `cap`, then jittered.
/// Before an attempt that needs a new connection a jittered pause is ten times as long (by default
/// up to 500 ms): a server that has come back is not met by all its clients at once.
struct retry_policy {
    /// Total runs of the callable; 0 means no limit; at least 0.
    int attempts_max = 0;
    /// No attempt starts, and no wait or statement goes on, later than this after the start of
    /// `transact`. 0 means no limit.
    std::chrono::milliseconds deadline{10'000};
    /// The first pause; 0 or more.
    std::chrono::microseconds base{1'000};
    /// What each pause is multiplied with for the next; at least 1.
    double factor = 2;
    /// No pause is longer; at least `base`.
    std::chrono::microseconds cap{50'000};
    /// How the pauses are spread.
    jitter spread = jitter::full;
};

/// The presets. Named after the schedules in which they were first needed.
namespace retry_presets {

/// One run: a conflict is the caller's to handle, as `stale_version`.
inline constexpr retry_policy once{.attempts_max = 1};

/// 3 attempts with 100 and 200 ms between them: updates of runs (requirement A8).
inline constexpr retry_policy three_attempts_100_200_ms{
    .attempts_max = 3,
    .base = std::chrono::milliseconds{100},
    .factor = 2,
    .cap = std::chrono::milliseconds{200},
    .spread = jitter::none,
};

/// 3 attempts with 20 and 40 ms between them: issuing coupons (requirement B3).
inline constexpr retry_policy three_attempts_20_40_ms{
    .attempts_max = 3,
    .base = std::chrono::milliseconds{20},
    .factor = 2,
    .cap = std::chrono::milliseconds{40},
    .spread = jitter::none,
};

}  // namespace retry_presets

/// Throws `std::invalid_argument` with a sentence that names the wrong member.
void validate(retry_policy const& policy);

/// The pause after `attempts` runs, before jitter: 1 gives `base`. Pure.
[[nodiscard]] std::chrono::microseconds pause_after(int attempts,
                                                    retry_policy const& policy) noexcept;

/// The pause with jitter; `random` is uniform over all 64-bit numbers. Pure.
[[nodiscard]] std::chrono::microseconds
pause_after(int attempts, retry_policy const& policy, std::uint64_t random) noexcept;

/// What follows from a failed attempt.
struct retry_decision {
    /// What the loop does.
    enum class action : std::uint8_t { rerun, reconnect_and_rerun, give_up };
    /// What the loop does.
    action then = action::give_up;
    /// How long it waits before it does so.
    std::chrono::microseconds pause{0};
    /// With `give_up`: what to throw; `attempts_exhausted` and `deadline_exceeded` wrap the cause.
    errc report = errc::backend_failure;
};

/// The retry loop's whole mind: what to do after the `attempts`th run failed with `failure`,
/// `elapsed` after the start. Pure.
[[nodiscard]] retry_decision decide(error const& failure,
                                    int attempts,
                                    std::chrono::microseconds elapsed,
                                    retry_policy const& policy,
                                    std::uint64_t random) noexcept;

}  // namespace tiebreak
