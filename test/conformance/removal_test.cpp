// Adding and removing in a unit of work: deletes are checked, and combinations end as they read.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

// Rows that refer to rows of assigned keys.
struct team {
    std::string name{};
    std::string captain{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(team, (), (name, captain, version))

constexpr auto mapping_of(team const*)
{
    return map<team>("teams", key<&team::name>);
}

struct player {
    std::string name{};
    std::string team_name{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(player, (), (name, team_name, version))

constexpr auto mapping_of(player const*)
{
    return map<player>("players", key<&player::name>, references<&player::team_name, team>);
}

class Removal : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        create_table<team>(db());
        create_table<player>(db());
    }

    captured_log log_;
};

TEST_P(Removal, ARemovedRowIsGoneAfterTheCommitAndUnfindableBefore)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        work.remove(tracked);
        EXPECT_EQ(work.find<coupon>(row.id), nullptr);
        work.flush();
        EXPECT_EQ(work.find<coupon>(row.id), nullptr);
        EXPECT_EQ(work.find_by<&coupon::code>("A"), nullptr);
    });
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Removal, ARowChangedAndThenRemovedIsRemoved)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        tracked.code = "B";
        work.remove(tracked);
    });
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Removal, ARowChangedFlushedAndThenRemovedIsRemovedAtItsNewVersion)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        tracked.code = "B";
        work.flush();
        work.remove(tracked);
    });
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Removal, ARowAddedAndRemovedWasNeverThere)
{
    db().transact([](unit_of_work& work) {
        auto& added = work.add(setting{.name = "n"});
        work.remove(added);
        EXPECT_EQ(work.find<setting>("n"), nullptr);
        auto& inserted = work.insert(setting{.name = "m"});
        work.remove(inserted);
    });
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(Removal, ARowAddedRemovedAndAddedAgainIsTheLastOne)
{
    db().transact([](unit_of_work& work) {
        work.remove(work.add(setting{.name = "n", .value = "first"}));
        auto& second = work.add(setting{.name = "n", .value = "second"});
        EXPECT_EQ(work.find<setting>("n"), &second);
    });
    EXPECT_EQ(stored<setting>(db(), "n").value, "second");
}

TEST_P(Removal, AKeyIsFreeAgainOnceItsRemovalIsFlushed)
{
    setting row{.name = "n", .value = "old"};
    repository<setting>(db()).insert(row);
    db().transact([](unit_of_work& work) {
        work.remove(work.load<setting>("n"));
        work.flush();
        auto& again = work.add(setting{.name = "n", .value = "new"});
        EXPECT_EQ(work.find<setting>("n"), &again);
        work.flush();
        again.value = "newer";
    });
    EXPECT_EQ(stored<setting>(db(), "n").value, "newer");
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(Removal, AKeyIsTakenUntilItsRemovalIsFlushed)
{
    setting row{.name = "n", .value = "old"};
    repository<setting>(db()).insert(row);
    EXPECT_ERRC(db().transact([](unit_of_work& work) {
        work.remove(work.load<setting>("n"));
        work.add(setting{.name = "n", .value = "new"});  // inserts come before deletes
    }),
                errc::already_exists);
    EXPECT_EQ(stored<setting>(db(), "n").value, "old");
}

TEST_P(Removal, TwiceIsOnce)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        work.remove(tracked);
        work.remove(tracked);
    });
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(Removal, OfAnObjectTheUnitDoesNotKnowIsRefused)
{
    auto row = add_coupon(db(), "A", 5);
    EXPECT_THROW(db().transact([&](unit_of_work& work) { work.remove(row); }),
                 std::invalid_argument);
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(Removal, ChildrenAreRemovedBeforeTheirParentsInTheOrderOfTheCalls)
{
    db().transact([](unit_of_work& work) {
        work.add(team{.name = "t"});
        work.add(player{.name = "p", .team_name = "t"});
    });
    db().transact([](unit_of_work& work) {
        work.remove(work.load<player>("p"));
        work.remove(work.load<team>("t"));
    });
    EXPECT_EQ(rows_of<team>(db()), 0);
    EXPECT_EQ(rows_of<player>(db()), 0);
}

TEST_P(Removal, AnUpdateThatPointsToARowAddedInTheSameUnitComesAfterIt)
{
    db().transact([](unit_of_work& work) {
        work.add(team{.name = "old"});
        work.add(player{.name = "p", .team_name = "old"});
    });
    db().transact([](unit_of_work& work) {
        work.load<player>("p").team_name = "new";
        work.add(team{.name = "new"});
        work.remove(work.load<team>("old"));
    });
    EXPECT_EQ(stored<player>(db(), "p").team_name, "new");
    EXPECT_EQ(stored<player>(db(), "p").version, version{2});
    EXPECT_FALSE(is_stored<team>(db(), "old"));
    EXPECT_TRUE(is_stored<team>(db(), "new"));
}

TEST_P(Removal, RowsOfEveryKindInOneUnitAllArrive)
{
    auto const kept = add_coupon(db(), "KEPT", 1);
    auto const gone = add_coupon(db(), "GONE", 1);
    auto const [first, second] = db().transact([&](unit_of_work& work) {
        auto& issue = work.add(coupon_issue{.coupon_id = kept.id, .member_id = 1});
        work.load<coupon>(kept.id).issued_quantity = 1;
        work.remove(work.load<coupon>(gone.id));
        auto& added = work.insert(coupon{.code = "NEW"});
        EXPECT_NE(issue.id, 0) << "insert flushes what was queued before";
        work.add(coupon_issue{.coupon_id = added.id, .member_id = 1});
        return std::pair{issue.id, added.id};
    });
    EXPECT_EQ(stored<coupon>(db(), kept.id).issued_quantity, 1);
    EXPECT_FALSE(is_stored<coupon>(db(), gone.id));
    EXPECT_EQ(stored<coupon_issue>(db(), first).coupon_id, kept.id);
    EXPECT_TRUE(is_stored<coupon>(db(), second));
    EXPECT_EQ(rows_of<coupon_issue>(db()), 2);
}

TIEBREAK_ON_ALL_ENGINES(Removal);

class RemovalRivals : public Removal {
protected:
    // One unit removes or changes the row while a rival does the other in between.
    template <class Mine, class Rival>
    void race(std::int64_t id, errc expected, Mine const& mine, Rival const& rivals)
    {
        auto rival = fresh().open();
        EXPECT_ERRC(db().transact(
                        [&](unit_of_work& work) {
                            auto& row = work.load<coupon>(id);
                            rival.transact([&](unit_of_work& other) {
                                rivals(other, other.load<coupon>(id));
                            });
                            mine(work, row);
                        },
                        {.retry = retry_presets::once}),
                    expected);
    }
};

constexpr auto removes = [](unit_of_work& work, coupon& row) { work.remove(row); };
constexpr auto changes = [](unit_of_work&, coupon& row) { row.total_quantity += 10; };

TEST_P(RemovalRivals, RemovingARowThatARivalChangedIsStaleAndTheRowStays)
{
    auto const row = add_coupon(db(), "A", 5);
    race(row.id, errc::stale_version, removes, changes);
    EXPECT_EQ(stored<coupon>(db(), row.id).total_quantity, 15);
}

TEST_P(RemovalRivals, ChangingARowThatARivalRemovedIsStaleAndMakesNoNewRow)
{
    auto const row = add_coupon(db(), "A", 5);
    race(row.id, errc::stale_version, changes, removes);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(RemovalRivals, RemovingARowThatARivalRemovedIsStale)
{
    auto const row = add_coupon(db(), "A", 5);
    race(row.id, errc::stale_version, removes, removes);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TEST_P(RemovalRivals, ARowRemovedAndAddedAgainUnderTheSameKeyIsAnotherRow)
{
    setting row{.name = "n", .value = "old"};
    repository<setting>(db()).insert(row);
    team versioned{.name = "t"};
    repository<team>(db()).insert(versioned);
    repository<team>(db()).save(versioned);
    auto rival = fresh().open();
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work& work) {
                        auto& tracked = work.load<team>("t");
                        rival.transact([](unit_of_work& other) {
                            other.remove(other.load<team>("t"));
                            other.flush();
                            other.add(team{.name = "t", .captain = "new"});
                        });
                        tracked.captain = "mine";
                    },
                    {.retry = retry_presets::once}),
                errc::stale_version);
    EXPECT_EQ(stored<team>(db(), "t").captain, "new");
}

