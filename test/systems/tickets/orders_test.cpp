// Orders, and every answer of an approval that is not a race.
#include "systems/tickets/ticket_test.hpp"

#include <stdexcept>

namespace tiebreak::test {

namespace {

using tickets::lotto_line;
using tickets::order_status;
using tickets::strategy;

class TicketOrders : public ticket_test {
protected:
    std::string answer(tickets::approval_request const& request, strategy how)
    {
        return std::string{
            tickets::name_of(tickets::approve(db(), provider(), request, {.how = how}))};
    }
};

TIEBREAK_ON_SHARED_ENGINES(TicketOrders);

constexpr auto every_strategy = {strategy::naive,
                                 strategy::in_process,
                                 strategy::conditional,
                                 strategy::unique_claim,
                                 strategy::optimistic,
                                 strategy::pessimistic,
                                 strategy::pessimistic_where};

TEST_P(TicketOrders, CostAThousandForEachLine)
{
    (void)make_orders(0);
    auto const made = tickets::create_order(
        db(), {.member_id = 3, .lines = {{{1, 2, 3, 4, 5, 6}}, {{45, 44, 43, 42, 41, 40}}}});
    auto const& order = std::get<tickets::order>(made);
    EXPECT_EQ(order.amount, 2'000);
    auto const row = read(order.id);
    EXPECT_EQ(row.amount, 2'000);
    EXPECT_EQ(row.member_id, 3);
    EXPECT_EQ(row.status, order_status::waiting);
    EXPECT_EQ(row.version, order.version);
    EXPECT_FALSE(row.payment_key);
    EXPECT_EQ(repository<tickets::lotto_publish>(db()).find(row.lotto_publish_id)->lines,
              "1,2,3,4,5,6;45,44,43,42,41,40");
}

TEST_P(TicketOrders, OfWrongLinesAreRefusedAndNotStored)
{
    (void)make_orders(0);
    auto const refusal = [&](std::vector<lotto_line> lines) {
        auto const made = tickets::create_order(db(), {.member_id = 3, .lines = std::move(lines)});
        auto const& why = std::get<tickets::invalid_lines>(made);
        return std::to_string(why.line) + " " + std::string{why.rule};
    };
    lotto_line const good{{1, 2, 3, 4, 5, 6}};
    EXPECT_EQ(refusal({}), "0 must be 1 to 100 lines");
    EXPECT_EQ(refusal(std::vector<lotto_line>(101, good)), "0 must be 1 to 100 lines");
    EXPECT_EQ(refusal({good, {{1, 2, 3, 4, 5}}}), "2 must have 6 numbers");
    EXPECT_EQ(refusal({{{1, 2, 3, 4, 5, 6, 7}}}), "1 must have 6 numbers");
    EXPECT_EQ(refusal({{{0, 2, 3, 4, 5, 6}}}), "1 must have numbers from 1 to 45");
    EXPECT_EQ(refusal({{{1, 2, 3, 4, 5, 46}}}), "1 must have numbers from 1 to 45");
    EXPECT_EQ(refusal({good, good, {{1, 2, 3, 4, 5, 1}}}), "3 must not repeat a number");
    EXPECT_EQ(repository<tickets::order>(db()).select().count(), 0);
    EXPECT_EQ(repository<tickets::lotto_publish>(db()).select().count(), 0);
}

TEST_P(TicketOrders, AreApprovedOnceByEveryStrategyAndThenAlreadyProcessed)
{
    auto const orders = make_orders(7);
    std::size_t next = 0;
    for (auto const how : every_strategy) {
        auto const& order = orders[next++];
        auto const first = tickets::approve(db(), provider(), request_for(order), {.how = how});
        auto const& told = std::get<tickets::approved>(first);
        auto const paid = repository<tickets::bill>(db()).find(told.bill_id).value();
        EXPECT_EQ(paid.order_id, order.id);
        EXPECT_EQ(paid.amount, order.amount);
        EXPECT_EQ(paid.payment_key, request_for(order).payment_key);
        EXPECT_EQ(paid.charge_id, provider().find(paid.payment_key)->charge_id);
        auto const bought = repository<tickets::ticket>(db()).find(told.ticket_id).value();
        EXPECT_EQ(bought.bill_id, paid.id);
        EXPECT_EQ(bought.lotto_publish_id, order.lotto_publish_id);
        EXPECT_EQ(answer(request_for(order), how), "already-processed") << tickets::name_of(how);
        EXPECT_EQ(read(order.id).approvals, 1);
    }
    EXPECT_TRUE(audit().sound());
}

TEST_P(TicketOrders, AreChargedUnderAnIdempotencyKeyExceptByControls)
{
    auto const orders = make_orders(7);
    watched_provider watched(provider());
    std::size_t next = 0;
    for (auto const how : every_strategy) {
        auto const request = request_for(orders[next++]);
        (void)tickets::approve(db(), watched, request, {.how = how});
        EXPECT_EQ(watched.last_idempotency_key,
                  tickets::is_negative_control(how) ? std::nullopt
                                                    : std::optional{request.payment_key})
            << tickets::name_of(how);
    }
}

TEST_P(TicketOrders, AreNotApprovedForAnotherAmountOrPublication)
{
    auto const order = make_order();
    for (auto const how : every_strategy) {
        auto dearer = request_for(order);
        dearer.amount += 1;
        EXPECT_EQ(answer(dearer, how), "amount-mismatch") << tickets::name_of(how);
        auto of_another = request_for(order);
        of_another.lotto_publish_id += 1;
        EXPECT_EQ(answer(of_another, how), "order-not-found") << tickets::name_of(how);
        auto unknown = request_for(order);
        unknown.order_id += 1;
        EXPECT_EQ(answer(unknown, how), "order-not-found") << tickets::name_of(how);
    }
    EXPECT_TRUE(provider().accounts().empty());
    EXPECT_EQ(read(order.id).status, order_status::waiting);
    EXPECT_EQ(repository<tickets::payment_claim>(db()).select().count(), 0);
}

TEST_P(TicketOrders, CannotBePaidWithThePaymentOfAnotherOrder)
{
    auto const orders = make_orders(2);
    EXPECT_EQ(answer(request_for(orders[0], "same"), strategy::unique_claim), "approved");
    for (auto const how : every_strategy)
        EXPECT_EQ(answer(request_for(orders[1], "same"), how), "payment-key-in-use")
            << tickets::name_of(how);
    EXPECT_EQ(read(orders[1].id).status, order_status::waiting);
    EXPECT_TRUE(audit().sound());
}

TEST_P(TicketOrders, WaitAgainAfterADeclineOrAnError)
{
    auto const order = make_order();
    tickets::stand_in_provider declining(books_url(), {.decline_rate = 1});
    tickets::stand_in_provider failing(books_url(), {.error_rate = 1});
    std::int64_t epoch = 0;
    for (auto const how : every_strategy) {
        std::string const key{tickets::name_of(how)};
        auto const declined =
            tickets::approve(db(), declining, request_for(order, key + "-declined"), {.how = how});
        EXPECT_EQ(tickets::name_of(declined), "payment-declined") << key;
        auto const failed =
            tickets::approve(db(), failing, request_for(order, key + "-failed"), {.how = how});
        EXPECT_TRUE(std::get<tickets::payment_unavailable>(failed).outcome_known) << key;
        auto const row = read(order.id);
        EXPECT_EQ(row.status, order_status::waiting);
        EXPECT_FALSE(row.payment_key);
        EXPECT_FALSE(row.pending_since);
        EXPECT_EQ(row.epoch, epoch += 2) << "each tenure has an epoch of its own";
    }
    EXPECT_EQ(answer(request_for(order), strategy::conditional), "approved");
    EXPECT_TRUE(audit().sound());
}

TEST_P(TicketOrders, StayPendingWithoutAnAnswerOfTheProvider)
{
    auto const order = make_order();
    tickets::stand_in_provider mute(books_url(), {.drop_reply_rate = 1});
    auto const told = tickets::approve(db(), mute, request_for(order));
    EXPECT_FALSE(std::get<tickets::payment_unavailable>(told).outcome_known);
    EXPECT_EQ(read(order.id).status, order_status::pending);
    EXPECT_EQ(answer(request_for(order), strategy::optimistic), "in-progress");
    EXPECT_EQ(provider().find(request_for(order).payment_key)->calls, 1);
}

// Joining the unit would keep its locks while the provider is called.
TEST_P(TicketOrders, CannotBeApprovedInsideAUnitOfWork)
{
    auto const order = make_order();
    for (auto const how : every_strategy) {
        EXPECT_THROW(db().transact([&](unit_of_work&) {
            (void)tickets::approve(db(), provider(), request_for(order), {.how = how});
        }),
                     std::logic_error)
            << tickets::name_of(how);
    }
    EXPECT_THROW(db().transact([&](unit_of_work&) { tickets::recover(db(), provider()); }),
                 std::logic_error);
    EXPECT_TRUE(provider().accounts().empty());
    EXPECT_EQ(read(order.id).status, order_status::waiting);
}

TEST_P(TicketOrders, RefuseImpossibleRequestsAndOptions)
{
    auto const order = make_order();
    EXPECT_THROW(
        (void)answer({order.lotto_publish_id, order.id, "", order.amount}, strategy::conditional),
        std::invalid_argument);
    EXPECT_THROW((void)answer(request_for(order, std::string(201, 'k')), strategy::conditional),
                 std::invalid_argument);
    EXPECT_THROW(
        (void)tickets::approve(
            db(), provider(), request_for(order), {.lock_wait = std::chrono::milliseconds{-1}}),
        std::invalid_argument);
    EXPECT_THROW((void)tickets::approve(
                     db(), provider(), request_for(order), {.retry = {.attempts_max = -1}}),
                 std::invalid_argument);
    EXPECT_THROW(tickets::recover(db(), provider(), {.orders_max = 0}), std::invalid_argument);
    EXPECT_EQ(read(order.id).status, order_status::waiting);
}

TEST(TicketStrategies, AreFoundByName)
{
    for (auto const how : every_strategy)
        EXPECT_EQ(tickets::strategy_named(tickets::name_of(how)), how);
}

TEST(TicketStrategies, ThatAreUnknownAreRefusedByName)
{
    auto const refusal = [](std::string_view name) -> std::string {
        try {
            (void)tickets::strategy_named(name);
        } catch (std::invalid_argument const& why) {
            return why.what();
        }
        return {};
    };
    EXPECT_EQ(refusal("fast"), "ticket strategy 'fast' is unknown");
}

}  // namespace

}  // namespace tiebreak::test
