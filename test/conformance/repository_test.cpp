// The repository: one statement a call, the answer is a value or an error, and on failure neither
// the row nor the caller's object has changed.
#include <tiebreak/counters.hpp>

#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

// A row that is nothing but its key.
struct tag {
    std::string name{};
    std::int64_t of = 0;
};
BOOST_DESCRIBE_STRUCT(tag, (), (name, of))

constexpr auto mapping_of(tag const*)
{
    return map<tag>("tags", key<&tag::name, &tag::of>);
}

// The same with a version.
struct baton {
    std::string name{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(baton, (), (name, version))

constexpr auto mapping_of(baton const*)
{
    return map<baton>("batons", key<&baton::name>);
}

class Repository : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        create_table<tag>(db());
        create_table<baton>(db());
    }

    captured_log log_;
};

constexpr auto total = field<&coupon::total_quantity>;
constexpr auto issued = field<&coupon::issued_quantity>;
constexpr auto code = field<&coupon::code>;

TEST_P(Repository, InsertPutsKeyAndFirstVersionIntoTheObject)
{
    coupon row{.code = "A", .total_quantity = 3, .version = version{99}};
    repository<coupon>(db()).insert(row);
    EXPECT_NE(row.id, 0);
    EXPECT_EQ(row.version, version{1});
    auto const found = stored<coupon>(db(), row.id);
    EXPECT_EQ(found.code, "A");
    EXPECT_EQ(found.total_quantity, 3);
    EXPECT_EQ(found.version, version{1});
}

TEST_P(Repository, InsertOfATakenUniqueValueChangesNeitherTableNorObject)
{
    add_coupon(db(), "A", 3);
    coupon row{.code = "A", .total_quantity = 4, .version = version{99}};
    EXPECT_ERRC(repository<coupon>(db()).insert(row), errc::already_exists);
    EXPECT_EQ(row.id, 0);
    EXPECT_EQ(row.version, version{99});
    EXPECT_EQ(rows_of<coupon>(db()), 1);
    EXPECT_EQ(repository<coupon>(db()).select().first()->total_quantity, 3);
}

