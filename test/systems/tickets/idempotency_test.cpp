// C8: the payment key is an idempotency key. One of five is approved, repeats get the same answer
// for good, and Redis, lost or lying, makes no second charge. And A11 for tickets: compare-and-set
// in Redis, confirmed by the database.
#include <tiebreak/idempotency.hpp>
#include <tiebreak/schema.hpp>

#include "support/redis_server.hpp"
#include "systems/tickets/ticket_test.hpp"

#include <csignal>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tickets::strategy;

class C8 : public ticket_test {
protected:
    void SetUp() override
    {
        ticket_test::SetUp();
        if (HasFatalFailure() || IsSkipped())
            return;
        TIEBREAK_NEEDS_REDIS();
        server_ = std::make_unique<redis_server>();
        cache_ = std::make_unique<redis>(
            server_->url(),
            redis_options{.connect_timeout = seconds{5}, .command_timeout = seconds{5}});
        install(db());
        close_all();
    }

    // Redis is used by each process on its own links: none is open when they are forked.
    [[nodiscard]] tickets::approve_options by(strategy how) const
    {
        return {.how = how, .cache = cache_.get()};
    }

    tickets::approval
    approve(tickets::order const& of, tickets::approve_options const& how, std::string key = {})
    {
        return tickets::approve(db(), provider(), request_for(of, std::move(key)), how);
    }

    // The repeat of an approval, word for word but for the mark.
    void expect_repeat(tickets::order const& of,
                       tickets::approved const& first,
                       tickets::approve_options const& how)
    {
        auto const again = approve(of, how);
        ASSERT_EQ(tickets::name_of(again), "approved");
        auto const& same = std::get<tickets::approved>(again);
        EXPECT_TRUE(same.replayed);
        EXPECT_EQ(same.bill_id, first.bill_id);
        EXPECT_EQ(same.ticket_id, first.ticket_id);
        EXPECT_EQ(same.order_id, first.order_id);
        EXPECT_EQ(same.amount, first.amount);
        EXPECT_EQ(same.payment_key, first.payment_key);
    }

    // The death of whoever was at the key, as the database's clock sees it.
    void let_owner_die()
    {
        auto const earlier = db().engine() == "mariadb"      ? "deadline - INTERVAL 61 SECOND"
                             : db().engine() == "postgresql" ? "deadline - INTERVAL '61 seconds'"
                                                             : "deadline - 61000000";
        db().execute(std::string{"UPDATE tiebreak_idempotency SET deadline = "} + earlier);
    }

    void expect_one_charge(tickets::order const& of)
    {
        EXPECT_EQ(provider().find(request_for(of).payment_key)->standing(), 1);
        EXPECT_EQ(provider().find(request_for(of).payment_key)->charges, 1);
        EXPECT_TRUE(audit().sound());
    }

    // Of the five, exactly one did it; the others were refused or got its answer.
    void expect_one_of_five(strategy how)
    {
        auto const orders = make_orders(24);
        auto const told =
            race(orders, {.provider = {.latency_max = milliseconds{4}}, .approve = by(how)});
        for (auto const& one : told) {
            EXPECT_GE(one.approved, 1);
            EXPECT_EQ(one.errors, 0);
            EXPECT_EQ(one.approved + one.count("in-progress"), 5)
                << testing::PrintToString(one.names);
        }
        auto const report = audit();
        EXPECT_TRUE(report.sound());
        EXPECT_EQ(report.keys_called_twice, 0);
        for (auto const& one : report.orders) {
            EXPECT_EQ(one.status, tickets::order_status::complete);
            EXPECT_EQ(one.approvals, 1);
            EXPECT_EQ(one.calls, 1);
            EXPECT_EQ(one.charges_standing, 1);
        }
    }

    static constexpr strategy both[] = {strategy::idempotency_sql, strategy::idempotency_redis};

    std::unique_ptr<redis_server> server_;
    std::unique_ptr<redis> cache_;
};

TEST_P(C8, OneOfFiveIsApprovedByTheKey)
{
    expect_one_of_five(strategy::idempotency_sql);
}

TEST_P(C8, OneOfFiveIsApprovedByTheKeyWithRedis)
{
    expect_one_of_five(strategy::idempotency_redis);
}

TEST_P(C8, RepeatsGetTheSameAnswerForGood)
{
    for (auto const how : both) {
        auto const order = make_order();
        auto const first = approve(order, by(how));
        ASSERT_EQ(tickets::name_of(first), "approved");
        auto const& made = std::get<tickets::approved>(first);
        EXPECT_FALSE(made.replayed);
        for (int i = 0; i < 3; ++i)
            expect_repeat(order, made, by(how));
        expect_one_charge(order);
    }
}

