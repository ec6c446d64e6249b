// What a unit of work knows: one object for each row, which members changed, and nothing more is
// written than that.
#include <tiebreak/counters.hpp>

#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

struct page {
    std::int64_t id = 0;
    std::string head{};
    std::string body{};
    std::int64_t reads = 0;
};
BOOST_DESCRIBE_STRUCT(page, (), (id, head, body, reads))

constexpr auto mapping_of(page const*)
{
    return map<page>("pages", key<&page::id>);
}

class Tracking : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        create_table<page>(db());
        page row{.id = 1, .head = "head", .body = "body"};
        repository<page>(db()).insert(row);
    }

    captured_log log_;
};

TEST_P(Tracking, OneRowIsOneObjectHoweverItIsFound)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        auto* found = work.find<coupon>(row.id);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(work.find<coupon>(row.id), found);
        EXPECT_EQ(&work.load<coupon>(row.id), found);
        EXPECT_EQ(work.find_by<&coupon::code>("A"), found);
        EXPECT_EQ(work.select<coupon>().first(), found);
        EXPECT_EQ(work.select<coupon>().all(), (std::vector<coupon*>{found}));
        found->issued_quantity = 1;
        work.flush();
        EXPECT_EQ(work.find<coupon>(row.id), found);
        EXPECT_EQ(&work.merge(coupon{*found}), found);
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 1);
}

TEST_P(Tracking, ManyRowsKeepTheirObjects)
{
    constexpr int many = 300;
    db().transact([&](unit_of_work& work) {
        for (int i = 0; i < many; ++i)
            work.add(setting{.name = std::to_string(i), .value = "0"});
    });
    db().transact([&](unit_of_work& work) {
        std::vector<setting*> objects;
        for (int i = 0; i < many; ++i)
            objects.push_back(work.find<setting>(std::to_string(i)));
        for (int i = many - 1; i >= 0; --i) {
            auto* const again = work.find<setting>(std::to_string(i));
            ASSERT_EQ(again, objects[static_cast<std::size_t>(i)]);
            again->value = std::to_string(i);
        }
    });
    for (auto const& one : repository<setting>(db()).select().all())
        EXPECT_EQ(one.value, one.name);
    EXPECT_EQ(rows_of<setting>(db()), many);
}

TEST_P(Tracking, AnAbsentRowIsNullAndLoadThrowsNotFound)
{
    db().transact([](unit_of_work& work) {
        EXPECT_EQ(work.find<coupon>(99), nullptr);
        auto const failure = error_of([&] { (void)work.load<coupon>(99); });
        ASSERT_TRUE(failure);
        EXPECT_EQ(failure->code(), errc::not_found);
        work.add(coupon{.code = "STILL WORKS"});
    });
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(Tracking, AddedRowsAreFoundByTheirKeyBeforeAndAfterTheFlush)
{
    db().transact([](unit_of_work& work) {
        auto& added = work.add(setting{.name = "n", .value = "v"});
        EXPECT_EQ(work.find<setting>("n"), &added);
        work.flush();
        EXPECT_EQ(work.find<setting>("n"), &added);
        auto& made = work.add(coupon{.code = "C"});
        EXPECT_EQ(made.id, 0);
        work.flush();
        EXPECT_NE(made.id, 0);
        EXPECT_EQ(work.find<coupon>(made.id), &made);
        auto& inserted = work.insert(coupon{.code = "D"});
        EXPECT_NE(inserted.id, 0);
        EXPECT_EQ(work.find<coupon>(inserted.id), &inserted);
        inserted.total_quantity = 8;
    });
    EXPECT_EQ(stored<setting>(db(), "n").value, "v");
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("D")->total_quantity, 8);
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("D")->version, version{2});
    EXPECT_EQ(repository<coupon>(db()).find_by<&coupon::code>("C")->version, version{1});
}

TEST_P(Tracking, OnlyChangedColumnsAreWritten)
{
    db().transact([&](unit_of_work& work) {
        auto& row = work.load<page>(1);
        auto const reads = quoted(db(), "reads");
        work.execute("UPDATE " + work.table<page>() + " SET body = 'beside', " + reads + " = " +
                     reads + " + 1");
        row.head = "changed";
    });
    auto const found = stored<page>(db(), 1);
    EXPECT_EQ(found.head, "changed");
    EXPECT_EQ(found.body, "beside");
    EXPECT_EQ(found.reads, 1);
}

TEST_P(Tracking, AMemberSetBackToWhatItWasIsNoChange)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        tracked.code = "B";
        tracked.code = "A";
        tracked.total_quantity += 1;
        tracked.total_quantity -= 1;
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{1});
}

