// Savepoints: a part of a unit undone on its own, in the database and in the unit's objects.
#include "support/checks.hpp"
#include "support/coupon_test.hpp"
#include "support/rivals.hpp"

namespace tiebreak::test {

namespace {

class Savepoint : public coupon_test {};

TEST_P(Savepoint, RollingBackUndoesRowsAndObjects)
{
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        tracked.total_quantity = 10;
        auto point = work.savepoint();
        tracked.total_quantity = 20;
        tracked.code = "changed";
        work.flush();
        auto& added = work.insert(coupon{.code = "ADDED"});
        auto const id = added.id;
        EXPECT_EQ(tracked.version, version{3});
        point.rollback();
        EXPECT_EQ(tracked.total_quantity, 10);
        EXPECT_EQ(tracked.code, "A");
        EXPECT_EQ(tracked.version, version{2});
        EXPECT_EQ(work.find<coupon>(id), nullptr);
        tracked.issued_quantity = 1;
    });
    EXPECT_EQ(now().total_quantity, 10);
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().code, "A");
    EXPECT_EQ(now().version, version{3});
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(Savepoint, RollingBackUndoesChangesNotFlushedYet)
{
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        auto point = work.savepoint();
        tracked.code = "changed";
        work.add(coupon{.code = "ADDED"});
        point.rollback();
        EXPECT_EQ(tracked.code, "A");
    });
    EXPECT_EQ(now().version, version{1});
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(Savepoint, RollingBackBringsARemovedRowBack)
{
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        auto point = work.savepoint();
        work.remove(tracked);
        work.flush();
        EXPECT_EQ(work.find<coupon>(row_.id), nullptr);
        point.rollback();
        EXPECT_EQ(work.find<coupon>(row_.id), &tracked);
        tracked.issued_quantity = 4;
    });
    EXPECT_EQ(now().issued_quantity, 4);
    EXPECT_EQ(now().version, version{2});
}

TEST_P(Savepoint, RollingBackForgetsAQueuedRemoval)
{
    db().transact([&](unit_of_work& work) {
        auto point = work.savepoint();
        work.remove(work.load<coupon>(row_.id));
        point.rollback();
    });
    EXPECT_EQ(now().version, version{1});
}

TEST_P(Savepoint, AUnitGoesOnAfterAUniqueViolation)
{
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        tracked.issued_quantity = 1;
        try {
            auto point = work.savepoint();
            tracked.issued_quantity = 2;
            work.insert(coupon{.code = "A"});
        } catch (error const& failure) {
            EXPECT_EQ(failure.code(), errc::already_exists);
        }
        EXPECT_EQ(tracked.issued_quantity, 1);
        tracked.total_quantity = 77;
        work.insert(coupon{.code = "OTHER"});
    });
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().total_quantity, 77);
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

// To name the loser among many rows at once may cost an engine the transaction: not in here.
TEST_P(Savepoint, AConflictAmongSeveralRowsIsUndoneWithoutTheRest)
{
    auto const second = add_coupon(db(), "B", 5);
    auto const third = add_coupon(db(), "C", 5);
    db().transact([&](unit_of_work& work) {
        work.insert(setting{.name = "kept"});
        std::vector<coupon*> const all{&work.load<coupon>(row_.id),
                                       &work.load<coupon>(second.id),
                                       &work.load<coupon>(third.id)};
        {
            auto point = work.savepoint();
            work.execute("UPDATE " + work.table<coupon>() + " SET version = 9 WHERE code = 'B'");
            for (auto* const one : all)
                one->issued_quantity = 1;
            auto const lost = error_of([&] { work.flush(); });
            ASSERT_TRUE(lost);
            EXPECT_EQ(lost->code(), errc::stale_version);
            ASSERT_NE(lost->what_conflicted(), nullptr);
            EXPECT_EQ(lost->what_conflicted()->key, std::to_string(second.id));
            point.rollback();
        }
        for (auto* const one : all)
            one->total_quantity = 7;
    });
    EXPECT_EQ(rows_of<setting>(db()), 1);
    for (auto const id : {row_.id, second.id, third.id}) {
        EXPECT_EQ(stored<coupon>(db(), id).total_quantity, 7);
        EXPECT_EQ(stored<coupon>(db(), id).issued_quantity, 0);
        EXPECT_EQ(stored<coupon>(db(), id).version, version{2});
    }
}

