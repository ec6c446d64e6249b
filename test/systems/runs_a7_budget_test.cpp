// A7: reserve, charge, refund; never below zero, never charged twice for one run.
#include "run_test.hpp"
#include "support/checks.hpp"

#include <atomic>
#include <thread>

namespace tiebreak::test {

namespace {

class A7 : public run_test {
protected:
    runs::run finished(std::int64_t amount)
    {
        static_cast<void>(submit_run(db()));
        auto const mine = claim_run(db());
        return std::get<runs::finalized>(runs::finalize(db(), finalize_of(mine, amount))).as;
    }
};

TEST_P(A7, SubmittingReservesAndRefusesWhatIsNotThere)
{
    static_cast<void>(submit_run(db(), 700));
    expect_budget(db(), 700, 0);
    auto const refused =
        runs::submit(db(), {.tenant_id = "acme", .payload = "work", .budget = 301});
    ASSERT_TRUE(is<runs::budget_exhausted>(refused));
    EXPECT_EQ(std::get<runs::budget_exhausted>(refused).available, 300);
    expect_budget(db(), 700, 0);
    EXPECT_EQ(repository<runs::run>(db()).select().count(), 1);
    static_cast<void>(submit_run(db(), 300));
    expect_sound(db(), 0, 2);
}

TEST_P(A7, ATenantWithoutABudgetAndBadInputAreRefused)
{
    EXPECT_TRUE(is<runs::tenant_not_found>(
        runs::submit(db(), {.tenant_id = "nobody", .payload = "work", .budget = 1})));
    auto const rule_of = [&](runs::new_run const& of) {
        return std::get<systems::invalid_field>(runs::submit(db(), of)).field;
    };
    EXPECT_EQ(rule_of({.tenant_id = ""}), "tenant_id");
    EXPECT_EQ(rule_of({.tenant_id = "acme", .payload = std::string("a\0b", 3)}), "payload");
    EXPECT_EQ(rule_of({.tenant_id = "acme", .budget = -1}), "budget");
    EXPECT_EQ(rule_of({.tenant_id = "acme", .budget = runs::amount_max + 1}), "budget");
    EXPECT_EQ(repository<runs::run>(db()).select().count(), 0);
    EXPECT_EQ(std::get<outcome>(runs::open_budget(db(), "acme", 5)), outcome::lost);
    EXPECT_EQ(runs::find_budget(db(), "acme")->limit, 1000);
}

TEST_P(A7, ManySubmitsAtOnceNeverReserveMoreThanThereIs)
{
    constexpr int clients = 10;
    barrier start(clients);
    std::atomic<int> queued = 0;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&] {
            start.wait();
            for (int turn = 0; turn < 3; ++turn) {
                auto const answer =
                    runs::submit(db(), {.tenant_id = "acme", .payload = "work", .budget = 90});
                queued += is<runs::run>(answer) ? 1 : 0;
                refused += is<runs::budget_exhausted>(answer) ? 1 : 0;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(queued, 11) << "1000 / 90";
    EXPECT_EQ(refused, 3 * clients - 11);
    expect_budget(db(), 990, 0);
    expect_sound(db(), 0, 11);
}

TEST_P(A7, ALoweredLimitLeavesNothingToReserve)
{
    static_cast<void>(submit_run(db(), 950));
    ASSERT_TRUE(is<runs::tenant_budget>(runs::set_limit(db(), "acme", 950)));
    auto const refused = runs::submit(db(), {.tenant_id = "acme", .payload = "work", .budget = 1});
    ASSERT_TRUE(is<runs::budget_exhausted>(refused));
    EXPECT_EQ(std::get<runs::budget_exhausted>(refused).available, 0);
    expect_budget(db(), 950, 0);
}

TEST_P(A7, CancellingGivesTheReserveBack)
{
    auto const queued = submit_run(db(), 400);
    auto const answer = runs::cancel(db(), "acme", queued.run_id, queued.version);
    ASSERT_TRUE(is<runs::cancelled>(answer));
    EXPECT_EQ(std::get<runs::cancelled>(answer).as.lease_epoch, queued.lease_epoch + 1);
    expect_budget(db(), 0, 0);

    auto const again = runs::cancel(db(), "acme", queued.run_id, queued.version);
    ASSERT_TRUE(is<runs::cancelled>(again));
    EXPECT_TRUE(std::get<runs::cancelled>(again).replayed);
    expect_budget(db(), 0, 0);
    expect_sound(db(), 0);
}

TEST_P(A7, CancellingAnOldVersionOrADecidedRunChangesNothing)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_run(db());
    auto const stale = runs::cancel(db(), "acme", mine.run_id, version{1});
    ASSERT_TRUE(is<runs::version_conflict>(stale));
    EXPECT_EQ(std::get<runs::version_conflict>(stale).expected_version, version{1});
    EXPECT_EQ(std::get<runs::version_conflict>(stale).actual_version, mine.version);

    ASSERT_TRUE(is<runs::finalized>(runs::two_phase::claim(db(), finalize_of(mine))));
    auto const claimed = row_of(db(), mine.run_id);
    EXPECT_TRUE(
        is<runs::already_finalized>(runs::cancel(db(), "acme", mine.run_id, claimed.version)));
    EXPECT_EQ(runs::recover(db()), 1);
    auto const ended = row_of(db(), mine.run_id);
    EXPECT_TRUE(
        is<runs::already_finalized>(runs::cancel(db(), "acme", mine.run_id, ended.version)));
    expect_sound(db(), 1);
}

TEST_P(A7, ACancelledRunCannotBeFinalisedOrCharged)
{
    static_cast<void>(submit_run(db()));
    auto const mine = claim_run(db());
    ASSERT_TRUE(is<runs::cancelled>(runs::cancel(db(), "acme", mine.run_id, mine.version)));
    for (auto const how : exact_ways)
        EXPECT_TRUE(is<runs::lease_lost>(runs::finalize(db(), finalize_of(mine), {.how = how})));
    expect_budget(db(), 0, 0);
    expect_sound(db(), 0);
}

TEST_P(A7, ACancelBesideAFinaliseEndsOneWay)
{
    for (int round = 0; round < 10; ++round) {
        static_cast<void>(submit_run(db(), 10));
        auto const mine = claim_run(db());
        barrier start(2);
        std::atomic<int> ends = 0;
        std::vector<std::jthread> threads;
        threads.emplace_back([&] {
            start.wait();
            ends += is<runs::cancelled>(runs::cancel(db(), "acme", mine.run_id, mine.version));
        });
        threads.emplace_back([&] {
            auto const how = exact_ways[round % 2];
            start.wait();
            ends += is<runs::finalized>(runs::finalize(db(), finalize_of(mine, 1), {.how = how}));
        });
        threads.clear();
        EXPECT_EQ(ends, 1);
    }
    expect_budget(db(), 0, runs::audit(db()).finalized);
    auto const report = runs::audit(db());
    EXPECT_EQ(report.finalized + report.cancelled, 10);
    EXPECT_EQ(report.wrong_ledgers + report.wrong_budgets, 0);
}

TEST_P(A7, ARefundComesOnceAndNeverAboveTheCharge)
{
    auto const done = finished(60);
    auto const too_much = runs::refund(db(), "acme", done.run_id, 61);
    ASSERT_TRUE(is<runs::amount_exceeds_charge>(too_much));
    EXPECT_EQ(std::get<runs::amount_exceeds_charge>(too_much).charged, 60);

    auto const first = runs::refund(db(), "acme", done.run_id, 50);
    ASSERT_TRUE(is<runs::refunded>(first));
    EXPECT_FALSE(std::get<runs::refunded>(first).replayed);
    EXPECT_TRUE(std::get<runs::refunded>(runs::refund(db(), "acme", done.run_id, 50)).replayed);
    auto const other = runs::refund(db(), "acme", done.run_id, 10);
    ASSERT_TRUE(is<runs::already_refunded>(other));
    EXPECT_EQ(std::get<runs::already_refunded>(other).amount, 50);

    expect_budget(db(), 0, 60, 50);
    EXPECT_EQ(runs::find_budget(db(), "acme")->available(), 990);
    expect_sound(db(), 1);
}

TEST_P(A7, WithoutAChargeThereIsNoRefund)
{
    auto const queued = submit_run(db());
    EXPECT_TRUE(is<runs::nothing_charged>(runs::refund(db(), "acme", queued.run_id, 1)));
    EXPECT_TRUE(is<runs::run_not_found>(runs::refund(db(), "other", queued.run_id, 1)));
    EXPECT_TRUE(is<systems::invalid_field>(runs::refund(db(), "acme", queued.run_id, 0)));
    expect_budget(db(), 100, 0);
}

TEST_P(A7, ManyRefundsAtOnceGiveBackOnce)
{
    auto const done = finished(60);
    constexpr int clients = 8;
    barrier start(clients);
    std::atomic<int> new_ones = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&] {
            start.wait();
            auto const answer = runs::refund(db(), "acme", done.run_id, 60);
            auto const* stands = std::get_if<runs::refunded>(&answer);
            new_ones += stands != nullptr && !stands->replayed ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(new_ones, 1);
    expect_budget(db(), 0, 60, 60);
    expect_sound(db(), 1);
}

TEST_P(A7, TheLimitNeverGoesBelowWhatIsInUse)
{
    static_cast<void>(finished(60));
    static_cast<void>(submit_run(db(), 100));
    auto const low = runs::set_limit(db(), "acme", 159);
    ASSERT_TRUE(is<runs::limit_too_low>(low));
    EXPECT_EQ(std::get<runs::limit_too_low>(low).limit_min, 160);
    auto const least = runs::set_limit(db(), "acme", 160);
    ASSERT_TRUE(is<runs::tenant_budget>(least));
    EXPECT_EQ(std::get<runs::tenant_budget>(least).available(), 0);
    EXPECT_TRUE(is<runs::tenant_not_found>(runs::set_limit(db(), "nobody", 1)));
    EXPECT_TRUE(is<systems::invalid_field>(runs::set_limit(db(), "acme", -1)));
}

// Whoever spoilt the tenant's row: a run is not paid out of what others have reserved.
TEST_P(A7, NothingIsSettledThatTheBudgetDoesNotHoldInReserve)
{
    auto const set_reserved = [&](std::int64_t to) {
        ASSERT_EQ(repository<runs::tenant_budget>(db()).update_if(
                      "acme",
                      condition<runs::tenant_budget>{},
                      field<& runs::tenant_budget::reserved> = to),
                  outcome::won);
    };
    for (auto const amount : {60, 0}) {
        for (auto const how : exact_ways) {
            static_cast<void>(submit_run(db(), 100));
            auto const mine = claim_run(db());
            set_reserved(99);
            auto request = finalize_of(mine, amount);
            if (amount == 0)
                request.outcome = runs::run_outcome::failed;
            EXPECT_ERRC(static_cast<void>(runs::finalize(db(), request, {.how = how})),
                        errc::backend_failure);
            EXPECT_EQ(runs::ledger_of(db(), "acme", mine.run_id).size(), 1u) << "RESERVE alone";
            EXPECT_EQ(row_of(db(), mine.run_id).status, runs::run_status::processing);
            EXPECT_EQ(runs::find_budget(db(), "acme")->reserved, 99);
            set_reserved(100);
            ASSERT_TRUE(is<runs::finalized>(runs::finalize(db(), request, {.how = how})));
        }
    }
    expect_budget(db(), 0, 120);
    expect_sound(db(), 4);
}

TIEBREAK_ON_ALL_ENGINES(A7);

}  // namespace

}  // namespace tiebreak::test
