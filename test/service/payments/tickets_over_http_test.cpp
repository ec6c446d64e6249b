// Tickets paid over HTTP: whatever is lost, late or killed between the two, each order ends with
// one charge that stands or with none, as the order says.
#include "schema/schema.hpp"
#include "service/listening_process.hpp"
#include "service/payments/payment_client.hpp"
#include "support/engines.hpp"
#include "support/fault_proxy.hpp"
#include "support/process.hpp"
#include "systems/tickets/tickets.hpp"

#include <atomic>
#include <csignal>
#include <set>
#include <thread>
#include <unistd.h>

namespace tiebreak::test {

namespace {

namespace tickets = systems::tickets;
using service::payments::payment_client;
using service::payments::payment_client_options;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tickets::order_status;

constexpr milliseconds at_once{0};

class TicketPayments : public engine_test {
protected:
    std::vector<tickets::order> make_orders(int number)
    {
        schema::apply(db());
        std::vector<tickets::order> orders;
        for (int i = 0; i < number; ++i)
            orders.push_back(std::get<tickets::order>(
                tickets::create_order(db(), {.member_id = 7, .lines = {{{1, 2, 3, 4, 5, 6}}}})));
        return orders;
    }

    [[nodiscard]] std::string books() const
    {
        return "sqlite:" + folder_.file("provider.db") + "?synchronous=normal";
    }

    static payment_client_options attempts(int number)
    {
        return {.attempt_time = seconds{30},
                .call_time = seconds{60},
                .attempts_max = number,
                .pause = milliseconds{1},
                .pause_max = milliseconds{20}};
    }

    static tickets::approval_request request_for(tickets::order const& of)
    {
        return {of.lotto_publish_id, of.id, "key-" + std::to_string(of.id), of.amount};
    }

    void recover_dry(tickets::payment_provider& by)
    {
        while (tickets::recover(db(), by, {.older_than = at_once}).found > 0) {
        }
    }

    tickets::order read(std::int64_t id)
    {
        return repository<tickets::order>(db()).find(id).value();
    }

    // Nothing is PENDING; COMPLETE orders were paid once, all others not at all.
    void expect_settled(std::vector<tickets::order> const& orders, tickets::payment_provider& by)
    {
        for (auto const& one : orders) {
            auto const row = read(one.id);
            auto const record = by.find(request_for(one).payment_key).value();
            EXPECT_LE(record.charges, 1);
            EXPECT_LE(row.approvals, 1);
            EXPECT_NE(row.status, order_status::pending);
            bool const is_complete = row.status == order_status::complete;
            EXPECT_EQ(record.standing(), is_complete ? 1 : 0) << name_of(row.status);
            EXPECT_EQ(repository<tickets::bill>(db())
                          .select()
                          .where(field<&tickets::bill::order_id> == one.id)
                          .count(),
                      is_complete ? 1 : 0);
        }
    }

