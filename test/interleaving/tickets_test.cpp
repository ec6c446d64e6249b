// The strategies of the ticket system, as they are: two approvals of one order with one payment
// key. With an exact one the order is approved once and paid once in every order of the steps.
#include <tiebreak/redis.hpp>

#include "support/redis_server.hpp"
#include "system_strategies.hpp"
#include "systems/tickets/tickets.hpp"

#include <mutex>
#include <variant>

namespace tiebreak::test {

namespace {

namespace tickets = systems::tickets;

constexpr tickets::strategy ticket_strategies[] = {tickets::strategy::naive,
                                                   tickets::strategy::conditional,
                                                   tickets::strategy::unique_claim,
                                                   tickets::strategy::optimistic,
                                                   tickets::strategy::pessimistic,
                                                   tickets::strategy::pessimistic_where,
                                                   tickets::strategy::idempotency_sql};

constexpr tickets::strategy strategies_with_redis[] = {tickets::strategy::idempotency_redis,
                                                       tickets::strategy::redis_cas};

// Counts charges: one for each call, or for each idempotency key.
class counting_provider final : public tickets::payment_provider {
public:
    tickets::charge_reply charge(tickets::charge_request const& wish) override
    {
        std::scoped_lock const hold(mutex_);
        if (!wish.idempotency_key || charges_ == 0)
            ++charges_;
        return {tickets::charge_outcome::approved, "charge"};
    }

    std::optional<tickets::payment_record> find(std::string_view) override
    {
        std::scoped_lock const hold(mutex_);
        return tickets::payment_record{.state = tickets::payment_state::charged,
                                       .charges = charges_};
    }

    tickets::cancel_outcome cancel(std::string_view) override
    {
        return tickets::cancel_outcome::no_answer;
    }

private:
    std::mutex mutex_;
    std::int64_t charges_ = 0;
};

claim const paid_twice{"the order is paid or approved twice", [](order_result const& came) {
                           return came.after.balance(1) > 1 || came.after.balance(2) > 1;
                       }};
claim const approved_once{"the order is approved once and paid once", [](order_result const& came) {
                              return came.after.balance(1) == 1 && came.after.balance(2) == 1;
                          }};

class TicketStrategies : public system_strategies {
protected:
    void SetUp() override
    {
        system_strategies::SetUp();
        if (!HasFatalFailure())
            install(db());
    }

    // Under a payment key of its own: keys that are answered for stay so.
    void make_order()
    {
        db().transact([](unit_of_work& work) {
            work.execute("DELETE FROM " + work.table<tickets::payment_claim>());
            work.execute("DELETE FROM " + work.table<tickets::ticket>());
            work.execute("DELETE FROM " + work.table<tickets::bill>());
            work.execute("DELETE FROM " + work.table<tickets::order>());
        });
        order_ = std::get<tickets::order>(tickets::create_order(
            db(), {.member_id = 1, .lines = {{.numbers = {1, 2, 3, 4, 5, 6}}}}));
        provider_ = std::make_unique<counting_provider>();
        payment_key_ = "key " + std::to_string(++orders_made_);
    }

    // How often the order was approved, and how often it was paid, as balances.
    world look()
    {
        auto const now = repository<tickets::order>(db()).find(order_.id).value();
        return {.accounts = {{.id = 1, .balance = now.approvals},
                             {.id = 2, .balance = provider_->find(payment_key_)->charges}}};
    }

    session approves(std::string name, tickets::strategy how, isolation level) const
    {
        auto* const provider = provider_.get();
        auto const* const cache = cache_.get();
        auto const order = order_;
        auto const payment_key = payment_key_;
        return session(std::move(name), alone())
            .step("read",
                  [=](stage& on) {
                      tickets::approve_options const options{
                          .how = how,
                          .retry = retry_presets::once,
                          .level = level,
                          .between =
                              [&] {
                                  on.pause(tickets::is_negative_control(how)
                                               ? stage::inside::nothing
                                               : stage::inside::a_unit);
                              },
                          .lock_wait = std::chrono::seconds{20},
                          .reached =
                              [&](tickets::step at) {
                                  if (at == tickets::step::decided)
                                      on.pause(stage::inside::nothing);
                              },
                          .cache = cache};
                      auto const answer = tickets::approve(
                          on.db(),
                          *provider,
                          {order.lotto_publish_id, order.id, payment_key, order.amount},
                          options);
                      auto const* const mine = std::get_if<tickets::approved>(&answer);
                      if (mine == nullptr || mine->replayed)  // then the other's call did it
                          (void)on.won(outcome::lost);
                  })
            .pause("decide")
            .pause("charge and complete");
    }

    // Above the default one of each kind stands for the others: a condition, a version, a lock.
    std::vector<isolation> levels_of(tickets::strategy how)
    {
        bool const stands_for_its_kind = how == tickets::strategy::conditional ||
                                         how == tickets::strategy::optimistic ||
                                         how == tickets::strategy::pessimistic;
        if (stands_for_its_kind || runs_all())
            return levels();
        return {isolation::read_committed};
    }

    void explore_approvals(tickets::strategy how, isolation level)
    {
        bool const is_control = tickets::is_negative_control(how);
        std::vector<claim> always{somebody_wins, failures_are({})};
        if (!is_control) {
            always.push_back(so_many_win(1));
            always.push_back(approved_once);
        }
        explore({.anomaly = "tickets",
                 .form = std::string{name_of(how)},
                 .is_control = is_control,
                 .sessions =
                     [&] {
                         return std::vector{approves("A", how, level), approves("B", how, level)};
                     },
                 .goes_wrong = paid_twice,
                 .is_permitted = is_control,
                 .always = std::move(always),
                 .prepare = [&] { make_order(); },
                 .look = [&] { return look(); }},
                level);
    }

    std::unique_ptr<redis> cache_;

private:
    tickets::order order_;
    std::unique_ptr<counting_provider> provider_;
    std::string payment_key_;
    int orders_made_ = 0;
};

TEST_P(TicketStrategies, ExactOnesApproveOnceInEveryOrder)
{
    for (auto const how : ticket_strategies)
        for (auto const level : levels_of(how))
            explore_approvals(how, level);
}

TEST_P(TicketStrategies, RedisLetsOneThroughInEveryOrder)
{
    TIEBREAK_NEEDS_REDIS();
    redis_server const server;
    cache_ = std::make_unique<redis>(server.url(),
                                     redis_options{.connect_timeout = std::chrono::seconds{5},
                                                   .command_timeout = std::chrono::seconds{5}});
    for (auto const how : strategies_with_redis)
        for (auto const level : levels_of(how))
            explore_approvals(how, level);
}

TIEBREAK_ON_SHARED_ENGINES(TicketStrategies);

}  // namespace

}  // namespace tiebreak::test
