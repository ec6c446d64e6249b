// The same key at the same time: over connections, threads and processes, and owners that die.
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/idempotent.hpp"
#include "support/process.hpp"

#include <csignal>
#include <future>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class IdempotentRace : public engine_test {
protected:
    // Made in a process of its own: tests fork, and then no database may be open here.
    void SetUp() override
    {
        engine_test::SetUp();
        fresh().allow_leftovers();
        ASSERT_EQ(run_in_process([&] {
                      auto here = fresh().open();
                      install(here);
                      create_shop(here);
                      return 0;
                  }),
                  0);
    }

    captured_log log_;
};

TEST_P(IdempotentRace, ARepeatWaitsForTheFirstCallAndGetsItsAnswer)
{
    auto other = fresh().open();
    idempotency const first(db(), {.wait = seconds{60}});
    idempotency const second(other, {.wait = seconds{60}});
    std::future<idempotent_result> repeat;
    std::promise<void> started;
    auto const result = first.run(request_of("k"), [&](unit_of_work& work) {
        work.insert(setting{.name = "a"});
        work.flush();
        repeat = std::async(std::launch::async, [&] {
            started.set_value();
            return second.run(request_of("k"), must_not_run());
        });
        started.get_future().wait();
        return keep(answer_of("a"));
    });
    EXPECT_EQ(result.how, idempotent_outcome::executed);
    auto const repeated = repeat.get();
    EXPECT_EQ(repeated.how, idempotent_outcome::replayed);
    EXPECT_EQ(repeated.answer, answer_of("a"));
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentRace, ARepeatThatHasWaitedLongEnoughIsToldToAskAgain)
{
    auto other = fresh().open();
    idempotency const first(db());
    idempotency const second(other, {.wait = milliseconds{50}, .retry_after = milliseconds{700}});
    static_cast<void>(first.run(request_of("k"), [&](unit_of_work& work) {
        work.insert(setting{.name = "a"});
        work.flush();
        auto const asked = std::async(std::launch::async, [&] {
                               return second.run(request_of("k"), must_not_run());
                           }).get();
        EXPECT_EQ(asked.how, idempotent_outcome::in_progress);
        EXPECT_EQ(asked.retry_after, milliseconds{700});
        return keep(answer_of("a"));
    }));
    EXPECT_EQ(second.run(request_of("k"), must_not_run()).how, idempotent_outcome::replayed);
}

TEST_P(IdempotentRace, AnotherRequestIsRefusedOnceTheFirstIsDone)
{
    auto other = fresh().open();
    idempotency const first(db());
    idempotency const second(other, {.wait = seconds{60}});
    std::future<idempotent_result> reuse;
    static_cast<void>(first.run(request_of("k", "1"), [&](unit_of_work& work) {
        work.insert(setting{.name = "a"});
        work.flush();
        reuse = std::async(std::launch::async,
                           [&] { return second.run(request_of("k", "2"), must_not_run()); });
        return keep(answer_of("a"));
    }));
    EXPECT_EQ(reuse.get().how, idempotent_outcome::reused);
}

TEST_P(IdempotentRace, ARepeatRunsWhenTheFirstCallIsNotKept)
{
    auto other = fresh().open();
    idempotency const first(db());
    idempotency const second(other, {.wait = seconds{60}});
    std::future<idempotent_result> repeat;
    static_cast<void>(first.run(request_of("k"), [&](unit_of_work& work) {
        work.insert(setting{.name = "first"});
        work.flush();
        repeat = std::async(std::launch::async,
                            [&] { return second.run(request_of("k"), adds_setting("second")); });
        return do_not_keep(answer_of("busy", 503));
    }));
    EXPECT_EQ(repeat.get().how, idempotent_outcome::executed);
    EXPECT_FALSE(is_stored<setting>(db(), "first"));
    EXPECT_TRUE(is_stored<setting>(db(), "second"));
}