TEST_P(Tracking, NothingChangedWritesNothing)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        (void)work.load<coupon>(row.id);
        (void)work.select<coupon>().all();
        work.flush();
        work.flush();
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{1});
}

TEST_P(Tracking, WhatWasFlushedIsNotWrittenAgain)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row.id).total_quantity = 6;
        for (int i = 0; i < 3; ++i)
            work.flush();
        EXPECT_EQ(work.load<coupon>(row.id).version, version{2});
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
}

TEST_P(Tracking, EachObjectOfOneUnitIsBumpedOnce)
{
    auto const a = add_coupon(db(), "A", 5);
    auto const b = add_coupon(db(), "B", 5);
    db().transact([&](unit_of_work& work) {
        auto& row = work.load<coupon>(a.id);
        row.code = "A2";
        row.total_quantity = 1;
        row.issued_quantity = 1;
        (void)work.load<coupon>(b.id);
    });
    EXPECT_EQ(stored<coupon>(db(), a.id).version, version{2});
    EXPECT_EQ(stored<coupon>(db(), b.id).version, version{1});
}

TEST_P(Tracking, QueriesSeeWhatTheUnitHasChanged)
{
    auto const row = add_coupon(db(), "A", 5);
    auto const other = add_coupon(db(), "OTHER", 5);
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row.id).total_quantity = 77;
        auto& added = work.add(coupon{.code = "NEW", .total_quantity = 77});
        work.remove(work.load<coupon>(other.id));
        auto const is_77 = field<&coupon::total_quantity> == 77;
        EXPECT_EQ(work.select<coupon>().where(is_77).count(), 2);
        EXPECT_EQ(work.find_by<&coupon::code>("NEW"), &added);
        EXPECT_EQ(work.find_by<&coupon::code>("OTHER"), nullptr);
        EXPECT_FALSE(work.select<coupon>().where(field<&coupon::code> == "OTHER").exists());
        EXPECT_EQ(work.query<std::int64_t>("SELECT COUNT(*) FROM " + work.table<coupon>()),
                  (std::vector<std::int64_t>{2}));
    });
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(Tracking, ObjectsGivenToTheUnitAreCopiedAndStayAsTheyAre)
{
    coupon mine{.code = "A", .version = version{42}};
    auto const id = db().transact([&](unit_of_work& work) {
        auto& tracked = work.add(coupon{mine});
        work.flush();
        tracked.total_quantity = 9;
        return tracked.id;
    });
    EXPECT_EQ(mine.id, 0);
    EXPECT_EQ(mine.version, version{42});
    EXPECT_EQ(mine.total_quantity, 0);
    EXPECT_EQ(stored<coupon>(db(), id).total_quantity, 9);
}

TEST_P(Tracking, ANewRowWithAGeneratedKeyAlreadySetIsRefused)
{
    EXPECT_THROW(db().transact([](unit_of_work& work) { work.add(coupon{.id = 5, .code = "A"}); }),
                 std::invalid_argument);
    EXPECT_THROW(
        db().transact([](unit_of_work& work) { work.insert(coupon{.id = 5, .code = "A"}); }),
        std::invalid_argument);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Tracking, AnAssignedKeyMayBeGivenUntilTheFlush)
{
    db().transact([](unit_of_work& work) {
        auto& row = work.add(setting{.name = "early", .value = "v"});
        row.name = "late";
        work.flush();
        EXPECT_EQ(work.find<setting>("late"), &row);
        EXPECT_EQ(work.find<setting>("early"), nullptr);
        row.value = "w";
    });
    EXPECT_EQ(stored<setting>(db(), "late").value, "w");
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(Tracking, TextsOfEveryLengthAreNoticedWhenTheyChange)
{
    for (auto const length : {0, 1, 15, 16, 17, 100, 70'000}) {
        std::string const text(static_cast<std::size_t>(length), 'a');
        db().transact([&](unit_of_work& work) { work.load<page>(1).body = text; });
        EXPECT_EQ(stored<page>(db(), 1).body, text);
        db().transact([&](unit_of_work& work) { work.load<page>(1).body += "b"; });
        EXPECT_EQ(stored<page>(db(), 1).body, text + "b");
        if (length == 0)
            continue;
        db().transact([&](unit_of_work& work) { work.load<page>(1).body.front() = 'x'; });
        EXPECT_EQ(stored<page>(db(), 1).body.front(), 'x');
    }
}

TIEBREAK_ON_ALL_ENGINES(Tracking);

class TrackingRivals : public Tracking {};

TEST_P(TrackingRivals, TwoUnitsThatChangeDifferentColumnsOfAnUnversionedRowBothStay)
{
    auto rival = fresh().open();
    db().transact([&](unit_of_work& work) {
        auto& row = work.load<page>(1);
        rival.transact([](unit_of_work& other) { other.load<page>(1).body = "rival"; });
        row.head = "mine";
    });
    EXPECT_EQ(stored<page>(db(), 1).head, "mine");
    EXPECT_EQ(stored<page>(db(), 1).body, "rival");
}

TEST_P(TrackingRivals, AUnitKnowsNothingOfTheOneBefore)
{
    auto const row = add_coupon(db(), "A", 100);
    db().transact([&](unit_of_work& work) { work.load<coupon>(row.id).issued_quantity = 1; });
    auto rival = fresh().open();
    rival.transact([&](unit_of_work& other) { other.load<coupon>(row.id).issued_quantity = 40; });
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        ++runs;
        EXPECT_EQ(work.load<coupon>(row.id).issued_quantity++, 40);
    });
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 41);
}

