// What is told of rows that were not as expected: changed, gone or appeared, and each field's
// original, mine and theirs.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

transact_options told(conflict_detail how)
{
    return {.retry = retry_presets::once, .conflicts = how};
}

class ConflictDetail : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        for (auto const* code : {"A", "B", "C"})
            rows_.push_back(add_coupon(db(), code, 5));
    }

    // Runs `mine` in a unit that has loaded all rows, after `theirs` has changed some.
    template <class Mine, class Theirs>
    error conflict_of(transact_options const& how, Theirs&& theirs, Mine&& mine)
    {
        auto const failure = error_of([&] {
            db().transact(
                [&](unit_of_work& work) {
                    std::vector<coupon*> loaded;
                    for (auto const& row : rows_)
                        loaded.push_back(&work.load<coupon>(row.id));
                    std::thread(theirs).join();
                    mine(work, loaded);
                },
                how);
        });
        return failure.value_or(error(errc::backend_failure, "no error came"));
    }

    std::vector<coupon> rows_;
    captured_log log_;
};

std::string text(stored_value const& v)
{
    return to_string(v.get());
}

TEST_P(ConflictDetail, OfAChangedRowTellsBothVersionsAndTheFieldsOfBothSides)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    auto const failure = conflict_of(
        told(conflict_detail::explained),
        [&] {
            other.transact([&](unit_of_work& work) {
                auto& row = work.load<coupon>(rows_[0].id);
                row.total_quantity = 9;
                row.code = "Z";
            });
        },
        [](unit_of_work&, auto& loaded) {
            loaded[0]->issued_quantity = 3;
            loaded[0]->code = "Y";
        });
    EXPECT_EQ(failure.code(), errc::stale_version);
    ASSERT_EQ(failure.conflicts().size(), 1u);
    auto const& what = failure.conflicts().front();
    EXPECT_EQ(what.kind, conflict_kind::changed);
    EXPECT_EQ(what.expected_version, 1);
    EXPECT_EQ(what.actual_version, 2);
    ASSERT_EQ(what.fields.size(), 3u);
    EXPECT_EQ(what.fields[0].column, "code");
    EXPECT_EQ(text(what.fields[0].original), "A");
    EXPECT_EQ(text(what.fields[0].mine), "Y");
    EXPECT_EQ(text(what.fields[0].theirs), "Z");
    EXPECT_TRUE(what.fields[0].overlaps());
    EXPECT_EQ(what.fields[1].column, "total_quantity");
    EXPECT_EQ(text(what.fields[1].mine), "5");
    EXPECT_EQ(text(what.fields[1].theirs), "9");
    EXPECT_FALSE(what.fields[1].overlaps());
    EXPECT_EQ(what.fields[2].column, "issued_quantity");
    EXPECT_EQ(text(what.fields[2].mine), "3");
    auto const row = stored<coupon>(db(), rows_[0].id);
    EXPECT_EQ(row.code, "Z");
    EXPECT_EQ(row.issued_quantity, 0);
}

TEST_P(ConflictDetail, OfARemovedRowSaysThatItIsGone)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    auto const failure = conflict_of(
        told(conflict_detail::explained),
        [&] {
            other.transact(
                [&](unit_of_work& work) { work.remove(work.load<coupon>(rows_[1].id)); });
        },
        [](unit_of_work&, auto& loaded) { loaded[1]->issued_quantity = 3; });
    ASSERT_EQ(failure.conflicts().size(), 1u);
    EXPECT_EQ(failure.conflicts().front().kind, conflict_kind::gone);
    EXPECT_EQ(failure.conflicts().front().actual_version, std::nullopt);
    ASSERT_EQ(failure.conflicts().front().fields.size(), 1u);
    auto const& issued = failure.conflicts().front().fields.front();
    EXPECT_EQ(issued.column, "issued_quantity");
    EXPECT_EQ(text(issued.original), "0");
    EXPECT_EQ(text(issued.mine), "3");
    EXPECT_TRUE(issued.theirs.get().is_null());
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(ConflictDetail, IsNotAskedForUnlessItIsWanted)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    auto const failure = conflict_of(
        told(conflict_detail::first_row),
        [&] {
            other.transact(
                [&](unit_of_work& work) { work.load<coupon>(rows_[0].id).issued_quantity = 1; });
        },
        [](unit_of_work&, auto& loaded) { loaded[0]->issued_quantity = 3; });
    ASSERT_EQ(failure.conflicts().size(), 1u);
    EXPECT_EQ(failure.conflicts().front().kind, conflict_kind::changed_or_gone);
    EXPECT_EQ(failure.conflicts().front().actual_version, std::nullopt);
    EXPECT_TRUE(failure.conflicts().front().fields.empty());
}

TEST_P(ConflictDetail, OfAllRowsNamesEachThatIsNotAsExpectedAndNoOther)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    auto const failure = conflict_of(
        told(collect_conflicts),
        [&] {
            other.transact([&](unit_of_work& work) {
                work.load<coupon>(rows_[0].id).issued_quantity = 1;
                work.remove(work.load<coupon>(rows_[2].id));
            });
        },
        [](unit_of_work&, auto& loaded) {
            for (auto* row : loaded)
                row->total_quantity = 7;
        });
    ASSERT_EQ(failure.conflicts().size(), 2u);
    EXPECT_EQ(failure.conflicts()[0].key, std::to_string(rows_[0].id));
    EXPECT_EQ(failure.conflicts()[0].kind, conflict_kind::changed);
    EXPECT_EQ(failure.conflicts()[1].key, std::to_string(rows_[2].id));
    EXPECT_EQ(failure.conflicts()[1].kind, conflict_kind::gone);
    EXPECT_EQ(stored<coupon>(db(), rows_[1].id).total_quantity, 5);
}

