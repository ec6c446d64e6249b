// C9: nothing stays PENDING for ever. Approvals and recoveries are killed at every step, paused and
// overtaken; faults are injected while five rivals approve and two recover.
#include "systems/tickets/tenure.hpp"
#include "systems/tickets/ticket_test.hpp"

#include <csignal>
#include <future>
#include <thread>
#include <unistd.h>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using tickets::order_status;
using tickets::step;
using tickets::strategy;

constexpr milliseconds at_once{0};

class C9 : public ticket_test {
protected:
    // Kills the calling process when it gets there.
    static std::function<void(step)> killer(step at)
    {
        return [at](step here) {
            if (here == at)
                ::kill(::getpid(), SIGKILL);
        };
    }

    // A process that approves and dies at the step.
    void approve_and_die(tickets::order const& order, step at, strategy how)
    {
        close_all();
        auto const end = run_in_process([&] {
            database db(fresh().url());
            tickets::stand_in_provider provider(books_url());
            (void)tickets::approve(
                db, provider, request_for(order), {.how = how, .reached = killer(at)});
            return 0;
        });
        EXPECT_EQ(end, -SIGKILL);
        fresh().allow_leftovers();
    }

    // A process that recovers and dies at the step.
    void recover_and_die(step at)
    {
        close_all();
        auto const end = run_in_process([&] {
            database db(fresh().url());
            tickets::stand_in_provider provider(books_url());
            tickets::recover(db, provider, {.older_than = at_once, .reached = killer(at)});
            return 0;
        });
        EXPECT_EQ(end, -SIGKILL);
        fresh().allow_leftovers();
    }

    tickets::recovery recover_now() { return recover_with(provider()); }

    tickets::recovery recover_with(tickets::payment_provider& by)
    {
        return tickets::recover(db(), by, {.older_than = at_once});
    }

    void expect_complete(tickets::order const& order)
    {
        auto const row = read(order.id);
        EXPECT_EQ(row.status, order_status::complete);
        EXPECT_EQ(row.approvals, 1);
        EXPECT_EQ(provider().find(request_for(order).payment_key)->standing(), 1);
        EXPECT_TRUE(audit().sound());
    }

    void expect_waiting_without_money(tickets::order const& order)
    {
        auto const row = read(order.id);
        EXPECT_EQ(row.status, order_status::waiting);
        EXPECT_FALSE(row.payment_key);
        EXPECT_FALSE(row.pending_since);
        EXPECT_FALSE(row.refund_to);
        EXPECT_EQ(provider().find(request_for(order).payment_key)->standing(), 0);
        EXPECT_TRUE(audit().sound());
    }
};

TIEBREAK_ON_SHARED_ENGINES(C9);

constexpr auto safe_strategies = {strategy::conditional,
                                  strategy::unique_claim,
                                  strategy::optimistic,
                                  strategy::pessimistic,
                                  strategy::pessimistic_where};

TEST_P(C9, BillAndTicketAreWrittenWithTheStatusOrNotAtAll)
{
    auto const order = make_order();
    tickets::approve_options const failing{.reached = [](step here) {
        if (here == step::completing)
            throw std::runtime_error("stopped before the commit");
    }};
    EXPECT_THROW((void)tickets::approve(db(), provider(), request_for(order), failing),
                 std::runtime_error);
    EXPECT_EQ(read(order.id).status, order_status::pending);
    EXPECT_EQ(repository<tickets::bill>(db()).select().count(), 0);
    EXPECT_EQ(repository<tickets::ticket>(db()).select().count(), 0);
    EXPECT_EQ(recover_now().completed, 1);
    expect_complete(order);
}

