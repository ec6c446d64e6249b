// Lock modes: what each prevents, shown with two connections; limits are applied or refused.
#include <tiebreak/counters.hpp>

#include "support/checks.hpp"
#include "support/coupon_test.hpp"
#include "support/rivals.hpp"
#include "support/waiters.hpp"

#include <atomic>
#include <thread>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;

constexpr transact_options once{.retry = retry_presets::once};

class Lock : public coupon_test {};

TEST_P(Lock, OptimisticOnARowNobodyChangesCommitsAndDoesNotBump)
{
    db().transact([&](unit_of_work& work) {
        work.lock(work.load<coupon>(row_.id), lock_mode::optimistic);
        (void)work.find<coupon>(row_.id, lock_mode::optimistic);
        work.add(setting{.name = "n"});
    });
    EXPECT_EQ(now().version, version{1});
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(Lock, ForceIncrementBumpsOnceHoweverOftenItIsAsked)
{
    for (auto const mode :
         {lock_mode::optimistic_force_increment, lock_mode::pessimistic_force_increment}) {
        auto const before = now().version.value();
        db().transact([&](unit_of_work& work) {
            auto& tracked = work.load<coupon>(row_.id, mode);
            work.lock(tracked, mode);
            work.lock(tracked, mode);
        });
        EXPECT_EQ(now().version.value(), before + 1);
        db().transact([&](unit_of_work& work) {
            auto& tracked = work.load<coupon>(row_.id);
            work.lock(tracked, mode);
            tracked.issued_quantity += 1;  // the same write
        });
        EXPECT_EQ(now().version.value(), before + 2);
        db().transact([&](unit_of_work& work) {
            auto& tracked = work.load<coupon>(row_.id);
            work.lock(tracked, mode);
            work.flush();
            EXPECT_EQ(tracked.version.value(), before + 3);
            work.flush();
        });
        EXPECT_EQ(now().version.value(), before + 3);
    }
    EXPECT_EQ(now().issued_quantity, 2);
}

TEST_P(Lock, EveryWayOfFindingTakesTheLock)
{
    auto const bumped = [&](auto const& find) {
        auto const before = now().version.value();
        db().transact([&](unit_of_work& work) { find(work); });
        EXPECT_EQ(now().version.value(), before + 1);
    };
    constexpr auto mode = lock_mode::optimistic_force_increment;
    bumped([&](unit_of_work& work) { (void)work.find<coupon>(row_.id, mode); });
    bumped([&](unit_of_work& work) { (void)work.load<coupon>(row_.id, mode); });
    bumped([&](unit_of_work& work) { (void)work.find_by<&coupon::code>("A", mode); });
    bumped([&](unit_of_work& work) { (void)work.select<coupon>().lock(mode).all(); });
    bumped([&](unit_of_work& work) { (void)work.select<coupon>().lock(mode).first(); });
    bumped([&](unit_of_work& work) {
        (void)work.find<coupon>(row_.id);
        (void)work.find<coupon>(row_.id, mode);
    });
}

TEST_P(Lock, PessimisticModesReadTheRowAndWriteNothing)
{
    for (auto const mode : {lock_mode::pessimistic_read, lock_mode::pessimistic_write}) {
        db().transact([&](unit_of_work& work) {
            auto& tracked = work.load<coupon>(row_.id, mode);
            work.lock(tracked, mode);
            EXPECT_EQ(work.find_by<&coupon::code>("A", {mode, no_wait}), &tracked);
            EXPECT_EQ(work.select<coupon>().lock({mode, wait_up_to(milliseconds{50})}).first(),
                      &tracked);
        });
        EXPECT_EQ(now().version, version{1});
    }
}

TEST_P(Lock, AModeThatNeedsAVersionIsRefusedOnAnEntityWithoutOne)
{
    setting row{.name = "n"};
    repository<setting>(db()).insert(row);
    for (auto const mode : {lock_mode::optimistic,
                            lock_mode::optimistic_force_increment,
                            lock_mode::pessimistic_force_increment}) {
        EXPECT_THROW(
            db().transact([&](unit_of_work& work) { (void)work.find<setting>("n", mode); }),
            std::logic_error);
        EXPECT_THROW(
            db().transact([&](unit_of_work& work) { work.lock(work.load<setting>("n"), mode); }),
            std::logic_error);
        EXPECT_THROW(db().transact([&](unit_of_work& work) {
            (void)work.select<setting>().lock(mode).all();
        }),
                     std::logic_error);
    }
    db().transact([&](unit_of_work& work) {
        work.load<setting>("n", lock_mode::pessimistic_write).value = "held";
    });
    EXPECT_EQ(stored<setting>(db(), "n").value, "held");
}

TEST_P(Lock, AWaitLimitWithoutALockIsRefused)
{
    for (auto const mode :
         {lock_mode::none, lock_mode::optimistic, lock_mode::optimistic_force_increment}) {
        for (auto const limit : {no_wait, wait_up_to(milliseconds{5}), skip_locked}) {
            lock_request const how{mode, limit};
            std::vector<std::function<void(unit_of_work&)>> const ways{
                [&](unit_of_work& work) { (void)work.find<coupon>(row_.id, how); },
                [&](unit_of_work& work) { (void)work.find_by<&coupon::code>("A", how); },
                [&](unit_of_work& work) { (void)work.select<coupon>().lock(how).all(); },
                [&](unit_of_work& work) { work.lock(work.load<coupon>(row_.id), how); },
            };
            for (auto const& way : ways) {
                EXPECT_THROW(db().transact(way), std::logic_error);
                EXPECT_THROW(db().transact(way, {.pessimistic = true}), std::logic_error);
            }
            EXPECT_THROW((void)repository<coupon>(db()).select().lock(how).all(), std::logic_error);
        }
    }
    EXPECT_EQ(now().version, version{1});
}

TEST_P(Lock, SkippingHeldRowsIsDoneOrRefusedByName)
{
    lock_request const skip{lock_mode::pessimistic_write, skip_locked};
    auto const take = [&] {
        db().transact([&](unit_of_work& work) { (void)work.select<coupon>().lock(skip).all(); });
    };
    if (db().supports(capability::skip_locked)) {
        take();
    } else {
        auto const failure = error_of(take);
        ASSERT_TRUE(failure);
        EXPECT_EQ(failure->code(), errc::unsupported);
        EXPECT_NE(std::string_view{failure->what()}.find("skip_locked"), std::string_view::npos);
        EXPECT_ERRC(
            db().transact([&](unit_of_work& work) { (void)work.find<coupon>(row_.id, skip); }),
            errc::unsupported);
        EXPECT_ERRC(db().transact(
                        [&](unit_of_work& work) { (void)work.find_by<&coupon::code>("A", skip); }),
                    errc::unsupported);
    }
    EXPECT_EQ(now().version, version{1});
}

TEST_P(Lock, LockingAnAddedRowHoldsIt)
{
    db().transact([](unit_of_work& work) {
        auto& added = work.add(coupon{.code = "NEW"});
        work.lock(added, lock_mode::pessimistic_write);
        work.lock(added, lock_mode::optimistic);
    });
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("NEW")->version, version{1});
}