TEST_P(TrackingRivals, AUnitThatHasOnlyReadHoldsNobodyUp)
{
    auto const row = add_coupon(db(), "A", 5);
    auto rival = fresh().open({.retry = {.attempts_max = 1, .deadline = std::chrono::seconds{1}}});
    db().transact([&](unit_of_work& work) {
        (void)work.load<coupon>(row.id);
        (void)work.select<coupon>().all();
        work.flush();  // nothing to write, so no transaction that writes
        rival.transact([&](unit_of_work& other) { other.load<coupon>(row.id).code = "RIVAL"; });
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).code, "RIVAL");
}

TEST_P(TrackingRivals, ALoadedRowThatAQueryShowsChangedIsStaleNotSilentlyReplaced)
{
    auto const row = add_coupon(db(), "A", 5);
    auto rival = fresh().open();
    int runs = 0;
    int shown = 0;
    db().transact([&](unit_of_work& work) {
        auto const seen = work.load<coupon>(row.id).total_quantity;
        if (++runs == 1)
            rival.transact(
                [&](unit_of_work& other) { other.load<coupon>(row.id).total_quantity = 50; });
        auto* again = work.select<coupon>().where(field<&coupon::code> == "A").first();
        ++shown;
        again->total_quantity = seen + 1;
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(shown, 1) << "the first run ended with the query";
    EXPECT_EQ(stored<coupon>(db(), row.id).total_quantity, 51);
}

TEST_P(TrackingRivals, ALoserHasWrittenNothingElse)
{
    auto const row = add_coupon(db(), "A", 5);
    auto rival = fresh().open();
    counters told;
    auto mine = fresh().open({.watcher = &told});
    EXPECT_ERRC(mine.transact(
                    [&](unit_of_work& work) {
                        auto& tracked = work.load<coupon>(row.id);
                        work.add(coupon{.code = "ADDED"});
                        work.remove(work.load<page>(1));
                        rival.transact([&](unit_of_work& other) {
                            other.load<coupon>(row.id).issued_quantity = 1;
                        });
                        tracked.issued_quantity = 2;
                    },
                    {.retry = retry_presets::once}),
                errc::stale_version);
    EXPECT_EQ(rows_of<coupon>(db()), 1);
    EXPECT_TRUE(is_stored<page>(db(), 1));
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 1);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
    EXPECT_EQ(told.conflicts(), 1);
    EXPECT_EQ(told.commits(), 0);
}

TEST_P(TrackingRivals, AStaleUnitNamesEntityKeyAndVersion)
{
    auto const row = add_coupon(db(), "A", 5);
    auto rival = fresh().open();
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& tracked = work.load<coupon>(row.id);
                rival.transact(
                    [&](unit_of_work& other) { other.load<coupon>(row.id).issued_quantity = 1; });
                tracked.issued_quantity = 2;
            },
            {.retry = retry_presets::once});
    });
    ASSERT_TRUE(failure && failure->what_conflicted());
    EXPECT_EQ(failure->code(), errc::stale_version);
    EXPECT_EQ(failure->what_conflicted()->entity, "coupon");
    EXPECT_EQ(failure->what_conflicted()->table, db().table_prefix() + "coupons");
    EXPECT_EQ(failure->what_conflicted()->key, std::to_string(row.id));
    EXPECT_EQ(failure->what_conflicted()->expected_version, 1);
    auto const records = log_.records("lost");
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].field("entity"), "coupon");
    EXPECT_EQ(records[0].field("key"), std::to_string(row.id));
    EXPECT_EQ(records[0].field("expected_version"), "1");
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 1);
}

TIEBREAK_ON_SHARED_ENGINES(TrackingRivals);

}  // namespace

}  // namespace tiebreak::test
