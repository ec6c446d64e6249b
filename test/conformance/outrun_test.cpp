// A unit that lost to others three times holds what it is to write, and nothing else, so that it
// cannot be outrun for ever.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

#include <atomic>

namespace tiebreak::test {

namespace {

class Outrun : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        row_ = add_coupon(db(), "A", 5);
    }

    coupon now() { return stored<coupon>(db(), row_.id); }

    // Whether one that does not wait could.
    bool a_rival_adds_ten() { return a_rival_adds_ten(row_.id); }

    bool a_rival_adds_ten(std::int64_t id)
    {
        try {
            fresh().open().transact(
                [&](unit_of_work& other) {
                    lock_request const at_once{lock_mode::pessimistic_write, no_wait};
                    other.load<coupon>(id, at_once).issued_quantity += 10;
                },
                {.retry = retry_presets::once});
            return true;
        } catch (error const& refused) {
            EXPECT_TRUE(refused.last() && refused.last()->code() == errc::lock_timeout)
                << refused.what();
            return false;
        }
    }

    coupon row_;
    captured_log log_;
};

TEST_P(Outrun, WritesBeforeARivalCan)
{
    std::vector<bool> rival_wrote;
    db().transact([&](unit_of_work& work) {
        ASSERT_LT(rival_wrote.size(), 10u);
        auto& tracked = work.load<coupon>(row_.id);
        rival_wrote.push_back(a_rival_adds_ten());
        tracked.issued_quantity += 1;
    });
    EXPECT_EQ(rival_wrote, (std::vector{true, true, true, false}));
    EXPECT_EQ(now().issued_quantity, 31);
    EXPECT_EQ(now().version, version{5});

    rival_wrote.clear();
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        rival_wrote.push_back(rival_wrote.empty() && a_rival_adds_ten());
        tracked.issued_quantity += 1;
    });
    EXPECT_EQ(rival_wrote, (std::vector{true, false})) << "the next unit is none that lost";
    EXPECT_EQ(now().issued_quantity, 42);
}

TEST_P(Outrun, HoldsAllItIsToWriteHoweverItFindsIt)
{
    auto const second = add_coupon(db(), "B", 5);
    std::vector<bool> rival_wrote;
    db().transact([&](unit_of_work& work) {
        ASSERT_LT(rival_wrote.size(), 10u);
        auto const all = work.select<coupon>().all();
        ASSERT_EQ(all.size(), 2u);
        rival_wrote.push_back(a_rival_adds_ten(rival_wrote.empty() ? second.id : row_.id));
        if (rival_wrote.size() == 4) {
            EXPECT_FALSE(a_rival_adds_ten(second.id)) << "lost in an attempt before";
        }
        for (auto* one : all)
            one->issued_quantity += 1;
    });
    EXPECT_EQ(rival_wrote, (std::vector{true, true, true, false}));
    EXPECT_EQ(now().issued_quantity, 21);
    EXPECT_EQ(stored<coupon>(db(), second.id).issued_quantity, 11);
}

TEST_P(Outrun, HoldsNothingThatItOnlyReads)
{
    TIEBREAK_NEEDS(capability::row_locks);
    auto const untouched = add_coupon(db(), "B", 5);
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        (void)work.load<coupon>(untouched.id);
        EXPECT_TRUE(a_rival_adds_ten(++runs <= 3 ? row_.id : untouched.id));
        tracked.issued_quantity += 1;
    });
    EXPECT_EQ(runs, 4);
    EXPECT_EQ(stored<coupon>(db(), untouched.id).issued_quantity, 10);
    EXPECT_EQ(now().issued_quantity, 31);
}

// What equal units write before that row they would have to hold before it, too.
TEST_P(Outrun, HoldsNothingWhenItWroteSomethingElseFirst)
{
    TIEBREAK_NEEDS(capability::row_locks);
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        work.insert(setting{.name = "n"});
        auto& tracked = work.load<coupon>(row_.id);
        if (++runs <= 6) {
            EXPECT_TRUE(a_rival_adds_ten());
        }
        tracked.issued_quantity += 1;
    });
    EXPECT_EQ(runs, 7);
    EXPECT_EQ(now().issued_quantity, 61);
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(Outrun, UnitsDoNotDeadlock)
{
    constexpr int units = 4;
    constexpr int changes_each = 10;
    auto const second = add_coupon(db(), "B", 5);
    counters told;
    auto watched = fresh().open({.connections_max = units, .watcher = &told});
    std::atomic<int> running{units};
    std::atomic<std::int64_t> blind{0};
    run_together(units + 2, [&](int who) {
        if (who >= units) {  // writes one of the rows without reading it, as quickly as it can
            auto rival = fresh().open({.connections_max = 1});
            auto const id = who == units ? row_.id : second.id;
            for (; running > 0; ++blind)
                rival.execute("UPDATE coupons SET issued_quantity = issued_quantity + 1,"
                              " version = version + 1 WHERE id = " +
                              std::to_string(id));
            return;
        }
        for (int i = 0; i < changes_each; ++i)
            watched.transact(
                [&](unit_of_work& work) {
                    auto const first = who % 2 == 0 ? row_.id : second.id;
                    work.load<coupon>(first).issued_quantity += 1;
                    work.load<coupon>(row_.id + second.id - first).issued_quantity += 1;
                },
                {.retry = retry_policy{.deadline = std::chrono::minutes{1}}});
        --running;
    });
    EXPECT_EQ(now().issued_quantity + stored<coupon>(db(), second.id).issued_quantity,
              2 * units * changes_each + blind);
    EXPECT_EQ(told.commits(), units * changes_each);
    EXPECT_EQ(told.retries(), told.retries_after(errc::stale_version)) << "no deadlock";
}

TIEBREAK_ON_SHARED_ENGINES(Outrun);

}  // namespace

}  // namespace tiebreak::test
