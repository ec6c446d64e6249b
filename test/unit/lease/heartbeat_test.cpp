// The heartbeat without a database: renewals acknowledged, unanswered, lost and hanging.
#include <tiebreak/lease.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace tiebreak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Long enough that it never ends during a test, with a quick beat.
lease_options long_lease()
{
    return {.ttl = seconds{600}, .heartbeat = milliseconds{1}};
}

lease_options short_lease()
{
    return {.ttl = milliseconds{40}, .heartbeat = milliseconds{1}, .margin = milliseconds{10}};
}

// Blocks until the heartbeat asks the work to stop.
void wait_for_stop(heartbeat const& beat)
{
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock hold(mutex);
    auto const token = beat.stop_token();
    stopped.wait(hold, token, [] { return false; });
    ASSERT_TRUE(token.stop_requested());
}

TEST(Heartbeat, AcknowledgedRenewalsKeepTheTrust)
{
    heartbeat const beat([] { return outcome::won; }, steady_clock::now(), long_lease());
    EXPECT_TRUE(beat.wait_for_renewals(3));
    EXPECT_GE(beat.renewals(), 3);
    EXPECT_TRUE(beat.trusted());
    EXPECT_FALSE(beat.stop_token().stop_requested());
}

TEST(Heartbeat, RenewalsPutTheStopOff)
{
    auto const claimed_at = steady_clock::now();
    auto const options = short_lease();
    std::atomic<int> calls = 0;
    heartbeat const beat(
        [&] {
            if (++calls > 20)
                throw error(errc::unavailable, "the database cannot be reached");
            return outcome::won;
        },
        claimed_at,
        options);
    wait_for_stop(beat);
    EXPECT_GE(steady_clock::now(), claimed_at + options.ttl - options.margin);
    EXPECT_LE(beat.renewals(), 20);
    EXPECT_FALSE(beat.trusted());
}

TEST(Heartbeat, LostRenewalStopsTheWorkAtOnce)
{
    std::atomic<int> calls = 0;
    heartbeat const beat([&] { return ++calls < 3 ? outcome::won : outcome::lost; },
                         steady_clock::now(),
                         long_lease());
    wait_for_stop(beat);
    EXPECT_FALSE(beat.trusted());
    EXPECT_EQ(beat.renewals(), 2);
    EXPECT_FALSE(beat.wait_for_renewals(3));
    EXPECT_EQ(calls, 3);
}

TEST(Heartbeat, UnansweredRenewalsAreTriedAgain)
{
    std::atomic<int> calls = 0;
    heartbeat const beat(
        [&] {
            if (++calls < 3)
                throw error(errc::unavailable, "the database cannot be reached");
            return outcome::won;
        },
        steady_clock::now(),
        long_lease());
    EXPECT_TRUE(beat.wait_for_renewals(1));
    EXPECT_TRUE(beat.trusted());
    EXPECT_GE(calls, 3);
}

TEST(Heartbeat, WithoutAnAnswerTheWorkIsStoppedWhenTheTrustEnds)
{
    auto const claimed_at = steady_clock::now();
    auto const options = short_lease();
    heartbeat const beat(
        []() -> outcome { throw error(errc::unavailable, "the database cannot be reached"); },
        claimed_at,
        options);
    wait_for_stop(beat);
    EXPECT_GE(steady_clock::now(), claimed_at + options.ttl - options.margin);
    EXPECT_FALSE(beat.trusted());
    EXPECT_EQ(beat.renewals(), 0);
}

// A renewal that waits until the test lets it go.
class held_renewal {
public:
    outcome operator()()
    {
        std::unique_lock hold(mutex_);
        started_ = true;
        changed_.notify_all();
        changed_.wait(hold, [this] { return released_; });
        return outcome::won;
    }

    void wait_until_started()
    {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [this] { return started_; });
    }

    void release()
    {
        std::scoped_lock const hold(mutex_);
        released_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool started_ = false;
    bool released_ = false;
};

