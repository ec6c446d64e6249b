// The pool of connections: bounded, waited for with a limit, whole again after every use.
#include <tiebreak/counters.hpp>

#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/fault_proxy.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;

class Pool : public engine_test {
protected:
    captured_log log_;
};

TEST_P(Pool, NoMoreUnitsRunAtOnceThanThereAreConnections)
{
    for (int const connections : {1, 3}) {
        if (connections > 1 && !GetParam().is_shared)
            continue;
        auto bounded = fresh().open({.connections_max = connections});
        create_shop(bounded);
        auto const row = add_coupon(bounded, "A" + std::to_string(connections), 5);
        std::atomic<int> running{0};
        std::atomic<int> most{0};
        run_together(12, [&](int) {
            for (int i = 0; i < 10; ++i)
                bounded.transact([&](unit_of_work& work) {
                    auto const now = ++running;
                    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                    }
                    struct leaving {
                        std::atomic<int>& running;
                        ~leaving() { --running; }
                    } const leaves{running};
                    work.load<coupon>(row.id).issued_quantity += 1;
                });
        });
        EXPECT_LE(most, connections);
        EXPECT_EQ(stored<coupon>(bounded, row.id).issued_quantity, 120);
    }
}

TEST_P(Pool, WhoGetsNoConnectionInTimeIsToldUnavailableAndNothingRan)
{
    counters told;
    auto small =
        fresh().open({.connections_max = 1, .connection_wait = milliseconds{20}, .watcher = &told});
    create_shop(small);
    auto const before = told.attempts();
    barrier held(2);
    std::thread holder([&] {
        small.transact([&](unit_of_work& work) {
            held.wait();
            held.wait();
            work.add(setting{.name = "holder"});
        });
    });
    held.wait();
    bool ran = false;
    EXPECT_ERRC(small.transact([&](unit_of_work&) { ran = true; }), errc::unavailable);
    EXPECT_ERRC((void)repository<setting>(small).find("x"), errc::unavailable);
    EXPECT_ERRC(small.read([&](snapshot&) { ran = true; }), errc::unavailable);
    EXPECT_FALSE(ran);
    held.wait();
    holder.join();
    EXPECT_EQ(rows_of<setting>(small), 1);
    EXPECT_EQ(told.attempts(), before + 1);
    EXPECT_EQ(told.failures(), 0);
}

TEST_P(Pool, TellsHowItIsUsed)
{
    auto small = fresh().open({.connections_max = 3});
    create_shop(small);
    int const most = GetParam().is_shared ? 3 : 1;
    auto use = small.connections();
    EXPECT_EQ(use.open, 1);
    EXPECT_EQ(use.busy, 0);
    EXPECT_EQ(use.waiting, 0);
    EXPECT_EQ(use.most, most);
    barrier held(most + 1);
    std::vector<std::jthread> holders;
    for (int i = 0; i < most; ++i)
        holders.emplace_back([&] {
            small.transact([&](unit_of_work&) {
                held.wait();
                held.wait();
            });
        });
    held.wait();
    use = small.connections();
    EXPECT_EQ(use.open, most);
    EXPECT_EQ(use.busy, most);
    held.wait();
    holders.clear();
    EXPECT_EQ(small.connections().busy, 0);
}

TEST_P(Pool, WhoWaitsForAConnectionGetsItWhenItIsFree)
{
    auto small = fresh().open({.connections_max = 1});
    create_shop(small);
    barrier held(2);
    std::thread waiter([&] {
        held.wait();
        small.transact([](unit_of_work& work) {
            EXPECT_NE(work.find<setting>("first"), nullptr) << "not before the first has ended";
            work.add(setting{.name = "waiter"});
        });
    });
    small.transact([&](unit_of_work& work) {
        held.wait();
        work.add(setting{.name = "first"});
    });
    waiter.join();
    EXPECT_EQ(rows_of<setting>(small), 2);
}

TEST_P(Pool, ManyThreadsOnFewConnectionsLoseNothing)
{
    auto small = fresh().open({.connections_max = 2});
    create_shop(small);
    run_together(16, [&](int index) {
        for (int i = 0; i < 10; ++i) {
            auto const name = std::to_string(index) + "." + std::to_string(i);
            if (i % 2 == 0) {
                setting row{.name = name};
                repository<setting>(small).insert(row);
            } else {
                small.transact([&](unit_of_work& work) { work.add(setting{.name = name}); });
            }
            EXPECT_TRUE(is_stored<setting>(small, name));
            small.read([&](snapshot& view) {
                EXPECT_TRUE(repository<setting>(view).find(name).has_value());
            });
        }
    });
    EXPECT_EQ(rows_of<setting>(small), 160);
}

TEST_P(Pool, OptionsOutOfRangeAreRefused)
{
    EXPECT_THROW((void)fresh().open({.connections_max = 0}), std::invalid_argument);
    EXPECT_THROW((void)fresh().open({.connections_max = 1001}), std::invalid_argument);
    EXPECT_THROW((void)fresh().open({.connection_wait = milliseconds{-1}}), std::invalid_argument);
    EXPECT_THROW((void)fresh().open({}, "pool=0"), std::invalid_argument);
    EXPECT_THROW((void)fresh().open({}, "pool=many"), std::invalid_argument);
}

TEST_P(Pool, ADatabaseThatIsMovedKeepsWorking)
{
    auto first = fresh().open();
    create_shop(first);
    auto second = std::move(first);
    add_coupon(second, "A", 5);
    first = std::move(second);
    EXPECT_EQ(rows_of<coupon>(first), 1);
}

TEST_P(Pool, ADatabaseTellsWhatItIs)
{
    EXPECT_FALSE(db().engine().empty());
    EXPECT_FALSE(db().engine_version().empty());
    EXPECT_EQ(db().shown_url().find("password"), std::string::npos);
    db().transact(
        [&](unit_of_work&) { EXPECT_THROW((void)db().engine_version(), std::logic_error); });
}

// Without another run: an attempt that failed would have to be taken back first.
TEST_P(Pool, AConnectionThatDiedIdleIsReplacedBeforeAnythingRuns)
{
    TIEBREAK_NEEDS_CONNECTIONS();
    create_shop(db());
    fault_proxy proxy(port_of(fresh().url()));
    counters told;
    database far(proxy.through(fresh().url()), {.connections_max = 1, .watcher = &told});
    auto const lose_the_idle_one = [&] {
        proxy.refuse();
        // refused: so the proxy has ended what was open, too
        EXPECT_ERRC(database{proxy.through(fresh().url())}, errc::unavailable);
        proxy.accept_again();
    };

    int runs = 0;
    lose_the_idle_one();
    far.transact([&](unit_of_work& work) {
        ++runs;
        work.add(setting{.name = "unit"});
    });
    EXPECT_EQ(runs, 1);
    lose_the_idle_one();
    setting row{.name = "repository"};
    repository<setting>(far).insert(row);
    lose_the_idle_one();
    far.read([&](snapshot& view) { EXPECT_EQ(repository<setting>(view).select().count(), 2); });
    EXPECT_EQ(told.retries(), 0);
    EXPECT_EQ(rows_of<setting>(db()), 2);
}

TIEBREAK_ON_ALL_ENGINES(Pool);

}  // namespace

}  // namespace tiebreak::test
