// A4: a heartbeat extends the lease by the database's clock and bumps nothing; whoever lost the run
// learns what became of it and stops at once.
#include "run_test.hpp"

#include <stdexcept>

namespace tiebreak::test {

namespace {

using runs::heartbeat_answer;
using std::chrono::milliseconds;
using std::chrono::seconds;

class A4 : public run_test {
protected:
    runs::heartbeat_result beat(runs::run const& mine, std::chrono::milliseconds ttl = seconds{120})
    {
        return runs::extend_lease(db(), "acme", mine.run_id, mine.lease_epoch, ttl);
    }

    time_point database_time()
    {
        return db().transact([](unit_of_work& work) { return work.database_time(); });
    }
};

TEST_P(A4, TheDefaultsAreABeatEach30SecondsAnd120SecondsOfLease)
{
    auto const usual = checked(runs::claim_request{}.lease);
    EXPECT_EQ(usual.ttl, seconds{120});
    EXPECT_EQ(usual.heartbeat, seconds{30});
}

TEST_P(A4, ExtendsTheLeaseByTheDatabasesClockAndBumpsNothing)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_run(db());
    auto const before = database_time();
    EXPECT_EQ(beat(mine).answer, heartbeat_answer::extended);
    auto const after = database_time();
    auto const now = row_of(db(), mine.run_id);
    EXPECT_GE(now.lease_expires_at, before + seconds{120});
    EXPECT_LE(now.lease_expires_at, after + seconds{120});
    EXPECT_EQ(now.version, mine.version);
    EXPECT_EQ(now.lease_epoch, mine.lease_epoch);
    EXPECT_EQ(now.updated_at, mine.updated_at);
}

TEST_P(A4, AHeartbeatWhoseReplyWasLostDoesNotMakeTheFinaliseFail)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_run(db());
    static_cast<void>(beat(mine));  // arrived at the database; nobody heard the answer
    EXPECT_TRUE(is<runs::finalized>(runs::finalize(db(), finalize_of(mine))));
    expect_sound(db(), 1);
}

TEST_P(A4, ExpiredTenureThatNobodyTookGoesOn)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_run(db());
    expire(db(), mine.run_id);
    EXPECT_EQ(beat(mine).answer, heartbeat_answer::extended);
    EXPECT_EQ(runs::reap(db()), 0);
}

TEST_P(A4, WhoLostTheRunLearnsWhatBecameOfIt)
{
    auto const submitted = submit_run(db());
    auto const mine = claim_run(db(), "first");
    expire(db(), mine.run_id);
    ASSERT_EQ(runs::reap(db()), 1);
    EXPECT_EQ(beat(mine).answer, heartbeat_answer::requeued);

    auto const theirs = claim_run(db(), "second");
    auto const told = beat(mine);
    EXPECT_EQ(told.answer, heartbeat_answer::taken_over);
    ASSERT_TRUE(told.as);
    EXPECT_EQ(told.as->worker, "second");
    EXPECT_EQ(told.as->lease_epoch, theirs.lease_epoch);

    ASSERT_TRUE(is<runs::finalized>(runs::finalize(db(), finalize_of(theirs))));
    EXPECT_EQ(beat(mine).answer, heartbeat_answer::finished);
    EXPECT_EQ(beat(theirs).answer, heartbeat_answer::finished);

    EXPECT_EQ(runs::extend_lease(db(), "acme", submitted.run_id + 1, 1, seconds{1}).answer,
              heartbeat_answer::not_found);
}

TEST_P(A4, CancelledWorkIsToldSo)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_run(db());
    ASSERT_TRUE(is<runs::cancelled>(runs::cancel(db(), "acme", mine.run_id, mine.version)));
    EXPECT_EQ(beat(mine).answer, heartbeat_answer::cancelled);
    EXPECT_FALSE(row_of(db(), mine.run_id).lease_expires_at);
}

TEST_P(A4, KeepAliveRenewsUntilTheRunIsLost)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_runs(db(), "first", 1).at(0);
    auto const keeping =
        runs::keep_alive(db(), mine, {.ttl = seconds{600}, .heartbeat = milliseconds{1}});
    EXPECT_TRUE(keeping.wait_for_renewals(2));
    EXPECT_TRUE(keeping.trusted());
    EXPECT_EQ(row_of(db(), mine.work.run_id).version, mine.work.version);
    ASSERT_TRUE(
        is<runs::cancelled>(runs::cancel(db(), "acme", mine.work.run_id, mine.work.version)));
    EXPECT_FALSE(keeping.wait_for_renewals(1'000'000'000));
    EXPECT_FALSE(keeping.trusted());
    EXPECT_TRUE(keeping.stop_token().stop_requested());
}

TEST_P(A4, AnImpossibleTtlIsRefused)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_run(db());
    EXPECT_THROW(static_cast<void>(beat(mine, milliseconds{0})), std::invalid_argument);
}

TIEBREAK_ON_ALL_ENGINES(A4);

}  // namespace

}  // namespace tiebreak::test
