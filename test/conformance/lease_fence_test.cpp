// What a lease is for: one owner at a time among connections and processes, and a paused owner that
// writes nothing.
#include <tiebreak/lease.hpp>
#include <tiebreak/schema.hpp>

#include "support/barrier.hpp"
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/process.hpp"
#include "support/shop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tiebreak::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

lease_options long_lease()
{
    return {.ttl = seconds{600}};
}

// Ends at once unless it is renewed: for tests in which a tenure has to run out.
lease_options brief_lease()
{
    return {.ttl = milliseconds{20}, .margin = milliseconds{1}};
}

// Claims again and again until the tenure before has run out.
lease claim_when_free(leases const& all, std::string_view owner)
{
    for (;;) {
        if (auto held = all.claim("nightly", owner))
            return *held;
        std::this_thread::yield();
    }
}

class LeaseFence : public engine_test {
protected:
    captured_log log_;
};

TEST_P(LeaseFence, UnitOfTheOwnerCommits)
{
    install(db());
    create_shop(db());
    leases const all(db(), long_lease());
    auto const held = all.claim("nightly", "a").value();
    db().transact([&](unit_of_work& work) {
        all.require(work, held);
        work.add(coupon{.code = "SPRING", .total_quantity = 1});
    });
    EXPECT_EQ(repository<coupon>(db()).select().count(), 1);
}

TEST_P(LeaseFence, PausedOwnerWritesNothing)
{
    install(db());
    create_shop(db());
    auto const spring = add_coupon(db(), "SPRING", 10);
    leases const all(db(), brief_lease());
    auto const paused = all.claim("nightly", "a").value();
    auto const next = claim_when_free(leases(db(), long_lease()), "b");
    EXPECT_EQ(next.epoch, paused.epoch + 1);

    int runs = 0;
    try {
        db().transact([&](unit_of_work& work) {
            ++runs;
            work.load<coupon>(spring.id).issued_quantity = 5;
            all.require(work, paused);
        });
        FAIL() << "a past owner has written";
    } catch (error const& stopped) {
        EXPECT_EQ(stopped.code(), errc::lease_lost);
    }
    EXPECT_EQ(runs, 1) << "work without a lease is not tried again";
    auto const now = repository<coupon>(db()).find(spring.id).value();
    EXPECT_EQ(now.issued_quantity, 0);
    EXPECT_EQ(now.version, spring.version);
    EXPECT_FALSE(paused.trusted());
}

TEST_P(LeaseFence, ExpiredTenureThatNobodyTookStillFences)
{
    install(db());
    create_shop(db());
    leases const all(db(), brief_lease());
    auto const held = all.claim("nightly", "a").value();
    while (held.trusted())
        std::this_thread::yield();
    db().transact([&](unit_of_work& work) {
        all.require(work, held);
        work.add(coupon{.code = "SPRING"});
    });
    EXPECT_EQ(repository<coupon>(db()).select().count(), 1);
}