TIEBREAK_ON_ALL_ENGINES(Lock);

class LockRivals : public Lock {
protected:
    // Commits a change of the row from another connection.
    void rival_changes(std::int64_t to)
    {
        auto rival = fresh().open();
        rival.transact(
            [&](unit_of_work& other) { other.load<coupon>(row_.id).total_quantity = to; });
    }

    bool rival_can_write() { return can_be_written_by_a_rival(fresh(), row_.id); }
};

TEST_P(LockRivals, WithoutALockARowOnlyReadIsNotChecked)
{
    db().transact(
        [&](unit_of_work& work) {
            (void)work.load<coupon>(row_.id);
            rival_changes(6);
            work.add(setting{.name = "n"});
        },
        once);
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(LockRivals, OptimisticRefusesToCommitOnARowThatWasChangedSince)
{
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work& work) {
                        work.lock(work.load<coupon>(row_.id), lock_mode::optimistic);
                        rival_changes(6);
                        work.add(setting{.name = "n"});
                    },
                    once),
                errc::stale_version);
    EXPECT_EQ(rows_of<setting>(db()), 0);
    EXPECT_EQ(now().total_quantity, 6);
}

TEST_P(LockRivals, OptimisticRefusesAlsoWhenTheUnitWritesNothing)
{
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work& work) {
                        (void)work.load<coupon>(row_.id, lock_mode::optimistic);
                        rival_changes(6);
                    },
                    once),
                errc::stale_version);
}