// A renewal may be long on its way: others see the lease end a ttl after the database got it.
TEST(Heartbeat, TrustCountsFromTheStartOfARenewal)
{
    auto const claimed_at = steady_clock::now();
    auto const options = checked(long_lease());
    int calls = 0;
    steady_clock::time_point first_asked;
    held_renewal second;
    heartbeat const beat(
        [&] {
            if (++calls > 1)
                return second();
            first_asked = steady_clock::now();
            return outcome::won;
        },
        claimed_at,
        options);
    second.wait_until_started();  // so the first is acknowledged, and nothing moves meanwhile
    EXPECT_EQ(beat.renewals(), 1);
    EXPECT_GE(beat.trusted_until(), claimed_at + options.ttl - options.margin);
    EXPECT_LE(beat.trusted_until(), first_asked + options.ttl - options.margin);
    second.release();
}

TEST(Heartbeat, AHangingRenewalDoesNotDelayTheStop)
{
    held_renewal renewal;
    heartbeat const beat([&] { return renewal(); }, steady_clock::now(), short_lease());
    renewal.wait_until_started();
    wait_for_stop(beat);
    EXPECT_FALSE(beat.trusted());
    renewal.release();
}

TEST(Heartbeat, ALateAcknowledgementDoesNotBringTrustBack)
{
    held_renewal renewal;
    std::atomic<bool> answered = false;
    {
        heartbeat const beat(
            [&] {
                auto const answer = renewal();
                answered = true;
                return answer;
            },
            steady_clock::now(),
            short_lease());
        wait_for_stop(beat);
        renewal.release();
        while (!answered)
            std::this_thread::yield();
        for (int i = 0; i < 1000; ++i) {  // time enough to do wrong
            ASSERT_FALSE(beat.trusted());
            ASSERT_EQ(beat.renewals(), 0);
            std::this_thread::yield();
        }
        EXPECT_FALSE(beat.wait_for_renewals(1));
    }
}

TEST(Heartbeat, AClaimOfLongAgoIsNeverTrusted)
{
    heartbeat const beat(
        [] { return outcome::won; }, steady_clock::now() - std::chrono::hours{1}, long_lease());
    EXPECT_FALSE(beat.trusted());
    wait_for_stop(beat);
    EXPECT_EQ(beat.renewals(), 0);
}

TEST(Heartbeat, DestructionEndsItWithoutStoppingTheWork)
{
    std::stop_token token;
    {
        heartbeat const beat([] { return outcome::won; }, steady_clock::now(), long_lease());
        token = beat.stop_token();
        EXPECT_TRUE(beat.wait_for_renewals(1));
    }
    EXPECT_FALSE(token.stop_requested());
}

TEST(LeaseOptions, ZeroMeansTheUsualShareOfTheTtl)
{
    auto const usual = checked({});
    EXPECT_EQ(usual.ttl, seconds{120});
    EXPECT_EQ(usual.heartbeat, seconds{30});
    EXPECT_EQ(usual.margin, seconds{12});
    auto const given = checked({.ttl = seconds{10}, .heartbeat = seconds{1}, .margin = seconds{3}});
    EXPECT_EQ(given.heartbeat, seconds{1});
    EXPECT_EQ(given.margin, seconds{3});
}

TEST(LeaseOptions, ImpossibleOnesAreRefusedByTheirMembersName)
{
    auto const refused = [](lease_options const& options, std::string_view member) {
        try {
            static_cast<void>(checked(options));
        } catch (std::invalid_argument const& wrong) {
            return std::string_view{wrong.what()}.find(member) != std::string_view::npos;
        }
        return false;
    };
    EXPECT_TRUE(refused({.ttl = milliseconds{0}}, "ttl"));
    EXPECT_TRUE(refused({.ttl = std::chrono::hours{24 * 366}}, "ttl"));
    EXPECT_TRUE(refused({.ttl = seconds{1}, .margin = seconds{1}}, "margin"));
    EXPECT_TRUE(refused({.ttl = seconds{1}, .margin = milliseconds{-1}}, "margin"));
    EXPECT_TRUE(refused({.ttl = seconds{1}, .heartbeat = milliseconds{-1}}, "heartbeat"));
    EXPECT_TRUE(refused({.ttl = seconds{1}, .heartbeat = milliseconds{451}}, "heartbeat"));
}

}  // namespace
}  // namespace tiebreak