TEST_P(LeaseFence, HeartbeatKeepsTheTenureAndEndsWithIt)
{
    install(db());
    leases const all(db(), long_lease());
    auto held = all.claim("nightly", "a").value();
    lease_options const often{.ttl = seconds{600}, .heartbeat = milliseconds{1}};
    heartbeat const beat([copy = held, &all]() mutable { return all.renew(copy); },
                         std::chrono::steady_clock::now(),
                         often);
    EXPECT_TRUE(beat.wait_for_renewals(2));
    EXPECT_TRUE(beat.trusted());
    ASSERT_EQ(all.release(held), outcome::won);
    EXPECT_FALSE(beat.wait_for_renewals(1'000'000'000));
    EXPECT_FALSE(beat.trusted());
    EXPECT_TRUE(beat.stop_token().stop_requested());
}

TEST_P(LeaseFence, ClaimingInsideAUnitIsRefused)
{
    install(db());
    leases const all(db(), long_lease());
    EXPECT_THROW(
        db().transact([&](unit_of_work&) { static_cast<void>(all.claim("nightly", "a")); }),
        std::logic_error);
    EXPECT_TRUE(all.claim("nightly", "a"));
}

TIEBREAK_ON_ALL_ENGINES(LeaseFence);

class LeaseRivals : public engine_test {
protected:
    captured_log log_;
};

TEST_P(LeaseRivals, OfManyConnectionsExactlyOneGetsTheLease)
{
    constexpr int rivals = 8;
    install(db());
    barrier start(rivals);
    std::atomic<int> winners = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < rivals; ++i) {
        threads.emplace_back([&, i] {
            auto mine = fresh().open();
            leases const all(mine, long_lease());
            start.wait();
            if (all.claim("nightly", "owner " + std::to_string(i)))
                ++winners;
        });
    }
    threads.clear();
    EXPECT_EQ(winners, 1);
}

TEST_P(LeaseRivals, ARenewalAndAClaimOfAnExpiredTenureNeverBothWin)
{
    install(db());
    auto other = fresh().open();
    leases const at_once(db(), brief_lease());
    leases const lasting(db(), long_lease());
    for (int round = 0; round < 50; ++round) {
        auto mine = claim_when_free(at_once, "first");
        while (mine.trusted())
            std::this_thread::yield();
        barrier start(2);
        std::optional<lease> theirs;
        std::jthread rival([&] {
            start.wait();
            theirs = leases(other, long_lease()).claim("nightly", "second");
        });
        start.wait();
        auto const renewed = lasting.renew(mine);
        rival.join();
        EXPECT_NE(renewed == outcome::won, theirs.has_value()) << "round " << round;
        ASSERT_EQ(lasting.release(theirs ? *theirs : mine), outcome::won);
    }
}

TEST_P(LeaseRivals, EveryTenureHasAnEpochOfItsOwn)
{
    constexpr int rivals = 4;
    constexpr int tenures_of_each = 25;
    install(db());
    std::mutex mutex;
    std::set<std::int64_t> epochs;
    std::vector<std::jthread> threads;
    for (int i = 0; i < rivals; ++i) {
        threads.emplace_back([&, i] {
            auto mine = fresh().open();
            leases const all(mine, long_lease());
            for (int turn = 0; turn < tenures_of_each; ++turn) {
                auto const held = claim_when_free(all, "owner " + std::to_string(i));
                {
                    std::scoped_lock const hold(mutex);
                    EXPECT_TRUE(epochs.insert(held.epoch).second) << "epoch " << held.epoch;
                }
                EXPECT_EQ(all.release(held), outcome::won);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(epochs.size(), static_cast<std::size_t>(rivals * tenures_of_each));
}

TEST_P(LeaseRivals, OfManyProcessesExactlyOneGetsTheLease)
{
    constexpr int rivals = 4;
    auto const url = fresh().url();
    run_in_process([&] {
        database mine(url);
        install(mine);
        return 0;
    });
    barrier start(rivals);
    std::vector<child_process> children;
    for (int i = 0; i < rivals; ++i) {
        children.emplace_back([&, i] {
            database mine(url);
            leases const all(mine, long_lease());
            start.wait();
            return all.claim("nightly", "owner " + std::to_string(i)) ? 1 : 0;
        });
    }
    int winners = 0;
    for (auto& child : children)
        winners += child.wait();
    EXPECT_EQ(winners, 1);
}

TEST_P(LeaseRivals, AKilledOwnersLeaseGoesToTheNextProcess)
{
    auto const url = fresh().url();
    fresh().allow_leftovers();
    barrier claimed(2);
    child_process owner([&] {
        database mine(url);
        install(mine);
        if (!leases(mine, brief_lease()).claim("nightly", "first"))
            return 1;
        claimed.wait();
        for (;;)
            ::pause();
    });
    claimed.wait();
    owner.send(SIGKILL);
    EXPECT_EQ(owner.wait(), -SIGKILL);
    auto const next = claim_when_free(leases(db(), long_lease()), "second");
    EXPECT_EQ(next.epoch, 2);
    EXPECT_EQ(next.owner, "second");
}

TEST_P(LeaseRivals, AStoppedProcessFindsItsTenureOver)
{
    auto const url = fresh().url();
    fresh().allow_leftovers();
    barrier claimed(2);
    barrier woken(2);
    child_process owner([&] {
        database mine(url);
        install(mine);
        create_shop(mine);
        captured_log const quiet;
        leases const all(mine, brief_lease());
        auto held = all.claim("nightly", "first").value();
        claimed.wait();
        woken.wait();
        try {
            mine.transact([&](unit_of_work& work) {
                all.require(work, held);
                work.add(coupon{.code = "LATE"});
            });
        } catch (error const& stopped) {
            return stopped.code() == errc::lease_lost && all.renew(held) == outcome::lost ? 0 : 1;
        }
        return 2;
    });
    claimed.wait();
    owner.send(SIGSTOP);
    auto const next = claim_when_free(leases(db(), long_lease()), "second");
    owner.send(SIGCONT);
    woken.wait();
    EXPECT_EQ(owner.wait(), 0);
    EXPECT_EQ(next.epoch, 2);
    EXPECT_EQ(repository<coupon>(db()).select().count(), 0);
}

TIEBREAK_ON_SHARED_ENGINES(LeaseRivals);

}  // namespace
}  // namespace tiebreak::test
