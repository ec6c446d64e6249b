// What the calls of a lease send: whose clock decides, and from when on the holder trusts.
#include <tiebreak/lease.hpp>
#include <tiebreak/schema.hpp>

#include "support/captured_log.hpp"
#include "unit/unit_of_work/recorded_database.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

namespace {

using std::chrono::seconds;

class LeaseStatements : public testing::Test {
protected:
    void SetUp() override
    {
        install(recorded.db);
        recorded.forget();
    }

    captured_log log;
    recorded_database recorded;
    leases all{recorded.db, {.ttl = seconds{600}}};
};

// A clock that is wrong by an hour must neither take a lease early nor keep it long.
TEST_F(LeaseStatements, ATimeIsAlwaysTheDatabases)
{
    auto held = all.claim("nightly", "a").value();
    EXPECT_FALSE(all.claim("nightly", "b"));
    EXPECT_EQ(all.renew(held), outcome::won);
    recorded.db.transact([&](unit_of_work& work) { all.require(work, held); });
    EXPECT_EQ(all.reap(), 0);
    EXPECT_EQ(all.release(held), outcome::won);
    EXPECT_FALSE(recorded.has_bound_a_time());
    EXPECT_EQ(recorded.told_by_the_database(), 5) << "two looks, a claim, a renewal, a reap";
}

// An answer may be long on its way: others see the lease end a ttl after the database got it.
TEST_F(LeaseStatements, TrustCountsFromBeforeTheStatement)
{
    auto const trusted_for = all.options().ttl - all.options().margin;
    auto held = all.claim("nightly", "a").value();
    EXPECT_LE(held.trusted_until, recorded.last_sent_at() + trusted_for);
    EXPECT_EQ(all.renew(held), outcome::won);
    EXPECT_LE(held.trusted_until, recorded.last_sent_at() + trusted_for);
}

}  // namespace

}  // namespace tiebreak::test
