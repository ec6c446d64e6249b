// A process killed in the middle of a unit leaves nothing, and the others go on.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/process.hpp"
#include "support/shop.hpp"

#include <csignal>

namespace tiebreak::test {

namespace {

class KilledWriter : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        fresh().allow_leftovers();
        row_id_ = run_in_process([&] {
            auto here = fresh().open();
            create_shop(here);
            return static_cast<int>(add_coupon(here, "A", 5).id);
        });
        ASSERT_GT(row_id_, 0);
    }

    std::int64_t row_id_ = 0;
};

TEST_P(KilledWriter, LeavesNothingOfItsUnit)
{
    barrier written(2);
    child_process writer([&] {
        auto here = fresh().open();
        here.transact([&](unit_of_work& work) {
            work.load<coupon>(row_id_).issued_quantity = 5;
            work.insert(setting{.name = "half a unit"});
            work.flush();
            written.wait();
            for (;;)
                ::pause();
        });
        return 0;
    });
    written.wait();
    writer.send(SIGKILL);
    EXPECT_EQ(writer.wait(), -SIGKILL);

    EXPECT_EQ(stored<coupon>(db(), row_id_).issued_quantity, 0);
    EXPECT_EQ(stored<coupon>(db(), row_id_).version, version{1});
    EXPECT_EQ(rows_of<setting>(db()), 0);
    db().transact([&](unit_of_work& work) { work.load<coupon>(row_id_).issued_quantity = 1; });
    EXPECT_EQ(stored<coupon>(db(), row_id_).issued_quantity, 1);
}

TEST_P(KilledWriter, TheOthersThatWaitedForItGoOn)
{
    constexpr int others = 3;
    constexpr int rounds = 10;
    barrier written(others + 2);
    child_process writer([&] {
        auto here = fresh().open();
        here.transact([&](unit_of_work& work) {
            work.load<coupon>(row_id_).issued_quantity = 1000;
            work.flush();
            written.wait();
            for (;;)
                ::pause();
        });
        return 0;
    });
    std::vector<child_process> waiting;
    for (int i = 0; i < others; ++i)
        waiting.emplace_back([&] {
            auto here = fresh().open();
            written.wait();
            for (int round = 0; round < rounds; ++round)
                here.transact(
                    [&](unit_of_work& work) { work.load<coupon>(row_id_).issued_quantity += 1; });
            return 0;
        });
    written.wait();
    writer.send(SIGKILL);
    EXPECT_EQ(writer.wait(), -SIGKILL);
    for (auto& one : waiting)
        EXPECT_EQ(one.wait(), 0);
    EXPECT_EQ(stored<coupon>(db(), row_id_).issued_quantity, others * rounds);
    EXPECT_EQ(stored<coupon>(db(), row_id_).version, version{1 + others * rounds});
}

TEST_P(KilledWriter, WhatWasCommittedBeforeTheKillStays)
{
    barrier committed(2);
    child_process writer([&] {
        auto here = fresh().open();
        here.transact([&](unit_of_work& work) {
            work.load<coupon>(row_id_).issued_quantity = 2;
            work.after_commit([&] {
                committed.wait();
                for (;;)
                    ::pause();
            });
        });
        return 0;
    });
    committed.wait();
    writer.send(SIGKILL);
    EXPECT_EQ(writer.wait(), -SIGKILL);
    EXPECT_EQ(stored<coupon>(db(), row_id_).issued_quantity, 2);
    EXPECT_EQ(stored<coupon>(db(), row_id_).version, version{2});
}

TIEBREAK_ON_SHARED_ENGINES(KilledWriter);

}  // namespace

}  // namespace tiebreak::test