TEST_P(ConflictDetail, OfAllRowsCountsRemovalsToo)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    auto const failure = conflict_of(
        told(collect_conflicts),
        [&] {
            other.transact([&](unit_of_work& work) {
                work.load<coupon>(rows_[0].id).issued_quantity = 1;
                work.load<coupon>(rows_[1].id).issued_quantity = 1;
            });
        },
        [](unit_of_work& work, auto& loaded) {
            loaded[0]->total_quantity = 7;
            work.remove(*loaded[1]);
        });
    EXPECT_EQ(failure.conflicts().size(), 2u);
    EXPECT_EQ(rows_of<coupon>(db()), 3);
}

TEST_P(ConflictDetail, OfATakenKeyShowsTheRowThatAppeared)
{
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work& work) { work.insert(coupon{.code = "A", .total_quantity = 1}); },
            told(conflict_detail::explained));
    });
    EXPECT_EQ(failure->code(), errc::already_exists);
    ASSERT_EQ(failure->conflicts().size(), 1u);
    auto const& what = failure->conflicts().front();
    EXPECT_EQ(what.kind, conflict_kind::appeared);
    EXPECT_EQ(what.key, std::to_string(rows_[0].id));
    EXPECT_EQ(what.actual_version, 1);
    ASSERT_EQ(what.fields.size(), 1u);
    EXPECT_EQ(what.fields[0].column, "total_quantity");
    EXPECT_EQ(text(what.fields[0].mine), "1");
    EXPECT_EQ(text(what.fields[0].theirs), "5");
    EXPECT_EQ(rows_of<coupon>(db()), 3);
}

TEST_P(ConflictDetail, OfAnUpdateIntoATakenValueShowsTheRowThatHasIt)
{
    db().transact([](unit_of_work& work) { work.insert(coupon{.code = "D"}); });
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                work.load<coupon>(rows_[0].id).total_quantity = 9;
                work.load<coupon>(rows_[1].id).code = "C";
            },
            told(conflict_detail::explained));
    });
    EXPECT_EQ(failure->code(), errc::already_exists);
    ASSERT_EQ(failure->conflicts().size(), 1u);
    EXPECT_EQ(failure->conflicts().front().kind, conflict_kind::appeared);
    EXPECT_EQ(failure->conflicts().front().key, std::to_string(rows_[2].id));
    EXPECT_EQ(stored<coupon>(db(), rows_[0].id).total_quantity, 5);
    EXPECT_EQ(stored<coupon>(db(), rows_[1].id).code, "B");
}

TEST_P(ConflictDetail, OfATakenKeyNamesNoRowThatTheUnitDoesNotWant)
{
    db().transact([](unit_of_work& work) { work.insert(coupon{.code = "D"}); });
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                work.load<coupon>(rows_[0].id).total_quantity = 9;
                coupon taken{.code = "C"};
                repository<coupon>(work).insert(taken);
            },
            told(conflict_detail::explained));
    });
    EXPECT_EQ(failure->code(), errc::already_exists);
    EXPECT_EQ(failure->what_conflicted(), nullptr);
    EXPECT_EQ(stored<coupon>(db(), rows_[0].id).total_quantity, 5);
}

TEST_P(ConflictDetail, IsCarriedByTheErrorThatEndsTheAttempts)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    auto how = told(conflict_detail::explained);
    how.retry = retry_policy{.attempts_max = 2, .base = std::chrono::microseconds{1}};
    auto const failure = conflict_of(
        how,
        [&] {
            other.transact(
                [&](unit_of_work& work) { work.load<coupon>(rows_[0].id).issued_quantity += 1; });
        },
        [](unit_of_work&, auto& loaded) { loaded[0]->total_quantity = 7; });
    EXPECT_EQ(failure.code(), errc::attempts_exhausted);
    ASSERT_NE(failure.what_conflicted(), nullptr);
    EXPECT_EQ(failure.what_conflicted()->expected_version, 2);
    EXPECT_EQ(failure.what_conflicted()->actual_version, 3);
}

TEST_P(ConflictDetail, HasItsKindAfterEveryPreset)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    for (auto const& preset : {retry_presets::once,
                               retry_presets::three_attempts_20_40_ms,
                               retry_presets::three_attempts_100_200_ms}) {
        auto how = told(conflict_detail::explained);
        how.retry = preset;
        auto const failure = conflict_of(
            how,
            [&] {
                other.transact([&](unit_of_work& work) {
                    work.load<coupon>(rows_[0].id).issued_quantity += 1;
                });
            },
            [](unit_of_work&, auto& loaded) { loaded[0]->total_quantity = 7; });
        EXPECT_EQ(failure.code(),
                  preset.attempts_max == 1 ? errc::stale_version : errc::attempts_exhausted);
        ASSERT_NE(failure.what_conflicted(), nullptr);
        EXPECT_EQ(failure.what_conflicted()->kind, conflict_kind::changed);
        ASSERT_EQ(failure.what_conflicted()->fields.size(), 2U);
    }
}

TIEBREAK_ON_ALL_ENGINES(ConflictDetail);

}  // namespace

}  // namespace tiebreak::test
