// B7: if at least the stock's number of eligible members ask, exactly the stock is served, however
// many processes there are; and the controls show that this is not so by itself.
#include "coupon_test.hpp"
#include "support/barrier.hpp"
#include "support/process.hpp"

#include <atomic>
#include <thread>

namespace tiebreak::test {

namespace {

using coupons::issue;

// Attempts without limit, as by default; a deadline that no machine is too slow for.
constexpr retry_policy patient{.deadline = std::chrono::minutes{5}};

struct tally {
    std::atomic<int> issued{0};
    std::atomic<int> sold_out{0};
    std::atomic<int> other{0};
};

struct race_size {
    int processes;
    int threads;
    int users;
    std::int64_t stock;
};

class B7 : public system_test {
protected:
    // The members' ids, each of whom asks once.
    std::vector<std::int64_t> members(int number)
    {
        return db().transact([&](unit_of_work& work) {
            std::vector<std::int64_t> ids;
            for (int i = 0; i < number; ++i)
                ids.push_back(work.insert(coupons::member{.name = "Ada"}).id);
            return ids;
        });
    }

    void race(coupons::issue_options const& options, race_size size);
};

void count(tally& to, coupons::issue_result const& result)
{
    if (is<coupons::issued>(result))
        ++to.issued;
    else if (is<coupons::sold_out>(result))
        ++to.sold_out;
    else
        ++to.other;
}

void B7::race(coupons::issue_options const& options, race_size size)
{
    SCOPED_TRACE(name_of(options.how));
    auto const code = std::string(name_of(options.how));
    make_coupon(db(), code, size.stock);
    auto const ids = members(size.users);
    close();

    shared_value<tally> total;
    shared_value<std::atomic<std::size_t>> next(0u);
    barrier start(size.processes);
    auto const ask = [&](database& in) {
        for (;;) {
            auto const mine = (*next)++;
            if (mine >= ids.size())
                return;
            count(*total, issue(in, code, ids[mine], options));
        }
    };
    std::vector<child_process> processes;
    for (int i = 0; i < size.processes; ++i) {
        processes.emplace_back([&] {
            auto own = fresh().open({.connections_max = size.threads});
            start.wait();
            std::vector<std::jthread> threads;
            for (int t = 0; t < size.threads; ++t)
                threads.emplace_back([&] { ask(own); });
            threads.clear();
            return 0;
        });
    }
    for (auto& process : processes)
        EXPECT_EQ(process.wait(), 0);
    EXPECT_EQ(total->issued, size.stock);
    EXPECT_EQ(total->sold_out, size.users - size.stock);
    EXPECT_EQ(total->other, 0);
    expect_issued(db(), code, size.stock);
}

TEST_P(B7, FiveHundredRequestsOfFourProcessesGetExactlyAHundred)
{
    captured_log const quiet(log_level::error);
    for (auto const how : exact_strategies)
        race({.how = how, .retry = patient},
             {.processes = 4, .threads = 8, .users = 500, .stock = 100});
}

TEST_P(B7, WithEightProcessesExactlyNinetySeven)
{
    captured_log const quiet(log_level::error);
    for (auto const how : exact_strategies)
        race({.how = how, .retry = patient},
             {.processes = 8, .threads = 4, .users = 500, .stock = 97});
}

TEST_P(B7, AStockAboveTheNumberOfMembersServesThemAll)
{
    captured_log const quiet(log_level::error);
    make_coupon(db(), "MANY", 1000);
    for (auto const id : members(20))
        EXPECT_TRUE(is<coupons::issued>(issue(db(), "MANY", id)));
    expect_issued(db(), "MANY", 20);
}

// Two requests read before either writes: the second write is based on what is no longer true.
TEST_P(B7, TheNaiveControlSellsTheLastOneTwice)
{
    make_coupon(db(), "LAST", 1);
    auto const ids = members(2);
    auto const mine =
        issue(db(),
              "LAST",
              ids[0],
              {
                  .how = coupons::strategy::naive,
                  .between =
                      [&] {
                          auto const theirs = as_another_client([&] {
                              return issue(db(), "LAST", ids[1], {.how = coupons::strategy::naive});
                          });
                          EXPECT_TRUE(is<coupons::issued>(theirs));
                      },
              });
    EXPECT_TRUE(is<coupons::issued>(mine));
    auto const found = coupons::audit(db(), "LAST");
    EXPECT_EQ(found->rows, 2);
    EXPECT_EQ(found->issued_quantity, 1);
    EXPECT_EQ(found->lost_updates(), 1);
    EXPECT_EQ(found->oversold(), 1);
}

// A mutex is right for the threads of one process …
TEST_P(B7, TheMutexOfAProcessHoldsItsThreads)
{
    race({.how = coupons::strategy::in_process, .retry = patient},
         {.processes = 1, .threads = 8, .users = 100, .stock = 50});
}

// … and nothing for two.
TEST_P(B7, TheMutexOfAProcessDoesNotHoldAnother)
{
    make_coupon(db(), "LAST", 1);
    auto const ids = members(2);
    close();
    barrier both_have_read(2);
    std::vector<child_process> processes;
    for (auto const id : ids) {
        processes.emplace_back([&, id] {
            auto own = fresh().open();
            auto const result = issue(own,
                                      "LAST",
                                      id,
                                      {
                                          .how = coupons::strategy::in_process,
                                          .between = [&] { both_have_read.wait(); },
                                      });
            return is<coupons::issued>(result) ? 0 : 1;
        });
    }
    for (auto& process : processes)
        EXPECT_EQ(process.wait(), 0);
    EXPECT_EQ(coupons::audit(db(), "LAST")->oversold(), 1);
    EXPECT_EQ(coupons::audit(db(), "LAST")->lost_updates(), 1);
}

TIEBREAK_ON_SHARED_ENGINES(B7);

}  // namespace

}  // namespace tiebreak::test