TEST_P(LockRivals, OptimisticRefusesWhenTheRowIsGone)
{
    EXPECT_ERRC(
        db().transact(
            [&](unit_of_work& work) {
                (void)work.load<coupon>(row_.id, lock_mode::optimistic);
                repository<coupon>(*std::make_unique<database>(fresh().open())).remove(row_);
            },
            once),
        errc::stale_version);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(LockRivals, OptimisticHoldsTheRowFromItsCheckToTheCommit)
{
    db().transact([&](unit_of_work& work) {
        (void)work.load<coupon>(row_.id, lock_mode::optimistic);
        EXPECT_TRUE(rival_can_write()) << "not held before the check";
        work.flush();
        EXPECT_FALSE(rival_can_write()) << "checked, and held until the commit";
    });
    EXPECT_TRUE(rival_can_write());
    EXPECT_EQ(now().version, version{1});
}

TEST_P(LockRivals, ForceIncrementIsSeenByARivalThatHadReadBefore)
{
    auto rival = fresh().open();
    EXPECT_ERRC(rival.transact(
                    [&](unit_of_work& other) {
                        auto& theirs = other.load<coupon>(row_.id);
                        db().transact([&](unit_of_work& work) {
                            (void)work.load<coupon>(row_.id, lock_mode::optimistic_force_increment);
                        });
                        theirs.issued_quantity = 9;
                    },
                    once),
                errc::stale_version);
    EXPECT_EQ(now().issued_quantity, 0);
    EXPECT_EQ(now().version, version{2});
}

TEST_P(LockRivals, PessimisticModesHoldTheRowUntilTheEnd)
{
    for (auto const mode : {lock_mode::pessimistic_read,
                            lock_mode::pessimistic_write,
                            lock_mode::pessimistic_force_increment}) {
        db().transact([&](unit_of_work& work) {
            (void)work.load<coupon>(row_.id, mode);
            EXPECT_FALSE(rival_can_write());
        });
        EXPECT_TRUE(rival_can_write());
    }
}

TEST_P(LockRivals, AnEnclosingPessimisticUnitHoldsTheRowsItReads)
{
    std::vector<std::function<void(unit_of_work&)>> const reads{
        [&](unit_of_work& work) { (void)work.load<coupon>(row_.id); },
        [](unit_of_work& work) { (void)work.find_by<&coupon::code>("A"); },
        [](unit_of_work& work) { (void)work.select<coupon>().all(); },
    };
    for (auto const& read : reads) {
        db().transact(
            [&](unit_of_work& work) {
                read(work);
                EXPECT_FALSE(rival_can_write());
            },
            {.pessimistic = true});
        EXPECT_TRUE(rival_can_write());
    }
}

TEST_P(LockRivals, LockingALoadedRowThatWasChangedSinceIsStale)
{
    for (auto const mode : {lock_mode::pessimistic_read,
                            lock_mode::pessimistic_write,
                            lock_mode::pessimistic_force_increment}) {
        auto const before = now();
        EXPECT_ERRC(db().transact(
                        [&](unit_of_work& work) {
                            auto& tracked = work.load<coupon>(row_.id);
                            rival_changes(before.total_quantity + 1);
                            work.lock(tracked, mode);
                        },
                        once),
                    errc::stale_version);
        EXPECT_EQ(now().version.value(), before.version.value() + 1);
    }
}

TEST_P(LockRivals, LockingALoadedRowThatIsGoneIsStale)
{
    EXPECT_ERRC(
        db().transact(
            [&](unit_of_work& work) {
                auto& tracked = work.load<coupon>(row_.id);
                repository<coupon>(*std::make_unique<database>(fresh().open())).remove(row_);
                work.lock(tracked, lock_mode::pessimistic_write);
            },
            once),
        errc::stale_version);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(LockRivals, LockingAnUnversionedRowShowsItAsItIsNow)
{
    setting row{.name = "n", .value = "old"};
    repository<setting>(db()).insert(row);
    auto rival = fresh().open();
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<setting>("n");
        rival.transact([](unit_of_work& other) { other.load<setting>("n").value = "new"; });
        work.lock(tracked, lock_mode::pessimistic_write);
        EXPECT_EQ(tracked.value, "new");
        tracked.value += "er";
    });
    EXPECT_EQ(stored<setting>(db(), "n").value, "newer");
}

