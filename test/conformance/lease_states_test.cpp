// Every cell of the state table of a lease, on real databases. Time is the database's; a tenure is
// made to expire by writing the past into its row.
#include <tiebreak/lease.hpp>
#include <tiebreak/schema.hpp>

#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/stored_lease.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tiebreak::test {
namespace {

using std::chrono::seconds;

class LeaseStates : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        if (IsSkipped())
            return;
        install(db());
    }

    [[nodiscard]] leases all() { return leases(db(), {.ttl = seconds{600}}); }

    [[nodiscard]] stored_lease row(std::string const& name = "nightly")
    {
        return repository<stored_lease>(db()).find(name).value();
    }

    void expire(std::string const& name = "nightly")
    {
        ASSERT_EQ(repository<stored_lease>(db()).update_if(name,
                                                           condition<stored_lease>{},
                                                           field<& stored_lease::expires_at> =
                                                               database_now() - seconds{1}),
                  outcome::won);
    }

    void expect_row(std::string_view owner, std::int64_t epoch)
    {
        EXPECT_EQ(row().owner, owner);
        EXPECT_EQ(row().epoch, epoch);
    }

    [[nodiscard]] bool expires_in_the_future()
    {
        auto const now = db().transact([](unit_of_work& work) { return work.database_time(); });
        return row().expires_at > now + seconds{500} && row().expires_at <= now + seconds{600};
    }

    captured_log log_;
};

TEST_P(LeaseStates, FreeLeaseIsClaimedUnderANewEpoch)
{
    auto const held = all().claim("nightly", "a");
    ASSERT_TRUE(held);
    EXPECT_EQ(held->epoch, 1);
    EXPECT_EQ(held->owner, "a");
    EXPECT_TRUE(held->trusted());
    expect_row("a", 1);
    EXPECT_TRUE(expires_in_the_future());
}

TEST_P(LeaseStates, FreeLeaseIsNeitherRenewedNorReleasedNorReaped)
{
    auto held = all().claim("nightly", "a").value();
    ASSERT_EQ(all().release(held), outcome::won);
    expect_row("", 2);
    EXPECT_EQ(all().renew(held), outcome::lost);
    EXPECT_EQ(all().release(held), outcome::lost);
    EXPECT_EQ(all().reap(), 0);
    expect_row("", 2);

    lease never_held{.name = "other", .owner = "a", .epoch = 1};
    EXPECT_EQ(all().renew(never_held), outcome::lost);
    EXPECT_EQ(all().release(never_held), outcome::lost);
}

TEST_P(LeaseStates, ReleasedAndReapedLeasesAreClaimedUnderALaterEpoch)
{
    auto const first = all().claim("nightly", "a").value();
    ASSERT_EQ(all().release(first), outcome::won);
    auto const second = all().claim("nightly", "b");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->epoch, 3);
    expire();
    ASSERT_EQ(all().reap(), 1);
    auto const third = all().claim("nightly", "c");
    ASSERT_TRUE(third);
    EXPECT_EQ(third->epoch, 5);
    expect_row("c", 5);
}

TEST_P(LeaseStates, HeldLeaseIsRefusedToOthersAndToItsOwner)
{
    auto const held = all().claim("nightly", "a").value();
    EXPECT_FALSE(all().claim("nightly", "b"));
    EXPECT_FALSE(all().claim("nightly", "a"));
    expect_row("a", held.epoch);
}

TEST_P(LeaseStates, HeldLeaseIsRenewedWithoutANewEpoch)
{
    auto held = all().claim("nightly", "a").value();
    expire();
    auto const before = held.trusted_until;
    EXPECT_EQ(all().renew(held), outcome::won);
    EXPECT_EQ(all().renew(held), outcome::won);
    EXPECT_GE(held.trusted_until, before);
    expect_row("a", 1);
    EXPECT_TRUE(expires_in_the_future());
}

TEST_P(LeaseStates, HeldLeaseIsReleasedOnce)
{
    auto const held = all().claim("nightly", "a").value();
    EXPECT_EQ(all().release(held), outcome::won);
    EXPECT_EQ(all().release(held), outcome::lost);
    expect_row("", 2);
}

TEST_P(LeaseStates, RunningLeaseIsNotReaped)
{
    static_cast<void>(all().claim("nightly", "a").value());
    EXPECT_EQ(all().reap(), 0);
    expect_row("a", 1);
}

TEST_P(LeaseStates, ExpiredLeaseGoesToTheNextClaim)
{
    auto old = all().claim("nightly", "a").value();
    expire();
    auto const next = all().claim("nightly", "b");
    ASSERT_TRUE(next);
    EXPECT_EQ(next->epoch, 2);
    EXPECT_EQ(all().renew(old), outcome::lost);
    EXPECT_EQ(all().release(old), outcome::lost);
    expect_row("b", 2);
    EXPECT_TRUE(expires_in_the_future());
}

TEST_P(LeaseStates, ExpiredLeaseThatNobodyTookGoesOnWhenRenewed)
{
    auto held = all().claim("nightly", "a").value();
    expire();
    EXPECT_EQ(all().renew(held), outcome::won);
    EXPECT_FALSE(all().claim("nightly", "b"));
    expect_row("a", 1);
}

TEST_P(LeaseStates, ExpiredLeaseCanStillBeReleased)
{
    auto const held = all().claim("nightly", "a").value();
    expire();
    EXPECT_EQ(all().release(held), outcome::won);
    expect_row("", 2);
}

TEST_P(LeaseStates, ReapingEndsEveryExpiredTenureAndNoOther)
{
    static_cast<void>(all().claim("nightly", "a").value());
    static_cast<void>(all().claim("weekly", "b").value());
    static_cast<void>(all().claim("yearly", "c").value());
    expire("nightly");
    expire("weekly");
    EXPECT_EQ(all().reap(), 2);
    EXPECT_EQ(all().reap(), 0);
    EXPECT_EQ(row("nightly").owner, "");
    EXPECT_EQ(row("nightly").epoch, 2);
    EXPECT_EQ(row("weekly").epoch, 2);
    EXPECT_EQ(row("yearly").owner, "c");
    EXPECT_EQ(row("yearly").epoch, 1);
}

TEST_P(LeaseStates, SameOwnerInAnotherTenureIsAnotherOwner)
{
    auto old = all().claim("nightly", "a").value();
    expire();
    auto const now = all().claim("nightly", "a").value();
    EXPECT_EQ(now.epoch, 2);
    EXPECT_EQ(all().renew(old), outcome::lost);
    EXPECT_EQ(all().release(old), outcome::lost);
    expect_row("a", 2);
}

TEST_P(LeaseStates, NamesAndOwnersThatCannotBeStoredAreRefused)
{
    EXPECT_THROW(static_cast<void>(all().claim("", "a")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(all().claim("nightly", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(all().claim(std::string(256, 'n'), "a")), std::invalid_argument);
    EXPECT_TRUE(all().claim(std::string(255, 'n'), "a"));
}

TEST_P(LeaseStates, InstallingAgainKeepsTheTenures)
{
    static_cast<void>(all().claim("nightly", "a").value());
    install(db());
    expect_row("a", 1);
}

TIEBREAK_ON_ALL_ENGINES(LeaseStates);

}  // namespace
}  // namespace tiebreak::test