TEST_P(Savepoint, RollingBackByHandRevivesAFailedUnit)
{
    db().transact([&](unit_of_work& work) {
        auto point = work.savepoint();
        EXPECT_ERRC(work.insert(coupon{.code = "A"}), errc::already_exists);
        EXPECT_THROW((void)work.find<coupon>(row_.id), std::logic_error) << "failed until then";
        point.rollback();
        work.load<coupon>(row_.id).issued_quantity = 3;
    });
    EXPECT_EQ(now().issued_quantity, 3);
}

TEST_P(Savepoint, LeftNormallyItKeepsWhatWasDone)
{
    db().transact([&](unit_of_work& work) {
        {
            auto point = work.savepoint();
            work.load<coupon>(row_.id).issued_quantity = 1;
        }
        {
            auto point = work.savepoint();
            work.load<coupon>(row_.id).total_quantity = 2;
            point.release();
            point.release();
            point.rollback();  // over: does nothing
        }
    });
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().total_quantity, 2);
}

TEST_P(Savepoint, WhatWasKeptIsUndoneWithTheUnit)
{
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        {
            auto point = work.savepoint();
            work.load<coupon>(row_.id).issued_quantity = 1;
        }
        throw std::runtime_error("all of it");
    }),
                 std::runtime_error);
    EXPECT_EQ(now().version, version{1});
}

TEST_P(Savepoint, TheyNest)
{
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        auto outer = work.savepoint();
        tracked.total_quantity = 1;
        {
            auto inner = work.savepoint();
            tracked.total_quantity = 2;
            inner.rollback();
        }
        EXPECT_EQ(tracked.total_quantity, 1);
        {
            auto inner = work.savepoint();
            tracked.issued_quantity = 3;
        }
        EXPECT_EQ(tracked.issued_quantity, 3);
        outer.rollback();
        EXPECT_EQ(tracked.total_quantity, 5);
        EXPECT_EQ(tracked.issued_quantity, 0);
    });
    EXPECT_EQ(now().version, version{1});
}

TEST_P(Savepoint, TheInnerOnesEndWithTheOuter)
{
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        auto outer = work.savepoint();
        auto inner = work.savepoint();
        tracked.total_quantity = 1;
        outer.rollback();
        inner.rollback();
        inner.release();
        tracked.issued_quantity = 2;
    });
    EXPECT_EQ(now().total_quantity, 5);
    EXPECT_EQ(now().issued_quantity, 2);
    db().transact([&](unit_of_work& work) {
        auto outer = work.savepoint();
        auto inner = work.savepoint();
        work.load<coupon>(row_.id).issued_quantity = 4;
        outer.release();
    });
    EXPECT_EQ(now().issued_quantity, 4);
}

TEST_P(Savepoint, ASecondOneAfterARollbackWorksLikeTheFirst)
{
    db().transact([&](unit_of_work& work) {
        for (int i = 0; i < 3; ++i) {
            try {
                auto point = work.savepoint();
                work.insert(coupon{.code = "A"});
            } catch (error const&) {
            }
        }
        auto point = work.savepoint();
        work.insert(coupon{.code = "B"});
    });
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(Savepoint, AfterCommitCallbacksAskedForInsideAreForgottenWithIt)
{
    std::string told;
    db().transact([&](unit_of_work& work) {
        work.after_commit([&] { told += "before "; });
        auto point = work.savepoint();
        work.after_commit([&] { told += "inside "; });
        point.rollback();
        work.after_commit([&] { told += "after"; });
        work.load<coupon>(row_.id).issued_quantity = 1;
    });
    EXPECT_EQ(told, "before after");
    EXPECT_EQ(now().issued_quantity, 1);
}

TEST_P(Savepoint, SurvivesAFailedNestedTransact)
{
    db().transact([&](unit_of_work& work) {
        try {
            auto point = work.savepoint();
            db().transact([&](unit_of_work& inner) {
                inner.load<coupon>(row_.id).total_quantity = 99;
                throw std::runtime_error("inner");
            });
        } catch (std::runtime_error const&) {
        }
        work.load<coupon>(row_.id).issued_quantity = 1;
    });
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().total_quantity, 5);
}

