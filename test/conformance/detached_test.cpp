// Detached objects (from a form, a file, an earlier unit) taken over by a unit of work.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

class Detached : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
    }

    captured_log log_;
};

TEST_P(Detached, AFreshObjectIsWrittenWhole)
{
    auto form = add_book(db(), "Title");
    form.title = "Changed";
    form.editor = "Ann";
    auto const before = form;
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.merge(book{form});
        EXPECT_EQ(tracked.title, "Changed");
        tracked.price = 7;
    });
    auto const found = stored<book>(db(), form.id);
    EXPECT_EQ(found.title, "Changed");
    EXPECT_EQ(found.editor, "Ann");
    EXPECT_EQ(found.price, 7);
    EXPECT_EQ(found.version, version{2});
    EXPECT_EQ(form.version, before.version) << "the caller's object does not change";
    EXPECT_EQ(form.price, before.price);
}

TEST_P(Detached, AnObjectThatDiffersInNothingWritesNothing)
{
    auto const form = add_book(db(), "Title");
    db().transact([&](unit_of_work& work) { work.merge(book{form}); });
    EXPECT_EQ(stored<book>(db(), form.id).version, version{1});
}

TEST_P(Detached, AStaleObjectIsRefusedWithBothVersionsAndTheRowIsUnchanged)
{
    auto const form = add_book(db(), "Title");
    db().transact([&](unit_of_work& work) { work.load<book>(form.id).title = "Newer"; });
    int runs = 0;
    auto const failure = error_of([&] {
        db().transact([&](unit_of_work& work) {
            ++runs;
            work.merge(book{form}).title = "Stale";
        });
    });
    ASSERT_TRUE(failure && failure->what_conflicted());
    EXPECT_EQ(failure->code(), errc::precondition_failed);
    EXPECT_EQ(failure->what_conflicted()->expected_version, 1);
    EXPECT_EQ(failure->what_conflicted()->actual_version, 2);
    EXPECT_EQ(failure->what_conflicted()->kind, conflict_kind::changed);
    EXPECT_EQ(runs, 1) << "running again cannot make an old form new";
    EXPECT_EQ(stored<book>(db(), form.id).title, "Newer");
    EXPECT_EQ(log_.records("lost").size(), 1u);
}

TEST_P(Detached, AnObjectNewerThanTheRowIsRefusedToo)
{
    auto form = add_book(db(), "Title");
    form.version = version{2};
    form.title = "From the future";
    EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.merge(book{form}); }),
                errc::precondition_failed);
    EXPECT_EQ(stored<book>(db(), form.id).title, "Title");
}

TEST_P(Detached, AnObjectWhoseRowIsGoneIsNotFoundAndMakesNoRow)
{
    auto const form = add_book(db(), "Title");
    repository<book>(db()).remove(form);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.merge(book{form}); }),
                errc::not_found);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.merge(book{.title = "new"}); }),
                errc::not_found);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) { work.merge(setting{.name = "n"}); }),
                errc::not_found);
    EXPECT_EQ(rows_of<book>(db()), 0);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(Detached, ARefusedObjectDoomsTheUnitEvenWhenTheErrorIsSwallowed)
{
    auto const form = add_book(db(), "Title");
    db().transact([&](unit_of_work& work) { work.load<book>(form.id).title = "Newer"; });
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        work.add(setting{.name = "must not stay"});
        try {
            work.merge(book{form});
        } catch (error const&) {
        }
    }),
                errc::precondition_failed);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(Detached, AnObjectWithoutAVersionIsTakenAsItIs)
{
    setting row{.name = "n", .value = "old"};
    repository<setting>(db()).insert(row);
    db().transact([](unit_of_work& work) { work.merge(setting{.name = "n", .value = "new"}); });
    EXPECT_EQ(stored<setting>(db(), "n").value, "new");
}

TEST_P(Detached, MergingOntoATrackedRowReplacesItsChanges)
{
    auto form = add_book(db(), "Title");
    form.title = "Form";
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<book>(form.id);
        tracked.price = 5;
        EXPECT_EQ(&work.merge(book{form}), &tracked);
        EXPECT_EQ(tracked.price, 0);
    });
    EXPECT_EQ(stored<book>(db(), form.id).title, "Form");
    EXPECT_EQ(stored<book>(db(), form.id).price, 0);
    EXPECT_EQ(stored<book>(db(), form.id).version, version{2});
}

TEST_P(Detached, MergingARowTheUnitHasChangedAndFlushedNeedsTheNewVersion)
{
    auto const form = add_book(db(), "Title");
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        work.load<book>(form.id).price = 5;
        work.flush();
        work.merge(book{form});
    }),
                errc::precondition_failed);
    EXPECT_EQ(stored<book>(db(), form.id).price, 0);
}

TEST_P(Detached, MergingARowTheUnitHasRemovedIsNotFound)
{
    auto const form = add_book(db(), "Title");
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        work.remove(work.load<book>(form.id));
        work.merge(book{form});
    }),
                errc::not_found);
    EXPECT_TRUE(is_stored<book>(db(), form.id));
}

TIEBREAK_ON_ALL_ENGINES(Detached);

class DetachedRivals : public Detached {};

TEST_P(DetachedRivals, ARowChangedBetweenMergeAndFlushFailsThePrecondition)
{
    auto form = add_book(db(), "Title");
    form.title = "Form";
    auto rival = fresh().open();
    int runs = 0;
    auto const failure = error_of([&] {
        db().transact([&](unit_of_work& work) {
            ++runs;
            work.merge(book{form});
            rival.transact([&](unit_of_work& other) { other.load<book>(form.id).title = "Rival"; });
        });
    });
    ASSERT_TRUE(failure && failure->what_conflicted());
    EXPECT_EQ(failure->code(), errc::precondition_failed) << "the version came from outside";
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(stored<book>(db(), form.id).title, "Rival");
}

TEST_P(DetachedRivals, OfTwoFormsOfOneVersionExactlyOneIsTaken)
{
    auto const form = add_book(db(), "Title");
    std::atomic<int> taken{0};
    std::atomic<int> refused{0};
    run_together(6, [&](int index) {
        auto mine = form;
        mine.title = "Form " + std::to_string(index);
        try {
            db().transact([&](unit_of_work& work) { work.merge(book{mine}); });
            ++taken;
        } catch (error const& failure) {
            if (failure.code() == errc::precondition_failed)
                ++refused;
        }
    });
    EXPECT_EQ(taken, 1);
    EXPECT_EQ(refused, 5);
    EXPECT_EQ(stored<book>(db(), form.id).version, version{2});
}

TIEBREAK_ON_SHARED_ENGINES(DetachedRivals);

}  // namespace

}  // namespace tiebreak::test