    // Rivals ask for every order, each in a thread; answers what was told, by name.
    std::multiset<std::string> approve_all(std::vector<tickets::order> const& orders,
                                           tickets::payment_provider& by,
                                           int rivals,
                                           std::atomic<int>* done = nullptr)
    {
        std::mutex mutex;
        std::multiset<std::string> told;
        std::vector<std::jthread> threads;
        for (int i = 0; i < rivals; ++i)
            threads.emplace_back([&] {
                for (auto const& one : orders) {
                    auto const answer = tickets::approve(db(), by, request_for(one));
                    std::scoped_lock const lock(mutex);
                    told.emplace(tickets::name_of(answer));
                    if (done != nullptr)
                        ++*done;
                }
            });
        threads.clear();
        return told;
    }

private:
    temporary_folder folder_;
};

TIEBREAK_ON_SHARED_ENGINES(TicketPayments);

TEST_P(TicketPayments, AreCalledAndChargedOnceForFiveApprovalsOfAnOrder)
{
    auto const orders = make_orders(20);
    listening_process const provider("payments", books(), {"--latency-ms", "0..4"});
    payment_client pay(provider.url());
    auto const told = approve_all(orders, pay, 5);
    EXPECT_EQ(told.count("approved"), orders.size());
    EXPECT_EQ(told.count("in-progress") + told.count("already-processed"), 4 * orders.size());
    expect_settled(orders, pay);
    for (auto const& one : orders) {
        EXPECT_EQ(read(one.id).status, order_status::complete);
        EXPECT_EQ(pay.find(request_for(one).payment_key)->calls, 1);
    }
}

TEST_P(TicketPayments, FaultsOfEveryKindLeaveNoDoubtBehind)
{
    auto const orders = make_orders(30);
    listening_process const provider("payments",
                                     books(),
                                     {"--decline-rate",
                                      "0.2",
                                      "--error-rate",
                                      "0.3",
                                      "--drop-reply-rate",
                                      "0.3",
                                      "--latency-ms",
                                      "0..4",
                                      "--seed",
                                      "5"});
    payment_client pay(provider.url(), attempts(2));
    auto const told = approve_all(orders, pay, 5);
    recover_dry(pay);
    expect_settled(orders, pay);
    EXPECT_GT(told.count("approved"), 0U);
    EXPECT_GT(told.count("payment-declined"), 0U);
    EXPECT_GT(told.count("payment-unavailable"), 0U);
}

// Before any recovery: an order that the client was told "error" for is WAITING, and that must mean
// that nothing was taken.
TEST_P(TicketPayments, AnErrorIsNeverSaidOfAChargeThatStandsThoughTheProviderIsKilled)
{
    auto const orders = make_orders(60);
    listening_process provider("payments", books());
    payment_client pay(provider.url(), attempts(2));
    std::atomic<int> done{0};
    std::jthread approvals([&] { (void)approve_all(orders, pay, 3, &done); });
    int const all = 3 * static_cast<int>(orders.size());
    for (int kill = 1; kill <= 3; ++kill) {
        while (done < kill * all / 5)
            std::this_thread::yield();
        provider.kill();
        while (done < kill * all / 5 + all / 20)
            std::this_thread::yield();
        provider.start_again();
    }
    approvals.join();
    std::int64_t waiting = 0;
    for (auto const& one : orders) {
        auto const row = read(one.id);
        waiting += row.status == order_status::waiting ? 1 : 0;
        if (row.status == order_status::waiting) {
            EXPECT_EQ(pay.find(request_for(one).payment_key)->standing(), 0);
        }
    }
    EXPECT_GT(waiting, 0);
    recover_dry(pay);
    expect_settled(orders, pay);
}

TEST_P(TicketPayments, LeftPendingByADeadServerAreRecovered)
{
    listening_process const provider("payments", books());
    for (auto const at : {tickets::step::decided, tickets::step::charged}) {
        auto const order = make_orders(1).front();
        close();
        auto const end = run_in_process([&] {
            database db(fresh().url());
            payment_client pay(provider.url());
            (void)tickets::approve(
                db, pay, request_for(order), {.reached = [at](tickets::step here) {
                    if (here == at)
                        ::kill(::getpid(), SIGKILL);
                }});
            return 0;
        });
        fresh().allow_leftovers();
        EXPECT_EQ(end, -SIGKILL);
        EXPECT_EQ(read(order.id).status, order_status::pending);
        payment_client pay(provider.url());
        recover_dry(pay);
        expect_settled({order}, pay);
        EXPECT_EQ(read(order.id).status,
                  at == tickets::step::charged ? order_status::complete : order_status::waiting);
    }
}

TEST_P(TicketPayments, AreRefundedOnceThoughTheReplyToTheCancellationIsLost)
{
    auto const order = make_orders(1).front();
    tickets::bill stray{.order_id = order.id, .payment_key = "x", .charge_id = "x", .amount = 1};
    repository<tickets::bill>(db()).insert(stray);
    listening_process const provider("payments", books());
    fault_proxy between(provider.port());
    payment_client pay(between.through(provider.url()), attempts(3));
    between.arm({.when_sent = "cancel", .what = fault::drop_reply});
    between.arm({.when_sent = "cancel", .what = fault::cut_reply, .bytes = 40});
    auto const told = tickets::approve(db(), pay, request_for(order));
    EXPECT_EQ(tickets::name_of(told), "payment-refunded");
    EXPECT_EQ(between.fired(), 2);
    EXPECT_EQ(read(order.id).status, order_status::cancelled);
    auto const record = pay.find(request_for(order).payment_key).value();
    EXPECT_EQ(record.charges, 1);
    EXPECT_EQ(record.refunds, 1);
}

// The charge leaves, its connection is lost, and it arrives at the provider only after the recovery
// has seen no charge and cancelled.
TEST_P(TicketPayments, ThatArriveAfterTheirOrderWasGivenBackTakeNothing)
{
    auto const order = make_orders(1).front();
    listening_process const provider("payments", books());
    fault_proxy between(provider.port());
    payment_client pay(between.through(provider.url()), attempts(1));
    payment_client sure(provider.url());
    between.arm({.when_sent = "POST", .what = fault::hold, .hold = milliseconds{500}});
    auto const told = tickets::approve(db(), pay, request_for(order));
    EXPECT_FALSE(std::get<tickets::payment_unavailable>(told).outcome_known);
    EXPECT_EQ(tickets::recover(db(), sure, {.older_than = at_once}).found, 1);
    while (sure.find(request_for(order).payment_key)->calls == 0)
        std::this_thread::yield();
    expect_settled({order}, sure);
    EXPECT_NE(read(order.id).status, order_status::pending);
}

}  // namespace

}  // namespace tiebreak::test
