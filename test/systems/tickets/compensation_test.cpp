// C10, the library's part: when the payment succeeded and the local commit cannot, the money goes
// back exactly once.
#include "systems/tickets/compensation_test.hpp"

#include <csignal>
#include <unistd.h>

namespace tiebreak::test {

namespace {

using tickets::step;

constexpr std::chrono::milliseconds however_young{0};

TIEBREAK_ON_SHARED_ENGINES(C10);

TEST_P(C10, AChargeWhoseOrderCannotBeCompletedIsRefundedOnce)
{
    auto const order = make_order();
    make_completion_impossible(order);
    auto const told = tickets::approve(db(), provider(), request_for(order));
    EXPECT_EQ(tickets::name_of(told), "payment-refunded");
    expect_refunded_once(order);
    auto const repeated = tickets::approve(db(), provider(), request_for(order));
    EXPECT_EQ(std::get<tickets::already_processed>(repeated).status, order_status::cancelled);
}

TEST_P(C10, AnUnansweredRefundIsRepeatedByRecoveryAndStillHappensOnce)
{
    auto const order = make_order();
    make_completion_impossible(order);
    watched_provider mute(provider());
    mute.answers_cancel = false;
    auto const told = tickets::approve(db(), mute, request_for(order));
    EXPECT_FALSE(std::get<tickets::payment_unavailable>(told).outcome_known);
    EXPECT_EQ(read(order.id).refund_to, order_status::cancelled);
    EXPECT_EQ(tickets::recover(db(), provider(), {.older_than = however_young}).refunded, 1);
    expect_refunded_once(order);
}

TEST_P(C10, ACompensationKilledAtAnyStepIsFinishedOnce)
{
    for (auto const at : {step::refund_decided, step::refunded}) {
        auto const order = make_order();
        make_completion_impossible(order);
        close_all();
        auto const end = run_in_process([&] {
            database db(fresh().url());
            tickets::stand_in_provider provider(books_url());
            (void)tickets::approve(db, provider, request_for(order), {.reached = [at](step here) {
                                       if (here == at)
                                           ::kill(::getpid(), SIGKILL);
                                   }});
            return 0;
        });
        fresh().allow_leftovers();
        EXPECT_EQ(end, -SIGKILL);
        recover_from_two_processes();
        expect_refunded_once(order);
    }
}

TEST_P(C10, RecoveryRefundsWhatItCannotComplete)
{
    auto const order = make_order();
    tickets::stand_in_provider mute(books_url(), {.drop_reply_rate = 1});
    (void)tickets::approve(db(), mute, request_for(order));
    make_completion_impossible(order);
    EXPECT_EQ(tickets::recover(db(), provider(), {.older_than = however_young}).refunded, 1);
    expect_refunded_once(order);
}

TEST_P(C10, ClosingSalesRefundsWhatIsPendingAndTheApproverLearnsIt)
{
    auto const order = make_order();
    watched_provider paused(provider());
    paused.after_charge = [&] {
        auto const done =
            tickets::recover(db(), provider(), {.older_than = however_young, .refund_all = true});
        EXPECT_EQ(done.refunded, 1);
    };
    auto const told = tickets::approve(db(), paused, request_for(order));
    EXPECT_EQ(tickets::name_of(told), "payment-refunded");
    expect_refunded_once(order);
    EXPECT_TRUE(audit().sound());
}

// A lease as the distributed lock around recovery: it saves work, and safety does not depend on it.
TEST_P(C10, ALeaseKeepsASecondRecovererAwayWhileItIsHeld)
{
    auto const order = make_order();
    install(db());
    leases const locks(db());
    auto const held = locks.claim("ticket-recovery", "first");
    ASSERT_TRUE(held);
    EXPECT_FALSE(locks.claim("ticket-recovery", "second"));
    EXPECT_EQ(locks.release(*held), outcome::won);
    auto const next = locks.claim("ticket-recovery", "second");
    ASSERT_TRUE(next);
    EXPECT_GT(next->epoch, held->epoch);
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        locks.require(work, *held);
        work.load<tickets::order>(order.id).member_id = 8;
    }),
                 error);
    EXPECT_EQ(read(order.id).member_id, 7);
}

}  // namespace

}  // namespace tiebreak::test