TEST_P(Repository, InsertWithAGeneratedKeyAlreadySetIsRefused)
{
    coupon row{.id = 7, .code = "A"};
    EXPECT_THROW(repository<coupon>(db()).insert(row), std::invalid_argument);
    EXPECT_THROW((void)repository<coupon>(db()).insert_if_absent(row), std::invalid_argument);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Repository, SaveInsertsANewObjectAndWritesAKnownOne)
{
    repository<coupon> const coupons(db());
    coupon row{.code = "A"};
    coupons.save(row);
    EXPECT_NE(row.id, 0);
    EXPECT_EQ(row.version, version{1});
    row.code = "B";
    coupons.save(row);
    EXPECT_EQ(row.version, version{2});
    EXPECT_EQ(stored<coupon>(db(), row.id).code, "B");
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(Repository, SaveOfAnObjectThatDoesNotDifferIsAWriteAllTheSame)
{
    auto row = add_coupon(db(), "A", 1);
    repository<coupon>(db()).save(row);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
}

TEST_P(Repository, SaveOfAStaleObjectChangesNeitherRowNorObject)
{
    auto const row = add_coupon(db(), "A", 1);
    auto first = row;
    auto second = row;
    first.total_quantity = 10;
    second.total_quantity = 20;
    repository<coupon> const coupons(db());
    coupons.save(first);
    auto const failure = error_of([&] { coupons.save(second); });
    ASSERT_TRUE(failure && failure->what_conflicted());
    EXPECT_EQ(failure->code(), errc::precondition_failed);
    auto const& what = *failure->what_conflicted();
    EXPECT_EQ(what.entity, "coupon");
    EXPECT_EQ(what.table, db().table_prefix() + "coupons");
    EXPECT_EQ(what.key, std::to_string(row.id));
    EXPECT_EQ(what.expected_version, 1);
    EXPECT_EQ(second.version, version{1});
    EXPECT_EQ(second.total_quantity, 20);
    EXPECT_EQ(stored<coupon>(db(), row.id).total_quantity, 10);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
}

TEST_P(Repository, SaveOfAnObjectWhoseRowIsGoneMakesNoNewRow)
{
    auto row = add_coupon(db(), "A", 1);
    repository<coupon>(db()).remove(row);
    EXPECT_ERRC(repository<coupon>(db()).save(row), errc::precondition_failed);
    EXPECT_EQ(rows_of<coupon>(db()), 0);

    setting unversioned{.name = "n", .value = "v"};
    EXPECT_ERRC(repository<setting>(db()).save(unversioned), errc::not_found);
    EXPECT_ERRC(repository<setting>(db()).remove(unversioned), errc::not_found);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(Repository, SaveWorksOnRowsThatAreNothingButTheirKey)
{
    tag row{.name = "t", .of = 1};
    EXPECT_ERRC(repository<tag>(db()).save(row), errc::not_found);
    repository<tag>(db()).insert(row);
    repository<tag>(db()).save(row);
    EXPECT_EQ(rows_of<tag>(db()), 1);

    baton one{.name = "b"};
    repository<baton>(db()).insert(one);
    repository<baton>(db()).save(one);
    EXPECT_EQ(one.version, version{2});
    EXPECT_EQ(stored<baton>(db(), "b").version, version{2});
}

TEST_P(Repository, SaveToATakenUniqueValueChangesNeitherRowNorObject)
{
    add_coupon(db(), "TAKEN", 1);
    auto row = add_coupon(db(), "B", 1);
    row.code = "TAKEN";
    EXPECT_ERRC(repository<coupon>(db()).save(row), errc::already_exists);
    EXPECT_EQ(row.version, version{1});
    EXPECT_EQ(stored<coupon>(db(), row.id).code, "B");
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{1});
}

TEST_P(Repository, RemoveTakesTheRowOfThatVersionOnly)
{
    auto const row = add_coupon(db(), "A", 1);
    auto newer = row;
    repository<coupon> const coupons(db());
    coupons.save(newer);
    EXPECT_ERRC(coupons.remove(row), errc::precondition_failed);
    EXPECT_TRUE(is_stored<coupon>(db(), row.id));
    coupons.remove(newer);
    EXPECT_FALSE(is_stored<coupon>(db(), row.id));
    EXPECT_ERRC(coupons.remove(newer), errc::precondition_failed);
}

TEST_P(Repository, UpdateIfByVersionChangesThatVersionOnly)
{
    auto const row = add_coupon(db(), "A", 5);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.update_if(row.id, version{1}, issued = 1), outcome::won);
    EXPECT_EQ(coupons.update_if(row.id, version{1}, issued = 9), outcome::lost);
    EXPECT_EQ(coupons.update_if(row.id + 1, version{1}, issued = 9), outcome::lost);
    EXPECT_EQ(coupons.update_if(row.id, version{2}, issued += 2, total -= 1), outcome::won);
    auto const found = stored<coupon>(db(), row.id);
    EXPECT_EQ(found.issued_quantity, 3);
    EXPECT_EQ(found.total_quantity, 4);
    EXPECT_EQ(found.code, "A");
    EXPECT_EQ(found.version, version{3});
}

TEST_P(Repository, UpdateIfByConditionNeedsNoVersionAndBumpsIt)
{
    auto const row = add_coupon(db(), "A", 2);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.update_if(row.id, issued < total, issued += 1), outcome::won);
    EXPECT_EQ(coupons.update_if(row.id, issued < total, issued += 1), outcome::won);
    EXPECT_EQ(coupons.update_if(row.id, issued < total, issued += 1), outcome::lost);
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 2);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{3});
}

