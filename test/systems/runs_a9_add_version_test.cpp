// Requirement A9: a version for a live table, without a gap in which old programs leave rows
// without one, and safe to repeat after a kill at any point.
#include "add_version_test.hpp"
#include "support/checks.hpp"

#include <algorithm>

namespace tiebreak::test {

namespace {

using schema::add_version;
using schema::version_step;

class A9 : public add_version_test {
protected:
    // Adds a version while old programs write; afterwards programs that check versions start at
    // once, and no unit that anybody added is lost.
    void migrate_under_load(bool guard)
    {
        constexpr int old_programs = 3;
        constexpr int new_programs = 3;
        constexpr int changes_each = 20;
        std::vector<std::unique_ptr<old_program>> old;
        for (int i = 0; i < old_programs; ++i)
            old.push_back(std::make_unique<old_program>(fresh()));
        for (auto const& one : old)
            one->wait_for_writes(5);
        auto const result = add_version(db(), "items", {.guard = guard});
        EXPECT_FALSE(result.done.empty());
        EXPECT_EQ(rows_without_version(db()), 0);
        if (!guard)  // without one they may not meet: that is what it is for
            for (auto const& one : old)
                one->stop();
        run_together(new_programs, [&](int) {
            for (int i = 0; i < changes_each; ++i)
                db().transact([](unit_of_work& work) { work.load<stock_item>(1).amount += 1; },
                              {.retry = retry_policy{.deadline = std::chrono::minutes{1}}});
        });
        std::int64_t inserted = 0;
        std::int64_t added = new_programs * changes_each;
        for (auto const& one : old) {
            if (guard)
                one->wait_for_writes(5);
            one->stop();
            inserted += one->inserted();
            added += one->added();
            EXPECT_EQ(one->refused(), 0);
        }
        EXPECT_EQ(number(db(), "SELECT amount FROM items WHERE id = 1"), added);
        EXPECT_EQ(number(db(), "SELECT count(*) FROM items WHERE name = 'old program'"), inserted);
        EXPECT_EQ(number(db(),
                         "SELECT count(*) FROM items WHERE name = 'old program'"
                         " AND version <> 1"),
                  0);
        expect_right(db());
    }
};

TEST_P(A9, AddsTheColumnWhileOldProgramsInsertAndUpdate)
{
    make_old_table(db(), 2000);
    migrate_under_load(false);
}

TEST_P(A9, CompletesWhatAHalfDoneMigrationLeftWhileOldProgramsInsertAndUpdate)
{
    make_half_migrated_table(db(), 2000);
    migrate_under_load(false);
    EXPECT_EQ(number(db(), "SELECT version FROM items WHERE id = 2"), 7);
}

TEST_P(A9, WithAGuardOldProgramsGoOnBesideThoseThatCheckVersions)
{
    make_half_migrated_table(db(), 500);
    migrate_under_load(true);
}

TEST_P(A9, NewRowsHaveAVersionFromTheFirstStepOn)
{
    make_half_migrated_table(db(), 1000);

    // inserts as an old program does, before each step and each batch
    class inserting : public schema::version_watcher {
    public:
        explicit inserting(database& in) : db_(in) {}

        void began(version_step step) override
        {
            insert("began");
            steps.push_back(step);
        }

        void filled(std::int64_t, std::int64_t) override { insert("filled"); }

        std::vector<version_step> steps{};

    private:
        void insert(char const* name)
        {
            db_.execute("INSERT INTO items (name, amount) VALUES ('" + std::string{name} + "', 0)");
        }

        database& db_;
    };

    auto other = fresh().open();
    inserting watcher(other);
    auto const result = add_version(db(), "items", {}, &watcher);
    EXPECT_EQ(result.done, watcher.steps);
    if (!is(db(), "sqlite")) {
        EXPECT_EQ(watcher.steps,
                  (std::vector{
                      version_step::set_default, version_step::fill, version_step::set_not_null}));
    }
    EXPECT_GT(number(db(), "SELECT count(*) FROM items WHERE name = 'filled'"), 1);
    EXPECT_EQ(number(db(), "SELECT count(*) FROM items WHERE version <> 1"), 1);
    expect_right(db());
}

// Ends its process as a kill would, at the event of that number.
class killing : public schema::version_watcher {
public:
    explicit killing(int after) : left_(after) {}

    void began(version_step) override { count(); }

    void filled(std::int64_t, std::int64_t) override { count(); }

private:
    void count() const
    {
        if (left_-- == 0)
            ::raise(SIGKILL);
    }

    mutable int left_;
};

TEST_P(A9, AKillBeforeAnyStepOrBatchIsRepairedByTheSameCall)
{
    fresh().allow_leftovers();
    constexpr int events_max = 100;
    int kills = 0;
    for (; kills < events_max; ++kills) {
        make_half_migrated_table(db(), 1500);
        close();
        int const ended = run_in_process([&] {
            auto own = fresh().open();
            killing watcher(kills);
            add_version(own, "items", {.guard = true}, &watcher);
            return 0;
        });
        add_rows(db(), 3);
        auto const result = add_version(db(), "items", {.guard = true});
        EXPECT_EQ(number(db(), "SELECT count(*) FROM items WHERE version = 1"), 1502);
        EXPECT_EQ(number(db(), "SELECT count(*) FROM items WHERE version = 7"), 1);
        expect_right(db());
        db().execute("UPDATE items SET amount = 1 WHERE id = 1");
        EXPECT_EQ(number(db(), "SELECT version FROM items WHERE id = 1"), 2) << "the guard";
        db().execute("DROP TABLE items");
        if (ended == 0) {
            EXPECT_TRUE(result.done.empty());
            break;
        }
        EXPECT_EQ(ended, -SIGKILL);
    }
    EXPECT_GT(kills, 4) << "there were steps and batches to be killed at";
}

TEST_P(A9, KillsAtArbitraryMomentsAreRepairedByTheSameCall)
{
    fresh().allow_leftovers();
    constexpr int rounds = 12;
    for (int round = 0; round < rounds; ++round) {
        make_half_migrated_table(db(), 1000);
        close();
        barrier start(2);
        child_process migration([&] {
            auto own = fresh().open();
            start.wait();
            add_version(own, "items", {.guard = true});
            return 0;
        });
        start.wait();
        for (int spin = 0; spin < round * 2000; ++spin)
            std::this_thread::yield();
        migration.send(SIGKILL);
        migration.wait();
        add_version(db(), "items", {.guard = true});
        EXPECT_EQ(number(db(), "SELECT count(*) FROM items WHERE version = 1"), 999);
        expect_right(db());
        db().execute("DROP TABLE items");
    }
}

TEST_P(A9, SeveralAtTheSameTimeDoItOnce)
{
    constexpr int starters = 4;
    make_half_migrated_table(db(), 1000);
    std::vector<database> connections;
    for (int i = 0; i < starters; ++i)
        connections.push_back(fresh().open());
    run_together(starters, [&](int i) {
        add_version(connections[static_cast<std::size_t>(i)], "items", {.guard = true});
    });
    EXPECT_EQ(number(db(), "SELECT count(*) FROM items WHERE version = 1"), 999);
    expect_right(db());
    db().execute("UPDATE items SET amount = 1 WHERE id = 1");
    EXPECT_EQ(number(db(), "SELECT version FROM items WHERE id = 1"), 2);
}

TIEBREAK_ON_SHARED_ENGINES(A9);

}  // namespace

}  // namespace tiebreak::test
