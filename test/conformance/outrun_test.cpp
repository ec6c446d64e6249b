// A unit that lost to others three times holds what it is to write, and nothing else, so that it
// cannot be outrun for ever.
#include <tiebreak/counters.hpp>

#include "support/checks.hpp"
#include "support/coupon_test.hpp"
#include "support/rivals.hpp"

#include <atomic>
#include <functional>

namespace tiebreak::test {

namespace {

class Outrun : public coupon_test {
protected:
    // Whether one that does not wait could.
    bool a_rival_adds_ten() { return a_rival_adds_ten(row_.id); }

    bool a_rival_adds_ten(std::int64_t id)
    {
        return a_rival_writes(
            fresh(), id, [](unit_of_work&, coupon& row) { row.issued_quantity += 10; });
    }
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

TEST_P(Outrun, HoldsWhatItRemoves)
{
    auto const second = add_coupon(db(), "B", 5);
    std::vector<bool> rival_wrote;
    db().transact([&](unit_of_work& work) {
        ASSERT_LT(rival_wrote.size(), 10u);
        work.load<coupon>(row_.id).issued_quantity += 1;
        work.remove(work.load<coupon>(second.id));
        rival_wrote.push_back(a_rival_adds_ten(second.id));
    });
    EXPECT_EQ(rival_wrote, (std::vector{true, true, true, false}));
    EXPECT_FALSE(is_stored<coupon>(db(), second.id));
    EXPECT_EQ(now().issued_quantity, 1);
}

TEST_P(Outrun, HoldsWhatItVerifiesAgainstWritersAlone)
{
    TIEBREAK_NEEDS(capability::shared_row_locks);
    auto const second = add_coupon(db(), "B", 5);
    std::vector<bool> rival_wrote;
    db().transact([&](unit_of_work& work) {
        ASSERT_LT(rival_wrote.size(), 10u);
        (void)work.load<coupon>(second.id, lock_mode::optimistic);
        work.load<coupon>(row_.id).issued_quantity += 1;
        rival_wrote.push_back(a_rival_adds_ten(second.id));
        fresh().open().transact([&](unit_of_work& other) {
            lock_request const at_once{lock_mode::pessimistic_read, no_wait};
            (void)other.load<coupon>(second.id, at_once);
        });
    });
    EXPECT_EQ(rival_wrote, (std::vector{true, true, true, false}));
    EXPECT_EQ(stored<coupon>(db(), second.id).issued_quantity, 30);
    EXPECT_EQ(now().issued_quantity, 1);
}

// In the order of a flush it comes before the row that was lost.
TEST_P(Outrun, HoldsWhatWasVerifiedBeforeItLost)
{
    auto const second = add_coupon(db(), "B", 5);
    std::vector<bool> rival_wrote;
    db().transact([&](unit_of_work& work) {
        ASSERT_LT(rival_wrote.size(), 10u);
        (void)work.load<coupon>(row_.id, lock_mode::optimistic);
        work.load<coupon>(second.id).issued_quantity += 1;
        rival_wrote.push_back(a_rival_adds_ten(rival_wrote.size() < 3 ? second.id : row_.id));
    });
    EXPECT_EQ(rival_wrote, (std::vector{true, true, true, false}));
    EXPECT_EQ(stored<coupon>(db(), second.id).issued_quantity, 31);
    EXPECT_EQ(now().issued_quantity, 0);
}

// What equal units write or hold before that row they would have to hold before it, too.
class OutrunLate : public Outrun {
protected:
    // Six rivals win: nothing is held.
    void expect_nothing_held(std::function<void(unit_of_work&)> const& before)
    {
        TIEBREAK_NEEDS(capability::row_locks);
        int runs = 0;
        db().transact([&](unit_of_work& work) {
            before(work);
            auto& tracked = work.load<coupon>(row_.id);
            if (++runs <= 6) {
                EXPECT_TRUE(a_rival_adds_ten());
            }
            tracked.issued_quantity += 1;
        });
        EXPECT_EQ(runs, 7);
        EXPECT_EQ(now().issued_quantity, 61);
    }
};

TEST_P(OutrunLate, HoldsNothingAfterAnInsert)
{
    expect_nothing_held([](unit_of_work& work) { work.insert(setting{.name = "n"}); });
}

TEST_P(OutrunLate, HoldsNothingAfterOwnSql)
{
    expect_nothing_held([](unit_of_work& work) {
        work.execute("INSERT INTO settings (name, value) VALUES ('n', 'v')");
    });
}

TEST_P(OutrunLate, HoldsNothingAfterAWriteOfARepository)
{
    expect_nothing_held([](unit_of_work& work) {
        setting row{.name = "n"};
        repository<setting>(work).insert(row);
    });
}

TEST_P(OutrunLate, HoldsNothingAfterALock)
{
    auto const second = add_coupon(db(), "B", 5);
    expect_nothing_held([&](unit_of_work& work) {
        (void)work.load<coupon>(second.id, lock_mode::pessimistic_write);
    });
}

TEST_P(OutrunLate, HoldsNothingAfterAnotherFlush)
{
    auto const second = add_coupon(db(), "B", 5);
    expect_nothing_held([&](unit_of_work& work) {
        work.load<coupon>(second.id).issued_quantity += 1;
        work.flush();
    });
}

// It does not know what else it would have written.
TEST_P(OutrunLate, HoldsNothingWhenItLostBeforeItsFlush)
{
    TIEBREAK_NEEDS(capability::row_locks);
    auto const read = add_book(db(), "read twice");
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id).issued_quantity += 1;
        (void)work.load<book>(read.id);
        if (++runs <= 3)
            fresh().open().transact(
                [&](unit_of_work& other) { other.load<book>(read.id).price += 1; });
        if (runs == 4) {
            EXPECT_TRUE(a_rival_adds_ten());
        }
        (void)work.find_by<&book::id>(read.id);
    });
    EXPECT_EQ(runs, 5);
    EXPECT_EQ(stored<book>(db(), read.id).price, 3);
    EXPECT_EQ(now().issued_quantity, 11);
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

    struct until_end {
        std::atomic<int>& of;

        ~until_end() { --of; }
    };

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
        until_end const counted{running};
        for (int i = 0; i < changes_each; ++i)
            watched.transact(
                [&](unit_of_work& work) {
                    auto const first = who % 2 == 0 ? row_.id : second.id;
                    work.load<coupon>(first).issued_quantity += 1;
                    work.load<coupon>(row_.id + second.id - first).issued_quantity += 1;
                },
                {.retry = retry_policy{.deadline = std::chrono::minutes{1}}});
    });
    EXPECT_EQ(now().issued_quantity + stored<coupon>(db(), second.id).issued_quantity,
              2 * units * changes_each + blind);
    EXPECT_EQ(told.commits(), units * changes_each);
    EXPECT_EQ(told.retries(), told.retries_after(errc::stale_version)) << "no deadlock";
}

TIEBREAK_ON_SHARED_ENGINES(Outrun);
TIEBREAK_ON_SHARED_ENGINES(OutrunLate);

}  // namespace

}  // namespace tiebreak::test