TEST_P(Repository, UpdateIfByBothNeedsBoth)
{
    auto const row = add_coupon(db(), "A", 2);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.update_if(row.id, version{1}, issued == 1, code = "B"), outcome::lost);
    EXPECT_EQ(coupons.update_if(row.id, version{2}, issued == 0, code = "B"), outcome::lost);
    EXPECT_EQ(stored<coupon>(db(), row.id).code, "A");
    EXPECT_EQ(coupons.update_if(row.id, version{1}, issued == 0, code = "B"), outcome::won);
    EXPECT_EQ(stored<coupon>(db(), row.id).code, "B");
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
}

TEST_P(Repository, UpdateIfOfOneAlternativeTouchesTheKeyedRowOnly)
{
    auto const a = add_coupon(db(), "A", 2);
    auto const b = add_coupon(db(), "B", 2);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.update_if(a.id, issued == 0 || issued == 1, issued = 7), outcome::won);
    EXPECT_EQ(coupons.update_if(a.id, version{2}, issued == 0 || code == "B", issued = 8),
              outcome::lost);
    EXPECT_EQ(coupons.remove_if(a.id, issued == 0 || code == "B"), outcome::lost);
    EXPECT_EQ(stored<coupon>(db(), a.id).issued_quantity, 7);
    EXPECT_EQ(stored<coupon>(db(), b.id).issued_quantity, 0);
    EXPECT_EQ(stored<coupon>(db(), b.id).version, version{1});
}

TEST_P(Repository, UpdateIfWithoutAChangeBumpsAlone)
{
    auto const row = add_coupon(db(), "A", 2);
    EXPECT_EQ(repository<coupon>(db()).update_if(row.id, version{1}), outcome::won);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
    EXPECT_THROW((void)repository<setting>(db()).update_if("x", field<&setting::value> == "v"),
                 std::invalid_argument);
}

TEST_P(Repository, AColumnIsNotChangedTwiceInOneStatement)
{
    auto const row = add_coupon(db(), "A", 2);
    EXPECT_THROW(
        (void)repository<coupon>(db()).update_if(row.id, version{1}, issued = 1, issued = 2),
        std::invalid_argument);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{1});
}

TEST_P(Repository, AChangeReadsTheRowAsItWasBefore)
{
    auto const row = add_coupon(db(), "A", 2);
    EXPECT_EQ(repository<coupon>(db()).update_if(
                  row.id, version{1}, total = issued + 10, issued = total + 1),
              outcome::won);
    EXPECT_EQ(stored<coupon>(db(), row.id).total_quantity, 10);
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 3);
}

TEST_P(Repository, AChangeSetsAndClearsWhatMayBeAbsent)
{
    auto const row = add_book(db(), "B");
    repository<book> const books(db());
    auto const editor = field<&book::editor>;
    EXPECT_EQ(books.update_if(row.id, editor.is_null(), editor = "Ann"), outcome::won);
    EXPECT_EQ(stored<book>(db(), row.id).editor, "Ann");
    EXPECT_EQ(books.update_if(row.id, version{2}, editor = std::nullopt), outcome::won);
    EXPECT_EQ(stored<book>(db(), row.id).editor, std::nullopt);
    EXPECT_EQ(books.update_if(row.id, version{3}, editor = std::optional<std::string>{"Bo"}),
              outcome::won);
    EXPECT_EQ(stored<book>(db(), row.id).editor, "Bo");
    EXPECT_EQ(books.update_if(row.id, version{4}, field<& book::status> = book_status::withdrawn),
              outcome::won);
    EXPECT_EQ(stored<book>(db(), row.id).status, book_status::withdrawn);
}