TEST_P(C8, ADeclinedPaymentStaysDeclined)
{
    for (auto const how : both) {
        auto const order = make_order();
        tickets::stand_in_provider declining(books_url(), {.decline_rate = 1});
        EXPECT_EQ(tickets::name_of(tickets::approve(db(), declining, request_for(order), by(how))),
                  "payment-declined");
        EXPECT_EQ(tickets::name_of(approve(order, by(how))), "payment-declined");
        EXPECT_EQ(read(order.id).status, tickets::order_status::waiting);
        EXPECT_EQ(tickets::name_of(approve(order, by(how), "another " + std::to_string(order.id))),
                  "approved");
    }
    EXPECT_TRUE(audit().sound());
}

TEST_P(C8, AFailureWithoutAChargeIsNotKept)
{
    for (auto const how : both) {
        auto const order = make_order();
        tickets::stand_in_provider failing(books_url(), {.error_rate = 1});
        auto const answer = tickets::approve(db(), failing, request_for(order), by(how));
        ASSERT_EQ(tickets::name_of(answer), "payment-unavailable");
        EXPECT_TRUE(std::get<tickets::payment_unavailable>(answer).outcome_known);
        EXPECT_EQ(tickets::name_of(approve(order, by(how))), "approved");
    }
    EXPECT_TRUE(audit().sound());
}

TEST_P(C8, AnotherRequestUnderTheKeyIsRefused)
{
    for (auto const how : both) {
        auto const order = make_order();
        auto const other = make_order();
        auto const key = "of " + std::to_string(order.id);
        EXPECT_EQ(tickets::name_of(approve(order, by(how), key)), "approved");
        EXPECT_EQ(tickets::name_of(approve(other, by(how), key)), "payment-key-in-use");
        EXPECT_EQ(read(other.id).status, tickets::order_status::waiting);
    }
    EXPECT_TRUE(audit().sound());
}

TEST_P(C8, WhatIsWrongWithARequestIsToldAndNotKept)
{
    auto const order = make_order();
    auto wrong = request_for(order);
    wrong.amount += 1;
    for (auto const how : both) {
        EXPECT_EQ(tickets::name_of(tickets::approve(db(), provider(), wrong, by(how))),
                  "amount-mismatch");
        EXPECT_EQ(repository<tickets::bill>(db()).select().count(), 0);
    }
    EXPECT_EQ(tickets::name_of(approve(order, by(strategy::idempotency_sql))), "approved");
}

TEST_P(C8, RedisLostOrEvictedIsStillOneChargeAndTheSameAnswer)
{
    auto const order = make_order();
    auto const how = by(strategy::idempotency_redis);
    watched_provider flushing(provider());
    flushing.before_charge = [&] { server_->command({"FLUSHALL"}); };
    auto const first = tickets::approve(db(), flushing, request_for(order), how);
    ASSERT_EQ(tickets::name_of(first), "approved");
    auto const& made = std::get<tickets::approved>(first);
    expect_repeat(order, made, how);
    server_->command({"FLUSHALL"});
    expect_repeat(order, made, how);
    server_->kill();
    expect_repeat(order, made, how);
    server_->start_again();
    expect_repeat(order, made, how);
    expect_one_charge(order);
}

TEST_P(C8, RedisKilledWhileTheProviderChargesIsStillOneCharge)
{
    auto const order = make_order();
    auto const how = by(strategy::idempotency_redis);
    watched_provider killing(provider());
    std::vector<std::string> meanwhile;
    killing.before_charge = [&] {
        server_->kill();
        for (int i = 0; i < 4; ++i)
            meanwhile.emplace_back(tickets::name_of(approve(order, how)));
    };
    EXPECT_EQ(tickets::name_of(tickets::approve(db(), killing, request_for(order), how)),
              "approved");
    EXPECT_EQ(meanwhile, std::vector<std::string>(4, "in-progress"));
    expect_one_charge(order);
}

// The server died between two steps; its key is taken over after the deadline, and the truth told.
TEST_P(C8, ACallThatDiedIsTakenOverByARepeat)
{
    for (auto const at : {tickets::step::decided, tickets::step::charged}) {
        auto const order = make_order();
        auto const url = fresh().url();
        fresh().allow_leftovers();
        child_process server([&] {
            database here(url);
            tickets::stand_in_provider payments(books_url());
            static_cast<void>(tickets::approve(
                here,
                payments,
                request_for(order),
                {.how = strategy::idempotency_sql, .reached = [&](tickets::step where) {
                     if (where == at)
                         ::raise(SIGKILL);
                 }}));
            return 0;
        });
        EXPECT_EQ(server.wait(), -SIGKILL);
        auto const how = by(strategy::idempotency_sql);
        EXPECT_EQ(tickets::name_of(approve(order, how)), "in-progress");
        let_owner_die();
        auto const truth = approve(order, how);
        ASSERT_EQ(tickets::name_of(truth), "approved");
        EXPECT_FALSE(std::get<tickets::approved>(truth).replayed);
        expect_repeat(order, std::get<tickets::approved>(truth), how);
        expect_one_charge(order);
        close_all();
    }
}

