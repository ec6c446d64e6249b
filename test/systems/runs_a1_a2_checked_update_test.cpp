// A1: what a run is, and that every read returns the version. A2: the checked update.
#include "run_test.hpp"

#include <stdexcept>

namespace tiebreak::test {

namespace {

class A1 : public run_test {};

TEST_P(A1, ARunHasEverythingThatIsAskedOfItAndEveryReadReturnsTheVersion)
{
    auto const submitted = submit_run(db());
    EXPECT_GT(submitted.run_id, 0);
    EXPECT_EQ(submitted.tenant_id, "acme");
    EXPECT_EQ(submitted.status, runs::run_status::queued);
    EXPECT_EQ(submitted.version, version{1});
    EXPECT_FALSE(submitted.lease_expires_at);
    EXPECT_EQ(submitted.finalize_stage, runs::finalize_stage::pending);
    EXPECT_EQ(submitted.updated_at, submitted.created_at);

    auto const found = runs::find_run(db(), "acme", submitted.run_id).value();
    EXPECT_EQ(found.version, version{1});
    EXPECT_EQ(found.payload, "work");

    auto const claimed = claim_run(db());
    EXPECT_EQ(claimed.version, version{2});
    EXPECT_EQ(claimed.status, runs::run_status::processing);
    EXPECT_EQ(claimed.worker, "first");
    EXPECT_EQ(claimed.lease_epoch, 1);
    EXPECT_TRUE(claimed.lease_expires_at);

    auto const ended = std::get<runs::finalized>(runs::finalize(db(), finalize_of(claimed))).as;
    EXPECT_EQ(ended.version, version{3});
    EXPECT_EQ(ended.status, runs::run_status::completed);
    EXPECT_EQ(ended.finalize_stage, runs::finalize_stage::committed);
    EXPECT_EQ(ended.result, "done by first");
    EXPECT_EQ(ended.amount, 60);
    EXPECT_GE(ended.updated_at, submitted.updated_at);
}

TEST_P(A1, AnotherTenantsRunIsNotThere)
{
    auto const submitted = submit_run(db());
    EXPECT_FALSE(runs::find_run(db(), "other", submitted.run_id));
    EXPECT_FALSE(runs::find_run(db(), "acme", submitted.run_id + 1));
    auto const claimed = claim_run(db());
    auto request = finalize_of(claimed);
    request.tenant_id = "other";
    EXPECT_TRUE(is<runs::run_not_found>(runs::finalize(db(), request)));
    EXPECT_TRUE(
        is<runs::run_not_found>(runs::cancel(db(), "other", claimed.run_id, claimed.version)));
    EXPECT_EQ(runs::extend_lease(db(), "other", claimed.run_id, 1, long_lease).answer,
              runs::heartbeat_answer::not_found);
    EXPECT_EQ(row_of(db(), claimed.run_id).version, claimed.version);
}

TIEBREAK_ON_ALL_ENGINES(A1);

class A2 : public run_test {};

TEST_P(A2, TheRightVersionWinsAndSetsColumnsVersionAndTime)
{
    auto const before = submit_run(db());
    EXPECT_EQ(
        runs::update(
            db(), "acme", before.run_id, before.version, {.payload = "more work", .priority = 7}),
        outcome::won);
    auto const after = row_of(db(), before.run_id);
    EXPECT_EQ(after.payload, "more work");
    EXPECT_EQ(after.priority, 7);
    EXPECT_EQ(after.version, version{2});
    EXPECT_GE(after.updated_at, before.updated_at);
    EXPECT_EQ(log_.records().size(), 0U);
}

TEST_P(A2, OnlyTheColumnsGivenChange)
{
    auto const before = submit_run(db());
    EXPECT_EQ(runs::update(db(), "acme", before.run_id, before.version, {.priority = 7}),
              outcome::won);
    auto const after = row_of(db(), before.run_id);
    EXPECT_EQ(after.payload, before.payload);
    EXPECT_EQ(after.priority, 7);
}

TEST_P(A2, AnotherVersionLosesAndChangesNothing)
{
    auto const before = submit_run(db());
    for (auto const wrong : {version{0}, version{2}})
        EXPECT_EQ(runs::update(db(), "acme", before.run_id, wrong, {.payload = "lost"}),
                  outcome::lost);
    auto const after = row_of(db(), before.run_id);
    EXPECT_EQ(after.payload, "work");
    EXPECT_EQ(after.version, before.version);
    EXPECT_EQ(after.updated_at, before.updated_at);
}

TEST_P(A2, AnotherTenantLosesAndChangesNothing)
{
    auto const before = submit_run(db());
    EXPECT_EQ(runs::update(db(), "other", before.run_id, before.version, {.payload = "lost"}),
              outcome::lost);
    EXPECT_EQ(row_of(db(), before.run_id).payload, "work");
}

TEST_P(A2, LosingIsAWarningWithRunAndExpectedVersion)
{
    auto const before = submit_run(db());
    EXPECT_EQ(runs::update(db(), "acme", before.run_id, version{9}, {.payload = "secret"}),
              outcome::lost);
    auto const records = log_.records("run_update_lost");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].level, log_level::warning);
    EXPECT_EQ(records[0].field("run_id"), std::to_string(before.run_id));
    EXPECT_EQ(records[0].field("expected_version"), "9");
    EXPECT_FALSE(log_.mentions("secret"));
}

TEST_P(A2, APayloadThatCannotBeStoredIsRefused)
{
    auto const before = submit_run(db());
    EXPECT_THROW(static_cast<void>(runs::update(
                     db(), "acme", before.run_id, before.version, {.payload = "\xff"})),
                 std::invalid_argument);
    EXPECT_EQ(row_of(db(), before.run_id).version, before.version);
}

TIEBREAK_ON_ALL_ENGINES(A2);

}  // namespace

}  // namespace tiebreak::test