TEST_P(C9, KilledAfterTheDecisionTheOrderIsReturned)
{
    for (auto const how : safe_strategies) {
        auto const order = make_order();
        approve_and_die(order, step::decided, how);
        EXPECT_EQ(read(order.id).status, order_status::pending);
        auto const told = tickets::approve(db(), provider(), request_for(order), {.how = how});
        EXPECT_EQ(tickets::name_of(told), "in-progress");
        EXPECT_EQ(recover_now().returned, 1);
        expect_waiting_without_money(order);
        // It can be bought by another payment; the old one is dead.
        auto const dead = tickets::approve(db(), provider(), request_for(order), {.how = how});
        EXPECT_EQ(tickets::name_of(dead), "payment-declined");
        auto const paid = tickets::approve(db(),
                                           provider(),
                                           request_for(order, "again-" + std::to_string(order.id)),
                                           {.how = how});
        EXPECT_EQ(tickets::name_of(paid), "approved");
        EXPECT_TRUE(audit().sound());
    }
}

TEST_P(C9, KilledAfterTheChargeTheOrderIsCompleted)
{
    for (auto const how : safe_strategies) {
        auto const order = make_order();
        approve_and_die(order, step::charged, how);
        EXPECT_EQ(read(order.id).status, order_status::pending);
        EXPECT_EQ(recover_now().completed, 1);
        expect_complete(order);
        EXPECT_EQ(recover_now().found, 0);
    }
}

TEST_P(C9, KilledBeforeTheLastCommitTheOrderIsCompleted)
{
    for (auto const how : safe_strategies) {
        auto const order = make_order();
        approve_and_die(order, step::completing, how);
        EXPECT_EQ(read(order.id).status, order_status::pending);
        EXPECT_EQ(recover_now().completed, 1);
        expect_complete(order);
    }
}

TEST_P(C9, ARecoveryThatIsKilledIsFinishedByTheNext)
{
    for (auto const at : {step::taken_over, step::refund_decided, step::refunded}) {
        auto const order = make_order();
        approve_and_die(order, step::decided, strategy::conditional);
        recover_and_die(at);
        EXPECT_EQ(read(order.id).status, order_status::pending);
        EXPECT_EQ(recover_now().returned, 1);
        expect_waiting_without_money(order);
    }
    for (auto const at : {step::taken_over, step::completing}) {
        auto const order = make_order();
        approve_and_die(order, step::charged, strategy::conditional);
        recover_and_die(at);
        EXPECT_EQ(read(order.id).status, order_status::pending);
        EXPECT_EQ(recover_now().completed, 1);
        expect_complete(order);
    }
}

TEST_P(C9, TheLivingAreLeftAloneUntilTheirTimeIsUp)
{
    auto const order = make_order();
    tickets::stand_in_provider mute(books_url(), {.drop_reply_rate = 1});
    (void)tickets::approve(db(), mute, request_for(order));
    auto const before = read(order.id);
    EXPECT_EQ(tickets::recover(db(), provider(), {.older_than = std::chrono::hours{1}}).found, 0);
    EXPECT_EQ(read(order.id).version, before.version);
    EXPECT_EQ(recover_now().completed, 1);
    expect_complete(order);
}

// The order is PENDING again, for somebody else: only the epoch tells the two tenures apart.
TEST_P(C9, NoWriteOfAFormerTenureChangesAnything)
{
    auto const order = make_order();
    tickets::stand_in_provider mute(books_url(), {.drop_reply_rate = 1});
    (void)tickets::approve(db(), mute, request_for(order));
    auto const before = read(order.id);
    auto former = tickets::tenure_of(before);
    former.epoch -= 1;
    EXPECT_FALSE(tickets::complete(db(), former, "charge-1", {}));
    EXPECT_EQ(tickets::give_back(db(), former, order_status::waiting), outcome::lost);
    EXPECT_EQ(tickets::refund(db(), mute, former, order_status::waiting, {}),
              tickets::refund_outcome::overtaken);
    EXPECT_EQ(read(order.id).version, before.version);
    EXPECT_EQ(repository<tickets::bill>(db()).select().count(), 0);
    EXPECT_EQ(recover_now().completed, 1);
    expect_complete(order);
}

