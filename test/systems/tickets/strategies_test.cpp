// C1 to C7: five approvals of one order at once, from threads of four processes, by every strategy.
// C1 is the negative control.
#include "systems/tickets/ticket_test.hpp"

#include <future>
#include <thread>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using tickets::strategy;

class C1 : public ticket_test {};

class C2 : public ticket_test {};

class C3 : public ticket_test {};

class C4 : public ticket_test {};

class C5 : public ticket_test {};

class C6 : public ticket_test {};

class C7 : public ticket_test {};

TIEBREAK_ON_SHARED_ENGINES(C1);
TIEBREAK_ON_SHARED_ENGINES(C2);
TIEBREAK_ON_SHARED_ENGINES(C3);
TIEBREAK_ON_SHARED_ENGINES(C4);
TIEBREAK_ON_SHARED_ENGINES(C5);
TIEBREAK_ON_SHARED_ENGINES(C6);
TIEBREAK_ON_SHARED_ENGINES(C7);

// One rival of each process gets past its own process's compare-and-set, and then they meet: so
// each of them has seen the order WAITING.
TEST_P(C1, CompareAndSetInProcessMemoryApprovesInEveryOneOfFourProcesses)
{
    auto const orders = make_orders(10);
    auto const told =
        race(orders, {.approve = {.how = strategy::in_process}, .meet_between = true});
    for (auto const& one : told)
        EXPECT_EQ(one.approved, processes);
    auto const report = audit();
    EXPECT_EQ(report.approved_twice, 10);
    EXPECT_EQ(report.keys_charged_twice, 10);
    EXPECT_FALSE(report.sound());
}

TEST_P(C1, BreaksWithoutHelpOverEnoughOrders)
{
    auto const orders = make_orders(orders_max);
    race(orders, {.approve = {.how = strategy::in_process}});
    auto const report = audit();
    EXPECT_GT(report.approved_twice, 0);
    EXPECT_GT(report.keys_charged_twice, 0);
}

TEST_P(C1, SoDoesNoCheckAtAll)
{
    auto const orders = make_orders(orders_max);
    race(orders, {.approve = {.how = strategy::naive}});
    auto const report = audit();
    EXPECT_GT(report.approved_twice, 0);
    EXPECT_GT(report.keys_charged_twice, 0);
}

