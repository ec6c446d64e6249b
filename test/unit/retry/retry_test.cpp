// The retry policy: pauses, presets, and what follows from each failure.
#include <tiebreak/conflict.hpp>
#include <tiebreak/retry.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <vector>

namespace tiebreak {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using action = retry_decision::action;

constexpr std::uint64_t any_number = 0x9e37'79b9'7f4a'7c15;
constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

retry_policy steady()
{
    return {.spread = jitter::none};
}

error failure(errc code, phase when = phase::in_transaction)
{
    return error{code, "failed"}.seen_in(when);
}

TEST(Retry, PausesOfThePresetsAreThoseWrittenDown)
{
    auto const& runs = retry_presets::three_attempts_100_200_ms;
    EXPECT_EQ(runs.attempts_max, 3);
    EXPECT_EQ(pause_after(1, runs, any_number), milliseconds{100});
    EXPECT_EQ(pause_after(2, runs, any_number), milliseconds{200});

    auto const& coupons = retry_presets::three_attempts_20_40_ms;
    EXPECT_EQ(coupons.attempts_max, 3);
    EXPECT_EQ(pause_after(1, coupons, any_number), milliseconds{20});
    EXPECT_EQ(pause_after(2, coupons, any_number), milliseconds{40});

    EXPECT_EQ(retry_presets::once.attempts_max, 1);
    for (auto const& preset : {runs, coupons, retry_presets::once, retry_policy{}})
        EXPECT_NO_THROW(validate(preset));
}

TEST(Retry, PausesGrowByTheFactorUpToTheCap)
{
    retry_policy const policy{.base = microseconds{1000}, .factor = 3, .cap = microseconds{20'000}};
    std::vector<int> const expected{1000, 3000, 9000, 20'000, 20'000};
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(pause_after(i + 1, policy).count(), expected[static_cast<std::size_t>(i)]);
}

TEST(Retry, AMillionAttemptsDoNotOverflow)
{
    EXPECT_EQ(pause_after(1'000'000, retry_policy{}), microseconds{50'000});
    retry_policy const vast{.base = microseconds{1}, .factor = 1e300, .cap = microseconds::max()};
    EXPECT_EQ(pause_after(1'000'000, vast), microseconds::max());
    EXPECT_GE(pause_after(1'000'000, vast, largest), microseconds{0});
    retry_policy const none{.base = microseconds{0}, .cap = microseconds{0}};
    EXPECT_EQ(pause_after(1'000'000, none), microseconds{0});
    EXPECT_EQ(pause_after(0, retry_policy{}), microseconds{1000});
}

TEST(Retry, FullJitterReachesBothEndsAndNothingBeyond)
{
    retry_policy const policy{.base = microseconds{1000}};
    EXPECT_EQ(pause_after(1, policy, 0), microseconds{0});
    EXPECT_EQ(pause_after(1, policy, 1000), microseconds{1000});
    EXPECT_EQ(pause_after(1, policy, 1001), microseconds{0});
    for (auto const number : {std::uint64_t{1}, any_number, largest}) {
        EXPECT_GE(pause_after(3, policy, number), microseconds{0});
        EXPECT_LE(pause_after(3, policy, number), pause_after(3, policy));
    }
}

struct expectation {
    errc code;
    phase when;
    action then;
    errc report;
};

TEST(Retry, WhatFollowsFromEachFailure)
{
    using enum errc;
    auto const inside = phase::in_transaction;
    std::vector<expectation> const table{
        {stale_version, inside, action::rerun, {}},
        {transaction_aborted, inside, action::rerun, {}},
        {transaction_aborted, phase::commit_sent, action::rerun, {}},
        {lock_timeout, inside, action::rerun, {}},
        {unavailable, phase::connecting, action::reconnect_and_rerun, {}},
        {unavailable, inside, action::reconnect_and_rerun, {}},
        {unavailable, phase::commit_sent, action::give_up, commit_unknown},
        {commit_unknown, phase::commit_sent, action::give_up, commit_unknown},
        {precondition_failed, inside, action::give_up, precondition_failed},
        {not_found, inside, action::give_up, not_found},
        {already_exists, inside, action::give_up, already_exists},
        {constraint_violated, inside, action::give_up, constraint_violated},
        {deadline_exceeded, inside, action::give_up, deadline_exceeded},
        {attempts_exhausted, inside, action::give_up, attempts_exhausted},
        {lease_lost, inside, action::give_up, lease_lost},
        {version_exhausted, inside, action::give_up, version_exhausted},
        {unsupported, inside, action::give_up, unsupported},
        {unsafe_settings, inside, action::give_up, unsafe_settings},
        {backend_failure, inside, action::give_up, backend_failure},
    };
    for (auto const& row : table) {
        auto const decision =
            decide(failure(row.code, row.when), 1, microseconds{0}, steady(), any_number);
        EXPECT_EQ(decision.then, row.then) << name_of(row.code);
        if (row.then == action::give_up)
            EXPECT_EQ(decision.report, row.report) << name_of(row.code);
        else
            EXPECT_EQ(decision.pause, microseconds{1000}) << name_of(row.code);
    }
}

TEST(Retry, BeforeANewConnectionJitteredPausesAreTenTimesAsLong)
{
    error const away = failure(errc::unavailable, phase::connecting);
    retry_policy const herd{};
    auto const longest = [&](int attempts) {  // of all that chance can make of it
        auto const choices = 10 * pause_after(attempts, herd).count() + 1;
        return decide(
                   away, attempts, microseconds{0}, herd, static_cast<std::uint64_t>(choices) - 1)
            .pause;
    };
    EXPECT_EQ(longest(1), milliseconds{10});
    EXPECT_EQ(longest(3), milliseconds{40});
    EXPECT_EQ(longest(1000), milliseconds{500});
    EXPECT_EQ(decide(away, 1000, microseconds{0}, herd, 0).pause, microseconds{0});

    auto const written_down = retry_presets::three_attempts_100_200_ms;
    EXPECT_EQ(decide(away, 1, microseconds{0}, written_down, any_number).pause, milliseconds{100});
}

TEST(Retry, WithoutALimitItGoesOnUntilTheDeadline)
{
    auto const decision =
        decide(failure(errc::stale_version), 1'000'000, milliseconds{9'000}, steady(), any_number);
    EXPECT_EQ(decision.then, action::rerun);
    EXPECT_EQ(decision.pause, microseconds{50'000});
}

TEST(Retry, TheLastAttemptIsExhaustion)
{
    auto const policy = retry_presets::three_attempts_100_200_ms;
    EXPECT_EQ(decide(failure(errc::stale_version), 2, microseconds{0}, policy, any_number).then,
              action::rerun);
    auto const last = decide(failure(errc::stale_version), 3, microseconds{0}, policy, any_number);
    EXPECT_EQ(last.then, action::give_up);
    EXPECT_EQ(last.report, errc::attempts_exhausted);
}

TEST(Retry, ASingleAttemptShowsItsConflictAsItIs)
{
    auto const policy = retry_presets::once;
    error const stale{errc::stale_version, conflict{.entity = "run"}};
    EXPECT_EQ(decide(stale, 1, microseconds{0}, policy, any_number).report, errc::stale_version);
    EXPECT_EQ(decide(failure(errc::lock_timeout), 1, microseconds{0}, policy, any_number).report,
              errc::attempts_exhausted);
}

TEST(Retry, ARerunThatWouldStartAfterTheDeadlineIsNotTried)
{
    retry_policy policy = steady();
    policy.deadline = milliseconds{100};
    auto const stale = failure(errc::stale_version);
    auto const just_in_time = decide(stale, 1, microseconds{99'000}, policy, any_number);
    EXPECT_EQ(just_in_time.then, action::rerun);
    auto const too_late = decide(stale, 1, microseconds{99'001}, policy, any_number);
    EXPECT_EQ(too_late.then, action::give_up);
    EXPECT_EQ(too_late.report, errc::deadline_exceeded);
    EXPECT_EQ(decide(stale, 1, microseconds::max(), policy, any_number).report,
              errc::deadline_exceeded);
}

TEST(Retry, NoDeadlineMeansNoDeadline)
{
    retry_policy policy = steady();
    for (auto const none : {milliseconds{0}, milliseconds::max()}) {
        policy.deadline = none;
        auto const stale = failure(errc::stale_version);
        EXPECT_EQ(decide(stale, 1, std::chrono::hours{100'000}, policy, any_number).then,
                  action::rerun);
    }
}

TEST(Retry, WrongPoliciesAreRefusedByTheirMembersName)
{
    auto const refused = [](retry_policy const& policy, std::string_view member) {
        try {
            validate(policy);
        } catch (std::invalid_argument const& wrong) {
            return std::string_view{wrong.what()}.find(member) != std::string_view::npos;
        }
        return false;
    };
    EXPECT_TRUE(refused({.attempts_max = -1}, "attempts_max"));
    EXPECT_TRUE(refused({.deadline = milliseconds{-1}}, "deadline"));
    EXPECT_TRUE(refused({.base = microseconds{-1}}, "base"));
    EXPECT_TRUE(refused({.factor = 0.5}, "factor"));
    EXPECT_TRUE(refused({.factor = std::numeric_limits<double>::quiet_NaN()}, "factor"));
    EXPECT_TRUE(refused({.factor = std::numeric_limits<double>::infinity()}, "factor"));
    EXPECT_TRUE(refused({.base = microseconds{10}, .cap = microseconds{9}}, "cap"));
}

}  // namespace
}  // namespace tiebreak
