// A6: the reaper returns runs whose lease has expired to the queue, and never one that was renewed,
// CLAIMED or finalised.
#include "run_test.hpp"

#include <atomic>
#include <thread>

namespace tiebreak::test {

namespace {

using runs::reap;
using std::chrono::seconds;

class A6 : public run_test {
protected:
    runs::run claimed()
    {
        static_cast<void>(submit_run(db()));
        return claim_run(db());
    }
};

TEST_P(A6, AnExpiredRunGoesBackToTheQueueUnderANewEpoch)
{
    auto const mine = claimed();
    expire(db(), mine.run_id);
    EXPECT_EQ(reap(db()), 1);
    auto const now = row_of(db(), mine.run_id);
    EXPECT_EQ(now.status, runs::run_status::queued);
    EXPECT_EQ(now.lease_epoch, mine.lease_epoch + 1);
    EXPECT_FALSE(now.lease_expires_at);
    EXPECT_GT(now.version, mine.version);
    EXPECT_EQ(reap(db()), 0);
    EXPECT_EQ(claim_run(db(), "second").lease_epoch, mine.lease_epoch + 2);
}

TEST_P(A6, ARunningLeaseStays)
{
    auto const mine = claimed();
    EXPECT_EQ(reap(db()), 0);
    EXPECT_EQ(row_of(db(), mine.run_id).version, mine.version);
}

TEST_P(A6, ARenewedLeaseStays)
{
    auto const mine = claimed();
    expire(db(), mine.run_id);
    ASSERT_EQ(runs::extend_lease(db(), "acme", mine.run_id, mine.lease_epoch, seconds{60}).answer,
              runs::heartbeat_answer::extended);
    EXPECT_EQ(reap(db()), 0);
    EXPECT_TRUE(is<runs::finalized>(runs::finalize(db(), finalize_of(mine))));
}

TEST_P(A6, AClaimedFinaliseStaysHoweverOldItsLease)
{
    auto const mine = claimed();
    ASSERT_TRUE(is<runs::finalized>(runs::two_phase::claim(db(), finalize_of(mine))));
    expire(db(), mine.run_id);
    EXPECT_EQ(reap(db()), 0);
    auto const now = row_of(db(), mine.run_id);
    EXPECT_EQ(now.finalize_stage, runs::finalize_stage::claimed);
    EXPECT_EQ(now.lease_epoch, mine.lease_epoch);
    EXPECT_EQ(runs::recover(db()), 1);
    expect_sound(db(), 1);
}

TEST_P(A6, FinishedAndCancelledRunsStay)
{
    auto const finished = claimed();
    ASSERT_TRUE(is<runs::finalized>(runs::finalize(db(), finalize_of(finished))));
    auto const cancelled = claimed();
    ASSERT_TRUE(
        is<runs::cancelled>(runs::cancel(db(), "acme", cancelled.run_id, cancelled.version)));
    expire(db(), finished.run_id);
    expire(db(), cancelled.run_id);
    EXPECT_EQ(reap(db()), 0);
    EXPECT_EQ(row_of(db(), finished.run_id).status, runs::run_status::completed);
    EXPECT_EQ(row_of(db(), cancelled.run_id).status, runs::run_status::cancelled);
}

TEST_P(A6, AReleasedRunIsQueuedAndItsOldOwnerLost)
{
    auto const mine = claimed();
    EXPECT_EQ(runs::release(db(), "acme", mine.run_id, mine.lease_epoch), outcome::won);
    EXPECT_EQ(runs::release(db(), "acme", mine.run_id, mine.lease_epoch), outcome::lost);
    EXPECT_EQ(row_of(db(), mine.run_id).status, runs::run_status::queued);
    EXPECT_TRUE(is<runs::lease_lost>(runs::finalize(db(), finalize_of(mine))));
    ASSERT_EQ(claim_run(db(), "second").lease_epoch, mine.lease_epoch + 2);
    EXPECT_EQ(runs::release(db(), "acme", mine.run_id, mine.lease_epoch), outcome::lost);
}

// Workers whose leases end at once, beside reapers that never rest: whatever is lost is done again,
// whatever ends is ended by its owner and paid once.
TEST_P(A6, ReapersBesideWorkersLoseAndDoubleNothing)
{
    constexpr int number = 20;
    for (int i = 0; i < number; ++i)
        static_cast<void>(submit_run(db(), 10));
    std::atomic<int> finished = 0;
    {
        std::vector<std::jthread> reapers;
        std::vector<std::jthread> workers;
        for (int i = 0; i < 2; ++i)
            reapers.emplace_back([&](std::stop_token const& stopping) {
                while (!stopping.stop_requested())
                    reap(db());
            });
        for (auto const how : {runs::strategy::fenced,
                               runs::strategy::two_phase,
                               runs::strategy::fenced,
                               runs::strategy::two_phase})
            workers.emplace_back([&, how] {
                while (finished < number) {
                    auto const mine = runs::claim(db(),
                                                  {.worker = "w",
                                                   .limit = 3,
                                                   .lease = {.ttl = std::chrono::milliseconds{5}}});
                    for (auto const& one : mine)
                        finished += is<runs::finalized>(runs::finalize(
                                        db(), finalize_of(one.work, 7), {.how = how}))
                                        ? 1
                                        : 0;
                }
            });
        workers.clear();
    }
    EXPECT_EQ(finished, number);
    expect_sound(db(), number);
    expect_budget(db(), 0, 7 * number);
}

TIEBREAK_ON_ALL_ENGINES(A6);

}  // namespace

}  // namespace tiebreak::test