TEST_P(C9, AnApproverOvertakenBeforeItsChargeTakesNoMoney)
{
    auto const order = make_order();
    watched_provider paused(provider());
    paused.before_charge = [&] { EXPECT_EQ(recover_now().returned, 1); };
    auto const told = tickets::approve(db(), paused, request_for(order));
    EXPECT_EQ(tickets::name_of(told), "payment-declined");
    expect_waiting_without_money(order);
}

TEST_P(C9, AnApproverOvertakenAfterItsChargeWritesNothingAndIsStillTheOneApproved)
{
    auto const order = make_order();
    watched_provider paused(provider());
    paused.after_charge = [&] { EXPECT_EQ(recover_now().completed, 1); };
    auto const told = tickets::approve(db(), paused, request_for(order));
    auto const paid = repository<tickets::bill>(db()).find_by<&tickets::bill::order_id>(order.id);
    EXPECT_EQ(std::get<tickets::approved>(told).bill_id, paid->id);
    expect_complete(order);
}

TEST_P(C9, AnOvertakenApproverDoesNotTakeTheOrderFromTheNextPayment)
{
    auto const order = make_order();
    watched_provider paused(provider());
    paused.before_charge = [&] {
        EXPECT_EQ(recover_now().returned, 1);
        auto const next = tickets::approve(db(), provider(), request_for(order, "next"));
        EXPECT_EQ(tickets::name_of(next), "approved");
    };
    auto const told = tickets::approve(db(), paused, request_for(order));
    EXPECT_EQ(tickets::name_of(told), "payment-declined");
    EXPECT_EQ(read(order.id).payment_key, "next");
    EXPECT_TRUE(audit().sound());
}

// The first recoverer has seen no charge. It arrives late, a second recoverer completes the order
// by it, and only then the first goes on: it must not cancel what was sold.
TEST_P(C9, ARecovererOvertakenBeforeItDecidedToRefundRefundsNothing)
{
    auto const order = make_order();
    approve_and_die(order, step::decided, strategy::conditional);
    watched_provider slow(provider());
    slow.after_find = [&] {
        auto const request = request_for(order);
        auto const late =
            provider().charge({request.payment_key, order.id, order.amount, request.payment_key});
        EXPECT_EQ(late.outcome, tickets::charge_outcome::approved);
        EXPECT_EQ(recover_now().completed, 1);
    };
    EXPECT_EQ(recover_with(slow).overtaken, 1);
    expect_complete(order);
    EXPECT_EQ(provider().find(request_for(order).payment_key)->refunds, 0);
}

// The same, but the first has committed that it refunds: the second must go on with that, although
// it finds a charge.
TEST_P(C9, ADecisionToRefundHoldsForWhoeverTakesOver)
{
    auto const order = make_order();
    approve_and_die(order, step::decided, strategy::conditional);
    watched_provider slow(provider());
    slow.before_cancel = [&] {
        auto const request = request_for(order);
        auto const late =
            provider().charge({request.payment_key, order.id, order.amount, request.payment_key});
        EXPECT_EQ(late.outcome, tickets::charge_outcome::approved);
        EXPECT_EQ(recover_now().returned, 1);
    };
    EXPECT_EQ(recover_with(slow).overtaken, 1);
    expect_waiting_without_money(order);
    EXPECT_EQ(provider().find(request_for(order).payment_key)->refunds, 1);
}