// The owner was only slow: by the time it has charged, a repeat has taken over and completed.
TEST_P(C8, ASlowOwnerGetsTheAnswerOfWhoTookOver)
{
    auto const order = make_order();
    auto const how = by(strategy::idempotency_sql);
    watched_provider slow(provider());
    tickets::approval overtaker;
    slow.after_charge = [&] {
        let_owner_die();
        overtaker = approve(order, how);
    };
    auto const late = tickets::approve(db(), slow, request_for(order), how);
    ASSERT_EQ(tickets::name_of(overtaker), "approved");
    ASSERT_EQ(tickets::name_of(late), "approved");
    EXPECT_TRUE(std::get<tickets::approved>(late).replayed);
    EXPECT_EQ(std::get<tickets::approved>(late).bill_id,
              std::get<tickets::approved>(overtaker).bill_id);
    expect_one_charge(order);
}

// The reply was lost: recovery completed the order, and the repeat after the deadline tells it.
TEST_P(C8, APaymentInDoubtIsToldOnceRecoveryKnows)
{
    auto const order = make_order();
    auto const how = by(strategy::idempotency_sql);
    tickets::stand_in_provider losing(books_url(), {.drop_reply_rate = 1});
    auto const first = tickets::approve(db(), losing, request_for(order), how);
    ASSERT_EQ(tickets::name_of(first), "payment-unavailable");
    EXPECT_EQ(tickets::name_of(approve(order, how)), "in-progress");
    EXPECT_EQ(tickets::recover(db(), provider(), {.older_than = milliseconds{0}}).completed, 1);
    let_owner_die();
    auto const truth = approve(order, how);
    ASSERT_EQ(tickets::name_of(truth), "approved");
    expect_repeat(order, std::get<tickets::approved>(truth), how);
    expect_one_charge(order);
}

TEST_P(C8, APaymentKeyOfAnyBytesIsAKey)
{
    auto const order = make_order();
    auto const how = by(strategy::idempotency_sql);
    auto const first = approve(order, how, "Schl\xc3\xbcssel");
    ASSERT_EQ(tickets::name_of(first), "approved");
    auto const again = approve(order, how, "Schl\xc3\xbcssel");
    EXPECT_TRUE(std::get<tickets::approved>(again).replayed);
    EXPECT_EQ(std::get<tickets::approved>(again).payment_key, "Schl\xc3\xbcssel");
}

TIEBREAK_ON_SHARED_ENGINES(C8);

class RedisCas : public C8 {};

TEST_P(RedisCas, OneOfFiveIsApprovedByCompareAndSet)
{
    expect_one_approved(by(strategy::redis_cas));
}

TEST_P(RedisCas, TheDatabaseConfirmsWhatRedisLetThrough)
{
    auto const order = make_order();
    auto const how = by(strategy::redis_cas);
    EXPECT_EQ(tickets::name_of(approve(order, how)), "approved");
    server_->command({"FLUSHALL"});
    EXPECT_EQ(tickets::name_of(approve(order, how)), "already-processed");
    expect_one_charge(order);
}

TEST_P(RedisCas, RedisFlushedBetweenClaimAndDecisionIsStillOneCharge)
{
    auto const order = make_order();
    auto how = by(strategy::redis_cas);
    std::vector<std::string> meanwhile;
    how.between = [&] {
        server_->command({"FLUSHALL"});
        auto inner = by(strategy::redis_cas);
        if (meanwhile.empty())
            std::thread([&] {
                database other(fresh().url());
                meanwhile.emplace_back(tickets::name_of(
                    tickets::approve(other, provider(), request_for(order), inner)));
            }).join();
    };
    // on an engine with a single writer the decision that is open keeps the other one out
    if (!db().supports(capability::row_locks))
        GTEST_SKIP() << "this engine lacks " << name_of(capability::row_locks);
    auto const outer = approve(order, how);
    EXPECT_EQ(meanwhile, std::vector<std::string>{"approved"});
    EXPECT_EQ(tickets::name_of(outer), "already-processed");
    expect_one_charge(order);
}

TEST_P(RedisCas, WithoutRedisTheDatabaseDecidesAlone)
{
    server_->kill();
    expect_one_approved(by(strategy::redis_cas));
    EXPECT_THROW(static_cast<void>(approve(make_order(), {.how = strategy::redis_cas})),
                 std::invalid_argument);
}

TIEBREAK_ON_SHARED_ENGINES(RedisCas);

}  // namespace

}  // namespace tiebreak::test