TEST_P(C1, HoldsWithinOneProcess)
{
    auto const order = make_order();
    tickets::approve_options const how{.how = strategy::in_process};
    auto& shared = db();
    auto& payments = provider();
    std::atomic<int> approved{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < rivals; ++i) {
        threads.emplace_back([&] {
            auto const answer = tickets::approve(shared, payments, request_for(order), how);
            approved += std::holds_alternative<tickets::approved>(answer) ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(approved, 1);
    EXPECT_TRUE(audit().sound());
}

TEST_P(C2, OneOfFiveIsApprovedByConditionalUpdate)
{
    expect_one_approved({.how = strategy::conditional});
}

TEST_P(C2, TwoPaymentsOfOneOrderChargeOnlyOne)
{
    auto const order = make_order();
    auto const first = tickets::approve(db(), provider(), request_for(order, "first"));
    auto const second = tickets::approve(db(), provider(), request_for(order, "second"));
    EXPECT_EQ(tickets::name_of(first), "approved");
    EXPECT_EQ(tickets::name_of(second), "already-processed");
    EXPECT_EQ(std::get<tickets::already_processed>(second).bill_id,
              std::get<tickets::approved>(first).bill_id);
    EXPECT_EQ(provider().find("second")->calls, 0);
    EXPECT_TRUE(audit().sound());
}

TEST_P(C3, OneOfFiveIsApprovedByTheClaim)
{
    expect_one_approved({.how = strategy::unique_claim});
}

TEST_P(C3, AnotherPaymentKeyDoesNotGetRoundTheClaim)
{
    auto const order = make_order();
    tickets::approve_options const how{.how = strategy::unique_claim};
    EXPECT_EQ(tickets::name_of(tickets::approve(db(), provider(), request_for(order, "a"), how)),
              "approved");
    EXPECT_EQ(tickets::name_of(tickets::approve(db(), provider(), request_for(order, "b"), how)),
              "already-processed");
    // The claim that decided nothing is gone; the one that decided is there.
    EXPECT_FALSE(repository<tickets::payment_claim>(db()).find("b"));
    EXPECT_EQ(repository<tickets::payment_claim>(db()).find("a")->order_id, order.id);
}

TEST_P(C3, WhoeverDoesNotHaveTheClaimDoesNotGoAhead)
{
    auto const order = make_order();
    auto const request = request_for(order);
    tickets::payment_claim of_another_approval{request.payment_key, order.id};
    repository<tickets::payment_claim>(db()).insert(of_another_approval);
    tickets::approve_options const how{.how = strategy::unique_claim, .retry = {.attempts_max = 2}};
    EXPECT_EQ(tickets::name_of(tickets::approve(db(), provider(), request, how)), "in-progress");
    EXPECT_EQ(read(order.id).status, tickets::order_status::waiting);
    EXPECT_TRUE(provider().accounts().empty());
}

TEST_P(C3, AClaimIsGivenBackWithTheOrder)
{
    auto const order = make_order();
    tickets::stand_in_provider declining(books_url(), {.decline_rate = 1});
    tickets::approve_options const how{.how = strategy::unique_claim};
    auto const answer = tickets::approve(db(), declining, request_for(order), how);
    EXPECT_EQ(tickets::name_of(answer), "payment-declined");
    EXPECT_EQ(repository<tickets::payment_claim>(db()).select().count(), 0);
    EXPECT_EQ(read(order.id).status, tickets::order_status::waiting);
}

TEST_P(C4, OneOfFiveIsApprovedByVersionWithOneAttempt)
{
    expect_one_approved({.how = strategy::optimistic, .retry = {.attempts_max = 1}});
}

// Both have read the order WAITING; the later one finds the version changed, and answers.
TEST_P(C4, LosingTheVersionCheckIsAnAnswer)
{
    auto const order = make_order();
    tickets::approval overtaker;
    tickets::approve_options const once{
        .how = strategy::optimistic, .retry = {.attempts_max = 1}, .between = [&] {
            overtaker = std::async(std::launch::async, [&] {
                            database other(fresh().url());
                            return tickets::approve(other, provider(), request_for(order));
                        }).get();
        }};
    auto const loser = tickets::approve(db(), provider(), request_for(order), once);
    EXPECT_EQ(tickets::name_of(overtaker), "approved");
    EXPECT_EQ(tickets::name_of(loser), "already-processed");
    EXPECT_TRUE(audit().sound());
}

// The winner gave the order back before the loser, out of attempts, read it again.
TEST_P(C4, LosingToAPaymentThatIsThenDeclinedIsAnAnswerToo)
{
    auto const order = make_order();
    tickets::stand_in_provider declining(books_url(), {.decline_rate = 1});
    tickets::approve_options const once{
        .how = strategy::optimistic, .retry = {.attempts_max = 1}, .between = [&] {
            std::async(std::launch::async, [&] {
                database other(fresh().url());
                (void)tickets::approve(other, declining, request_for(order, "declined"));
            }).get();
        }};
    auto const loser = tickets::approve(db(), provider(), request_for(order), once);
    EXPECT_EQ(tickets::name_of(loser), "in-progress");
    EXPECT_EQ(read(order.id).status, tickets::order_status::waiting);
    EXPECT_EQ(provider().find(request_for(order).payment_key)->calls, 0);
}

// A deadlock or serialization failure with an approval of another order, as the engine reports it.
[[noreturn]] void abort_by_the_engine()
{
    throw error(errc::transaction_aborted, "ended for the sake of another order");
}

constexpr auto decided_by_database = {strategy::optimistic,
                                      strategy::conditional,
                                      strategy::unique_claim,
                                      strategy::pessimistic,
                                      strategy::pessimistic_where};

TEST_P(C4, AnAttemptThatTheEngineEndsIsLostToNobody)
{
    for (auto const how : decided_by_database) {
        auto const order = make_order();
        int tries = 0;
        tickets::approve_options const once{
            .how = how, .retry = {.attempts_max = 1}, .between = [&] {
                if (++tries < 4)
                    abort_by_the_engine();
            }};
        auto const answer = tickets::approve(db(), provider(), request_for(order), once);
        EXPECT_EQ(tickets::name_of(answer), "approved") << tickets::name_of(how);
        EXPECT_EQ(tries, 4) << tickets::name_of(how);
    }
    EXPECT_TRUE(audit().sound());
}

TEST_P(C4, AnAttemptThatTheEngineEndsForTheWinnerIsLost)
{
    auto const order = make_order();
    int tries = 0;
    tickets::approve_options const once{
        .how = strategy::optimistic, .retry = {.attempts_max = 1}, .between = [&] {
            ++tries;
            std::async(std::launch::async, [&] {
                database other(fresh().url());
                (void)tickets::approve(other, provider(), request_for(order, "winner"));
            }).get();
            abort_by_the_engine();
        }};
    auto const answer = tickets::approve(db(), provider(), request_for(order), once);
    EXPECT_EQ(tickets::name_of(answer), "already-processed");
    EXPECT_EQ(tries, 1);
    EXPECT_EQ(read(order.id).payment_key, "winner");
    EXPECT_EQ(provider().find(request_for(order).payment_key)->calls, 0);
    EXPECT_TRUE(audit().sound());
}

TEST_P(C4, AttemptsThatTheEngineEndsAreTriedUntilTheDeadline)
{
    auto const order = make_order();
    tickets::approve_options const brief{
        .how = strategy::optimistic,
        .retry = {.attempts_max = 1, .deadline = milliseconds{200}},
        .between = abort_by_the_engine,
    };
    auto const answer = tickets::approve(db(), provider(), request_for(order), brief);
    EXPECT_EQ(tickets::name_of(answer), "attempts-exhausted");
    EXPECT_EQ(read(order.id).status, tickets::order_status::waiting);
    EXPECT_EQ(provider().find(request_for(order).payment_key)->calls, 0);
}

TEST_P(C5, OneOfFiveIsApprovedByVersionWithFourAttempts)
{
    expect_one_approved({.how = strategy::optimistic, .retry = {.attempts_max = 4}});
}

TEST_P(C5, TheNextAttemptReadsAgainAndWins)
{
    auto const order = make_order();
    tickets::stand_in_provider declining(books_url(), {.decline_rate = 1});
    int tries = 0;
    tickets::approve_options const four{
        .how = strategy::optimistic, .retry = {.attempts_max = 4}, .between = [&] {
            if (++tries > 1)
                return;
            std::async(std::launch::async, [&] {
                database other(fresh().url());
                (void)tickets::approve(other, declining, request_for(order, "declined"));
            }).get();
        }};
    auto const answer = tickets::approve(db(), provider(), request_for(order), four);
    EXPECT_EQ(tickets::name_of(answer), "approved");
    EXPECT_EQ(tries, 2);
    EXPECT_TRUE(audit().sound());
}

TEST_P(C6, OneOfFiveIsApprovedByLock)
{
    expect_one_approved({.how = strategy::pessimistic});
}

// A provider that itself writes the order's row, from another connection, while it charges: were
// anything locked, it would wait for its own caller.
TEST_P(C6, NothingIsLockedWhileTheProviderIsCalled)
{
    auto const orders = make_orders(7);
    for (std::size_t i = 0; i < orders.size(); ++i) {
        auto const& order = orders[i];
        watched_provider writing(provider());
        int written = 0;
        writing.before_charge = [&] {
            database other(fresh().url());
            auto const how = retry_policy{.deadline = milliseconds{2'000}};
            written += static_cast<int>(other.transact(
                [&](unit_of_work& work) {
                    return repository<tickets::order>(work).update_where(
                        field<&tickets::order::id> == order.id,
                        field<&tickets::order::member_id> = 8);
                },
                {.retry = how}));
        };
        auto const how = static_cast<strategy>(i);
        auto const answer =
            std::async(std::launch::async, [&] {
                return tickets::approve(db(), writing, request_for(order), {.how = how});
            }).get();
        EXPECT_EQ(tickets::name_of(answer), "approved") << tickets::name_of(how);
        EXPECT_EQ(written, 1);
        EXPECT_EQ(read(order.id).member_id, 8);
    }
    EXPECT_TRUE(audit().sound());
}

TEST_P(C7, OneOfFiveIsApprovedByLockWithTheStatusInWhere)
{
    expect_one_approved({.how = strategy::pessimistic_where});
}

// Another unit holds the row until the approval has answered.
TEST_P(C7, WaitingForTheLockEndsWithAnAnswer)
{
    auto const order = make_order();
    std::promise<void> held;
    std::promise<void> answered;
    std::jthread holder([&] {
        database other(fresh().url());
        other.transact([&](unit_of_work& work) {
            auto& row = work.load<tickets::order>(order.id, lock_mode::pessimistic_write);
            row.member_id = 8;
            held.set_value();
            answered.get_future().wait();
        });
    });
    held.get_future().wait();
    auto const answer = tickets::approve(db(),
                                         provider(),
                                         request_for(order),
                                         {.how = strategy::pessimistic_where,
                                          .retry = {.attempts_max = 1, .deadline = milliseconds{0}},
                                          .lock_wait = milliseconds{50}});
    answered.set_value();
    holder.join();
    EXPECT_EQ(tickets::name_of(answer), "lock-wait-exceeded");
    auto const row = read(order.id);
    EXPECT_EQ(row.status, tickets::order_status::waiting);
    EXPECT_EQ(row.member_id, 8);
    EXPECT_EQ(provider().find(request_for(order).payment_key)->calls, 0);
}

}  // namespace

}  // namespace tiebreak::test
