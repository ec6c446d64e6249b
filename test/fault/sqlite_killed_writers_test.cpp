// Writers of one SQLite file that are killed, stopped or never come back: what was answered stays,
// nothing is half done, and nobody else is kept out.
#include <tiebreak/database.hpp>

#include "support/checks.hpp"
#include "support/process.hpp"
#include "support/shop.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiebreak::test {
namespace {

using namespace std::chrono_literals;

class KilledWriters : public testing::Test {
protected:
    KilledWriters()
    {
        database db(url());
        create_shop(db);
        add_coupon(db, "ONE", 1'000'000'000);
    }

    [[nodiscard]] std::string url() const { return "sqlite:" + folder_.file("shop.db"); }

    // Issues one coupon more; its row is counted by version and by content.
    static void issue(database& db)
    {
        db.transact(
            [](unit_of_work& work) {
                auto& c = work.load<coupon>(1);
                c.issued_quantity += 1;
                work.insert(coupon_issue{.coupon_id = 1, .member_id = c.issued_quantity});
            },
            {.pessimistic = true});
    }

    [[nodiscard]] coupon row() const
    {
        database db(url());
        return stored<coupon>(db, 1);
    }

    temporary_folder folder_;
};

TEST_F(KilledWriters, WhatWasAnsweredStaysAndNobodyIsKeptOut)
{
    constexpr int processes = 4;
    constexpr int kills = 40;

    struct tally {
        std::atomic<std::int64_t> answered[processes];
        std::atomic<bool> end;
    };

    shared_value<tally> const shared;
    auto const start = [&](int me) {
        return std::make_unique<child_process>([&, me] {
            database db(url());
            while (!shared->end) {
                issue(db);
                ++shared->answered[me];
            }
            return 0;
        });
    };
    std::vector<std::unique_ptr<child_process>> writers;
    for (int i = 0; i < processes; ++i)
        writers.push_back(start(i));
    for (int kill = 0; kill < kills; ++kill) {
        int const victim = kill % processes;
        auto const next = static_cast<std::size_t>((victim + 1) % processes);
        // whoever comes after the victim must get on, and more than once
        auto const before = shared->answered[next].load();
        auto const limit = std::chrono::steady_clock::now() + 60s;
        while (shared->answered[next] < before + 2 && std::chrono::steady_clock::now() < limit)
            std::this_thread::yield();
        ASSERT_GE(shared->answered[next], before + 2) << "kept out after " << kill << " kills";
        writers[static_cast<std::size_t>(victim)]->send(SIGKILL);
        EXPECT_EQ(writers[static_cast<std::size_t>(victim)]->wait(), -SIGKILL);
        writers[static_cast<std::size_t>(victim)] = start(victim);
    }
    shared->end = true;
    for (auto const& one : writers)
        EXPECT_EQ(one->wait(), 0);

    std::int64_t answered = 0;
    for (auto const& one : shared->answered)
        answered += one;
    auto const at_end = row();
    EXPECT_GE(at_end.issued_quantity, answered) << "an answered commit is gone";
    EXPECT_LE(at_end.issued_quantity, answered + kills) << "more than one commit for a dead writer";
    EXPECT_EQ(at_end.version.value(), at_end.issued_quantity + 1);
    database db(url());
    EXPECT_EQ(rows_of<coupon_issue>(db), at_end.issued_quantity) << "half a unit was committed";
}

TEST_F(KilledWriters, OneKilledInTheMiddleOfAUnitLeavesNothing)
{
    shared_value<std::atomic<int>> const step(0);
    child_process writer([&] {
        database db(url());
        db.transact([&](unit_of_work& work) {
            work.load<coupon>(1).issued_quantity = 99;
            work.insert(coupon_issue{.coupon_id = 1, .member_id = 7});
            *step = 1;
            for (;;)
                ::pause();
        });
        return 0;
    });
    while (*step == 0)
        std::this_thread::yield();
    writer.send(SIGKILL);
    EXPECT_EQ(writer.wait(), -SIGKILL);
    database db(url());
    issue(db);
    EXPECT_EQ(row().issued_quantity, 1);
    EXPECT_EQ(rows_of<coupon_issue>(db), 1);
}

TEST_F(KilledWriters, OneThatIsStoppedCostsOthersNoMoreThanTheirDeadline)
{
    shared_value<std::atomic<int>> const step(0);
    child_process writer([&] {
        database db(url());
        db.transact([&](unit_of_work& work) {
            work.load<coupon>(1).issued_quantity += 1;
            work.flush();
            *step = 1;
            while (*step != 2)
                std::this_thread::yield();
        });
        return 0;
    });
    while (*step == 0)
        std::this_thread::yield();
    writer.send(SIGSTOP);
    {
        database db(url());
        auto const impatient = retry_policy{.attempts_max = 1, .deadline = 100ms};
        auto const failed = error_of([&] {
            db.transact([](unit_of_work& work) { work.load<coupon>(1).issued_quantity = 50; },
                        {.retry = impatient});
        });
        ASSERT_TRUE(failed);
        auto const code = failed->last() != nullptr ? failed->last()->code() : failed->code();
        EXPECT_EQ(code, errc::lock_timeout);
        EXPECT_EQ(db.read([](snapshot& view) {
            return repository<coupon>(view).find(1)->issued_quantity;
        }),
                  0)
            << "readers do not wait at all";
    }
    *step = 2;
    writer.send(SIGCONT);
    EXPECT_EQ(writer.wait(), 0);
    EXPECT_EQ(row().issued_quantity, 1);
    EXPECT_EQ(row().version.value(), 2);
}

}  // namespace
}  // namespace tiebreak::test