TEST_P(Repository, RemoveIfAnswersWonOrLost)
{
    auto const row = add_coupon(db(), "A", 2);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.remove_if(row.id, version{2}), outcome::lost);
    EXPECT_EQ(coupons.remove_if(row.id, issued == 1), outcome::lost);
    EXPECT_TRUE(is_stored<coupon>(db(), row.id));
    EXPECT_EQ(coupons.remove_if(row.id, issued == 0), outcome::won);
    EXPECT_EQ(coupons.remove_if(row.id, version{1}), outcome::lost);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Repository, ExplainTellsChangedFromGoneAndTheVersionOfNow)
{
    auto const row = add_coupon(db(), "A", 2);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.update_if(row.id, version{1}, issued = 1), outcome::won);
    auto const changed = coupons.explain(row.id, version{1});
    EXPECT_EQ(changed.kind, conflict_kind::changed);
    EXPECT_EQ(changed.expected_version, 1);
    EXPECT_EQ(changed.actual_version, 2);
    EXPECT_EQ(changed.key, std::to_string(row.id));
    EXPECT_EQ(changed.table, db().table_prefix() + "coupons");
    EXPECT_EQ(coupons.explain(row.id).actual_version, 2);
    db().read([&](snapshot& view) {
        auto const seen = repository<coupon>(view).explain(row.id, version{1});
        EXPECT_EQ(seen.actual_version, 2);
        EXPECT_EQ(seen.table, changed.table);
    });
    EXPECT_EQ(coupons.remove_if(row.id, version{2}), outcome::won);
    auto const gone = coupons.explain(row.id, version{1});
    EXPECT_EQ(gone.kind, conflict_kind::gone);
    EXPECT_EQ(gone.actual_version, std::nullopt);
}

TEST_P(Repository, ALostCheckIsToldToTheObserverAndTheLogOnEveryPath)
{
    counters told;
    auto watched = fresh().open({.table_prefix = db().table_prefix() + "p_", .watcher = &told});
    create_shop(watched);
    auto const row = add_coupon(watched, "A", 2);
    auto stale = row;
    repository<coupon> const coupons(watched);
    EXPECT_EQ(coupons.update_if(row.id, version{1}, issued = 1), outcome::won);
    EXPECT_EQ(told.conflicts(), 0);
    EXPECT_EQ(coupons.update_if(row.id, version{1}, issued = 2), outcome::lost);
    EXPECT_EQ(coupons.remove_if(row.id, version{1}), outcome::lost);
    EXPECT_ERRC(coupons.save(stale), errc::precondition_failed);
    EXPECT_ERRC(coupons.remove(stale), errc::precondition_failed);
    EXPECT_EQ(told.conflicts(), 4);
    EXPECT_EQ(told.conflicts_by_entity().at("coupon"), 4);
    auto const records = log_.records("lost");
    ASSERT_EQ(records.size(), 4u);
    for (auto const& one : records) {
        EXPECT_EQ(one.level, log_level::warning);
        EXPECT_EQ(one.field("entity"), "coupon");
        EXPECT_EQ(one.field("table"), watched.table_prefix() + "coupons");
        EXPECT_EQ(one.field("key"), std::to_string(row.id));
        EXPECT_EQ(one.field("expected_version"), "1");
    }
    EXPECT_EQ(stored<coupon>(watched, row.id).issued_quantity, 1);
}

TEST_P(Repository, UpdateWhereChangesBumpsAndCountsTheMatchingRows)
{
    for (int i = 0; i < 5; ++i)
        add_coupon(db(), "C" + std::to_string(i), i);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.update_where(total >= 3, issued += 1), 2);
    EXPECT_EQ(coupons.update_where(total == 99, issued += 1), 0);
    EXPECT_EQ(coupons.update_where(total.in(std::vector<std::int64_t>{}), issued += 1), 0);
    for (auto const& one : coupons.select().all()) {
        EXPECT_EQ(one.issued_quantity, one.total_quantity >= 3 ? 1 : 0);
        EXPECT_EQ(one.version, version{one.total_quantity >= 3 ? 2 : 1});
    }
    EXPECT_EQ(coupons.update_where({}, issued = 7), 5);
    EXPECT_EQ(coupons.update_where({}, issued = 7), 5) << "rows matched, not rows that differ";
    EXPECT_EQ(coupons.select().where(issued == 7).count(), 5);
}