TEST_P(IdempotentRace, LimitsOnlyTheWaitForTheKeyNotTheOthers)
{
    TIEBREAK_NEEDS(capability::row_locks);
    auto other = fresh().open();
    auto const row = add_coupon(db(), "A", 10);
    idempotency const calls(other, {.wait = milliseconds{1}});
    std::future<idempotent_result> waiting;
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row.id).issued_quantity += 1;
        work.flush();
        waiting = std::async(std::launch::async, [&] {
            return calls.run(request_of("k"), [&](unit_of_work& unit) {
                static_cast<void>(repository<coupon>(unit).update_if(
                    row.id, condition<coupon>{}, field<& coupon::issued_quantity> += 1));
                return keep(answer_of("a"));
            });
        });
        EXPECT_EQ(waiting.wait_for(milliseconds{100}), std::future_status::timeout);
    });
    EXPECT_EQ(waiting.get().how, idempotent_outcome::executed);
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 2);
}

TEST_P(IdempotentRace, OfManyThreadsOneExecutesAndAllGetOneAnswer)
{
    constexpr int threads = 8;
    constexpr int rounds = 10;
    auto const row = add_coupon(db(), "A", 1'000);
    idempotency const calls(db(), {.wait = seconds{60}});
    for (int round = 0; round < rounds; ++round) {
        std::atomic<int> executed{0};
        std::atomic<int> runs{0};
        std::vector<idempotent_result> results(threads);
        run_together(threads, [&](int i) {
            auto& mine = results[static_cast<std::size_t>(i)];
            mine = calls.run(request_of(std::to_string(round)), [&](unit_of_work& work) {
                work.load<coupon>(row.id).issued_quantity += 1;
                return keep(answer_of(std::to_string(++runs)));
            });
            executed += mine.how == idempotent_outcome::executed ? 1 : 0;
        });
        EXPECT_EQ(executed, 1);
        for (auto const& one : results)
            EXPECT_EQ(one.answer, results.front().answer);
    }
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, rounds);
    EXPECT_EQ(key_rows(db()), rounds);
}

TEST_P(IdempotentRace, OfManyProcessesOneExecutes)
{
    constexpr int processes = 4;
    constexpr int rounds = 15;
    barrier start(processes);
    shared_value<std::atomic<int>> executed(0);
    std::vector<child_process> children;
    for (int child = 0; child < processes; ++child)
        children.emplace_back([&, child] {
            auto here = fresh().open();
            idempotency const calls(here, {.wait = seconds{60}});
            for (int round = 0; round < rounds; ++round) {
                start.wait();
                auto const name = std::to_string(round);
                auto const result = calls.run(request_of(name), [&](unit_of_work& work) {
                    work.insert(setting{.name = name, .value = std::to_string(child)});
                    return keep(answer_of(std::to_string(child)));
                });
                *executed += result.how == idempotent_outcome::executed ? 1 : 0;
                EXPECT_EQ(result.answer.body, stored<setting>(here, name).value);
            }
            return 0;
        });
    for (auto& child : children)
        EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(*executed, rounds);
    EXPECT_EQ(rows_of<setting>(db()), rounds);
}

TEST_P(IdempotentRace, ACallThatIsKilledLeavesNothingAndTheRepeatRunsAtOnce)
{
    barrier written(2);
    child_process caller([&] {
        auto here = fresh().open();
        static_cast<void>(idempotency(here).run(request_of("k"), [&](unit_of_work& work) {
            work.insert(setting{.name = "killed"});
            written.wait();
            for (;;)
                ::pause();
            return keep(answer_of("killed"));
        }));
        return 0;
    });
    written.wait();
    caller.send(SIGKILL);
    EXPECT_EQ(caller.wait(), -SIGKILL);
    idempotency const calls(db(), {.wait = seconds{60}});
    EXPECT_EQ(calls.run(request_of("k"), adds_setting("b")).how, idempotent_outcome::executed);
    EXPECT_FALSE(is_stored<setting>(db(), "killed"));
    EXPECT_TRUE(is_stored<setting>(db(), "b"));
    EXPECT_EQ(key_rows(db()), 1);
}

TIEBREAK_ON_SHARED_ENGINES(IdempotentRace);

}  // namespace

}  // namespace tiebreak::test