// The decision to refund is committed after the second recoverer has read the order and before it
// takes the order over: its knowledge is old, and only the last write can notice.
TEST_P(C9, ADecisionToRefundIsSeenByTheWriteThatCompletes)
{
    auto const orders = make_orders(2);
    approve_and_die(orders[0], step::decided, strategy::conditional);
    approve_and_die(orders[1], step::charged, strategy::conditional);
    std::promise<void> has_looked;
    std::promise<void> may_decide;
    std::promise<void> has_decided;
    std::promise<void> may_cancel;
    watched_provider slow(provider());
    slow.after_find = [&] {
        has_looked.set_value();
        may_decide.get_future().wait();
    };
    slow.before_cancel = [&] {
        has_decided.set_value();
        may_cancel.get_future().wait();
    };
    auto first = std::async(std::launch::async, [&] {
        database other(fresh().url());
        return tickets::recover(other, slow, {.older_than = at_once, .orders_max = 1});
    });
    has_looked.get_future().wait();
    watched_provider second(provider());
    second.after_find = [&, done = false]() mutable {
        if (std::exchange(done, true))
            return;
        may_decide.set_value();
        has_decided.get_future().wait();
        auto const late = request_for(orders[0]);
        EXPECT_EQ(provider()
                      .charge({late.payment_key, late.order_id, late.amount, late.payment_key})
                      .outcome,
                  tickets::charge_outcome::approved);
    };
    auto const overtaking = recover_with(second);
    may_cancel.set_value();
    EXPECT_EQ(first.get().overtaken, 1);
    EXPECT_EQ(overtaking.completed, 1);
    EXPECT_EQ(overtaking.overtaken, 1);
    EXPECT_EQ(recover_now().returned, 1);
    expect_waiting_without_money(orders[0]);
    expect_complete(orders[1]);
    EXPECT_EQ(provider().find(request_for(orders[0]).payment_key)->refunds, 1);
}

TEST_P(C9, WithoutTheProviderTheOrderStaysPendingForTheNextRecovery)
{
    auto const order = make_order();
    approve_and_die(order, step::decided, strategy::conditional);
    watched_provider away(provider());
    away.answers_find = false;
    EXPECT_EQ(recover_with(away).unanswered, 1);
    EXPECT_EQ(read(order.id).status, order_status::pending);
    away.answers_find = true;
    away.answers_cancel = false;
    EXPECT_EQ(recover_with(away).unanswered, 1);
    EXPECT_EQ(read(order.id).status, order_status::pending);
    EXPECT_EQ(recover_now().returned, 1);
    expect_waiting_without_money(order);
}

TEST_P(C9, FaultsOfEveryKindLeaveNoDoubtBehind)
{
    for (auto const how : safe_strategies) {
        auto const orders = make_orders(20);
        auto const told = race(orders,
                               {.provider = {.seed = 11 + static_cast<std::uint64_t>(how),
                                             .decline_rate = 0.3,
                                             .error_rate = 0.3,
                                             .drop_reply_rate = 0.3,
                                             .latency_max = milliseconds{2}},
                                .approve = {.how = how}});
        recover_from_two_processes();
        auto const report = audit();
        EXPECT_TRUE(report.sound()) << tickets::name_of(how);
        EXPECT_EQ(report.left_pending, 0);
        int approved = 0;
        int declined = 0;
        int unavailable = 0;
        for (auto const& one : told) {
            EXPECT_LE(one.approved, 1);
            EXPECT_EQ(one.errors, 0);
            approved += one.approved;
            declined += one.count("payment-declined");
            unavailable += one.count("payment-unavailable");
            // Approved by nobody only if somebody was told why.
            EXPECT_GT(
                one.approved + one.count("payment-declined") + one.count("payment-unavailable"), 0)
                << testing::PrintToString(one.names);
        }
        EXPECT_GT(approved, 0);
        EXPECT_GT(declined, 0);
        EXPECT_GT(unavailable, 0);
    }
}

TEST_P(C9, RecoveriesThatOvertakeTheLivingDoNoHarm)
{
    for (auto const how : safe_strategies) {
        auto const orders = make_orders(20);
        auto const told =
            race(orders,
                 {.provider = {.seed = 5, .drop_reply_rate = 0.3, .latency_max = milliseconds{3}},
                  .approve = {.how = how},
                  .recover_meanwhile = true});
        recover_from_two_processes();
        auto const report = audit();
        EXPECT_TRUE(report.sound()) << tickets::name_of(how);
        for (auto const& one : told) {
            EXPECT_LE(one.approved, 1);
            EXPECT_EQ(one.errors, 0);
        }
    }
}

}  // namespace

}  // namespace tiebreak::test