TEST_P(Savepoint, AFailureInsideThatIsSwallowedWithoutRollingBackDoomsTheUnit)
{
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id).issued_quantity = 1;
        auto point = work.savepoint();
        try {
            work.insert(coupon{.code = "A"});
        } catch (error const&) {
        }
    }),
                errc::already_exists);
    EXPECT_EQ(now().version, version{1});
}

TEST_P(Savepoint, AnUncheckedUniqueValueOfAQueuedRowShowsAtTheRelease)
{
    db().transact([&](unit_of_work& work) {
        auto point = work.savepoint();
        work.add(coupon{.code = "A"});
        EXPECT_ERRC(point.release(), errc::already_exists);
        point.rollback();
        work.load<coupon>(row_.id).issued_quantity = 6;
    });
    EXPECT_EQ(now().issued_quantity, 6);
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TIEBREAK_ON_ALL_ENGINES(Savepoint);

class SavepointRivals : public Savepoint {};

TEST_P(SavepointRivals, OnlyWhatWasKeptIsSeenAndOnlyAfterTheCommit)
{
    auto rival = fresh().open();
    auto const rival_sees_nothing = [&] {
        EXPECT_EQ(stored<coupon>(rival, row_.id).version, version{1});
        EXPECT_EQ(rows_of<coupon>(rival), 1);
    };
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        tracked.total_quantity = 10;
        work.insert(coupon{.code = "KEPT"});
        work.flush();
        auto point = work.savepoint();
        tracked.total_quantity = 20;
        work.insert(coupon{.code = "UNDONE"});
        work.flush();
        rival_sees_nothing();
        point.rollback();
        rival_sees_nothing();
    });
    EXPECT_EQ(stored<coupon>(rival, row_.id).total_quantity, 10);
    EXPECT_EQ(stored<coupon>(rival, row_.id).version, version{2});
    EXPECT_EQ(rows_of<coupon>(rival), 2);
    EXPECT_FALSE(repository<coupon>(rival).find_by<&coupon::code>("UNDONE"));
}

// Some engines hold what an undone part held until the unit ends.
TEST_P(SavepointRivals, WhatWasUndoneIsFreeOnceTheUnitHasEnded)
{
    auto const second = add_coupon(db(), "B", 5);
    auto rival = fresh().open();
    db().transact([&](unit_of_work& work) {
        work.insert(setting{.name = "kept"});
        try {
            auto point = work.savepoint();
            work.load<coupon>(second.id).total_quantity = 20;
            work.insert(coupon{.code = "UNDONE"});
            work.flush();
            EXPECT_FALSE(can_be_written_by_a_rival(fresh(), second.id));
            work.insert(coupon{.code = "A"});
        } catch (error const& failure) {
            EXPECT_EQ(failure.code(), errc::already_exists);
        }
    });
    EXPECT_TRUE(can_be_written_by_a_rival(fresh(), second.id));
    add_coupon(rival, "UNDONE", 7);
    EXPECT_EQ(stored<coupon>(rival, second.id).version, version{1});
    EXPECT_EQ(rows_of<setting>(rival), 1);
    EXPECT_EQ(rows_of<coupon>(db()), 3);
}

TIEBREAK_ON_SHARED_ENGINES(SavepointRivals);

}  // namespace

}  // namespace tiebreak::test