TEST_P(RemovalRivals, AnUnversionedRowThatARivalRemovedIsNotWritten)
{
    setting row{.name = "n", .value = "old"};
    repository<setting>(db()).insert(row);
    auto rival = fresh().open();
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& tracked = work.load<setting>("n");
                rival.transact([](unit_of_work& other) { other.remove(other.load<setting>("n")); });
                tracked.value = "mine";
            },
            {.retry = retry_presets::once});
    });
    ASSERT_TRUE(failure && failure->what_conflicted());
    EXPECT_EQ(failure->what_conflicted()->kind, conflict_kind::gone);
    EXPECT_EQ(failure->what_conflicted()->expected_version, std::nullopt);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(RemovalRivals, ALoserSeesTheRivalsRowWhenItRunsAgain)
{
    auto const row = add_coupon(db(), "A", 5);
    auto rival = fresh().open();
    int runs = 0;
    bool const removed = db().transact([&](unit_of_work& work) {
        auto* tracked = work.find<coupon>(row.id);
        if (++runs == 1)
            rival.transact([&](unit_of_work& other) { other.remove(other.load<coupon>(row.id)); });
        if (tracked == nullptr)
            return false;
        work.remove(*tracked);
        return true;
    });
    EXPECT_FALSE(removed);
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(rows_of<coupon>(db()), 0);
}

TIEBREAK_ON_SHARED_ENGINES(RemovalRivals);

}  // namespace

}  // namespace tiebreak::test