TEST_P(Repository, RemoveWhereRemovesAndCountsTheMatchingRows)
{
    for (int i = 0; i < 5; ++i)
        add_coupon(db(), "C" + std::to_string(i), i);
    repository<coupon> const coupons(db());
    EXPECT_EQ(coupons.remove_where(total < 2), 2);
    EXPECT_EQ(coupons.remove_where(total < 2), 0);
    EXPECT_EQ(rows_of<coupon>(db()), 3);
    EXPECT_EQ(coupons.remove_where({}), 3);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Repository, InsertIfAbsentWinsOnceAndLeavesTheWinnersRow)
{
    repository<setting> const settings(db());
    setting mine{.name = "claim", .value = "mine"};
    setting theirs{.name = "claim", .value = "theirs"};
    EXPECT_EQ(settings.insert_if_absent(mine), outcome::won);
    EXPECT_EQ(settings.insert_if_absent(theirs), outcome::lost);
    EXPECT_EQ(settings.insert_if_absent(mine), outcome::lost);
    EXPECT_EQ(stored<setting>(db(), "claim").value, "mine");
    EXPECT_EQ(theirs.value, "theirs");
}

TEST_P(Repository, InsertIfAbsentLosesByAnyUniqueValueAndLeavesTheObject)
{
    add_coupon(db(), "A", 1);
    coupon row{.code = "A", .total_quantity = 2, .version = version{42}};
    EXPECT_EQ(repository<coupon>(db()).insert_if_absent(row), outcome::lost);
    EXPECT_EQ(row.id, 0);
    EXPECT_EQ(row.version, version{42});
    row.code = "B";
    EXPECT_EQ(repository<coupon>(db()).insert_if_absent(row), outcome::won);
    EXPECT_EQ(row.version, version{1});
    EXPECT_EQ(stored<coupon>(db(), row.id).code, "B");
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(Repository, InsertIfAbsentStillReportsOtherViolations)
{
    coupon_issue row{.coupon_id = 99, .member_id = 1};
    EXPECT_ERRC((void)repository<coupon_issue>(db()).insert_if_absent(row),
                errc::constraint_violated);
    EXPECT_EQ(rows_of<coupon_issue>(db()), 0);
}

TEST_P(Repository, OfTenThreadsThatClaimExactlyOneWins)
{
    std::atomic<int> won{0};
    std::atomic<int> winner{-1};
    run_together(10, [&](int index) {
        setting mine{.name = "claim", .value = std::to_string(index)};
        if (repository<setting>(db()).insert_if_absent(mine) == outcome::won) {
            ++won;
            winner = index;
        }
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(stored<setting>(db(), "claim").value, std::to_string(winner));
}

TEST_P(Repository, OfTenThreadsThatUpdateOneVersionExactlyOneWins)
{
    auto const row = add_coupon(db(), "A", 100);
    std::atomic<int> won{0};
    run_together(10, [&](int index) {
        if (repository<coupon>(db()).update_if(row.id, version{1}, issued = index + 1) ==
            outcome::won)
            ++won;
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
    EXPECT_GE(stored<coupon>(db(), row.id).issued_quantity, 1);
}

TEST_P(Repository, OfManyThreadsExactlyTheStockIsServedByCondition)
{
    auto const row = add_coupon(db(), "A", 7);
    std::atomic<int> won{0};
    run_together(10, [&](int) {
        for (int i = 0; i < 3; ++i)
            if (repository<coupon>(db()).update_if(row.id, issued < total, issued += 1) ==
                outcome::won)
                ++won;
    });
    EXPECT_EQ(won, 7);
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 7);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{8});
}

TIEBREAK_ON_ALL_ENGINES(Repository);

}  // namespace

}  // namespace tiebreak::test