TEST_P(LockRivals, LockingAnUnversionedRowChangedOnBothSidesIsAConflict)
{
    setting row{.name = "n", .value = "old"};
    repository<setting>(db()).insert(row);
    auto rival = fresh().open();
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work& work) {
                        auto& tracked = work.load<setting>("n");
                        tracked.value = "mine";
                        rival.transact(
                            [](unit_of_work& other) { other.load<setting>("n").value = "new"; });
                        work.lock(tracked, lock_mode::pessimistic_write);
                    },
                    once),
                errc::stale_version);
    EXPECT_EQ(stored<setting>(db(), "n").value, "new");
}

TEST_P(LockRivals, ALimitedWaitForAHeldRowEndsAsLockTimeout)
{
    auto rival = fresh().open();
    db().transact([&](unit_of_work& work) {
        (void)work.load<coupon>(row_.id, lock_mode::pessimistic_write);
        for (auto const limit : {no_wait, wait_up_to(milliseconds{30})}) {
            auto const failure = error_of([&] {
                rival.transact(
                    [&](unit_of_work& other) {
                        (void)other.load<coupon>(row_.id, {lock_mode::pessimistic_write, limit});
                    },
                    once);
            });
            ASSERT_TRUE(failure && failure->last());
            EXPECT_EQ(failure->code(), errc::attempts_exhausted);
            EXPECT_EQ(failure->last()->code(), errc::lock_timeout);
        }
    });
    rival.transact([&](unit_of_work& other) {
        (void)other.load<coupon>(row_.id, {lock_mode::pessimistic_write, no_wait});
    });
    EXPECT_EQ(now().version, version{1});
}

TEST_P(LockRivals, AfterALimitedWaitTheUnitsOwnDeadlineHoldsAgain)
{
    auto rival = fresh().open();
    auto looks = fresh().open({.connections_max = 1});
    std::atomic<int> runs{0};
    // The first run is refused at once; the second waits as long as the deadline lets it, until
    // the holder has seen that and lets go.
    barrier held(2);
    std::thread holder([&] {
        db().transact([&](unit_of_work& work) {
            (void)work.load<coupon>(row_.id, lock_mode::pessimistic_write);
            held.wait();
            held.wait();
            if (looks.supports(capability::row_locks))
                while (runs == 2 && !somebody_waits(looks))
                    std::this_thread::sleep_for(between_looks);
            work.load<coupon>(row_.id).total_quantity = 6;
        });
    });
    held.wait();
    rival.transact([&](unit_of_work& other) {
        if (++runs == 1) {
            (void)other.load<coupon>(row_.id, {lock_mode::pessimistic_write, no_wait});
            ADD_FAILURE() << "the row is held";
        }
        if (runs == 2)
            held.wait();
        other.load<coupon>(row_.id, lock_mode::pessimistic_write).issued_quantity += 1;
    });
    holder.join();
    EXPECT_EQ(runs.load(), 2);
    EXPECT_EQ(now().total_quantity, 6);
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().version, version{3});
}

TEST_P(LockRivals, UnitsThatLockFirstNeverRunTwice)
{
    counters told;
    auto counted = fresh().open({.watcher = &told});
    run_together(6, [&](int) {
        for (int i = 0; i < 5; ++i)
            counted.transact([&](unit_of_work& work) {
                work.load<coupon>(row_.id, lock_mode::pessimistic_write).issued_quantity += 1;
            });
    });
    EXPECT_EQ(now().issued_quantity, 30);
    EXPECT_EQ(now().version, version{31});
    EXPECT_EQ(told.conflicts(), 0);
    EXPECT_EQ(told.retries(), 0);
    EXPECT_EQ(told.commits(), 30);
}

TIEBREAK_ON_SHARED_ENGINES(LockRivals);

}  // namespace

}  // namespace tiebreak::test
