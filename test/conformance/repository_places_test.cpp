// Where a repository works: on the database, in a unit of work, on a snapshot; and where not.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

namespace {

struct lease_like {
    std::string name{};
    time_point until{};
    std::optional<time_point> seen{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(lease_like, (), (name, until, seen, version))

constexpr auto mapping_of(lease_like const*)
{
    return map<lease_like>("lease_likes", key<&lease_like::name>);
}

class RepositoryPlaces : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        create_table<lease_like>(db());
    }

    captured_log log_;
};

constexpr auto issued_now = field<&coupon::issued_quantity>;
constexpr auto total_now = field<&coupon::total_quantity>;

TEST_P(RepositoryPlaces, InAUnitItsWritesAreTheUnits)
{
    auto const row = add_coupon(db(), "A", 5);
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        repository<coupon> const coupons(work);
        EXPECT_EQ(coupons.update_if(row.id, version{1}, issued_now = 3), outcome::won);
        coupon other{.code = "B"};
        coupons.insert(other);
        EXPECT_EQ(coupons.find(row.id)->issued_quantity, 3);
        EXPECT_EQ(coupons.select().count(), 2);
        throw std::runtime_error("rolled back");
    }),
                 std::runtime_error);
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 0);
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(RepositoryPlaces, InAUnitAnObjectStaysAsItIsWhenItsRowIsWritten)
{
    auto known = add_coupon(db(), "A", 5);
    auto expected = add_coupon(db(), "B", 5);
    lease_like timed{.name = "t"};
    repository<lease_like>(db()).insert(timed);
    auto const seen = timed.version;
    coupon added{.code = "N"};
    coupon claimed{.code = "M"};
    db().transact([&](unit_of_work& work) {
        repository<coupon> const coupons(work);
        known.issued_quantity = 1;
        expected.issued_quantity = 2;
        coupons.save(known);
        coupons.insert(added);
        EXPECT_EQ(coupons.insert_if_absent(claimed), outcome::won);
        EXPECT_EQ(coupons.upsert_if(expected, std::optional{version{1}}), outcome::won);
        repository<lease_like>(work).save(timed);
    });
    EXPECT_EQ(known.version, version{1});
    EXPECT_EQ(expected.version, version{1});
    EXPECT_EQ(timed.version, seen);
    for (auto const& one : {added, claimed}) {
        EXPECT_EQ(one.id, 0);
        EXPECT_EQ(one.version, version{});
    }
    EXPECT_EQ(stored<coupon>(db(), known.id).version, version{2});
    EXPECT_EQ(stored<coupon>(db(), expected.id).issued_quantity, 2);
    EXPECT_EQ(rows_of<coupon>(db()), 4);
}

TEST_P(RepositoryPlaces, InAUnitItSeesWhatTheUnitHasChanged)
{
    auto const row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row.id).issued_quantity = 2;
        work.add(coupon{.code = "B"});
        repository<coupon> const coupons(work);
        EXPECT_EQ(coupons.find(row.id)->issued_quantity, 2);
        EXPECT_EQ(coupons.select().where(issued_now == 2).count(), 1);
        EXPECT_TRUE(coupons.find_by<&coupon::code>("B"));
        EXPECT_EQ(coupons.update_if(row.id, issued_now == 2, issued_now += 1), outcome::won);
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 3);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{3});
}

TEST_P(RepositoryPlaces, InAUnitItsWritesShowInTheTrackedObjects)
{
    auto const row = add_coupon(db(), "A", 5);
    auto const other = add_coupon(db(), "B", 5);
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        auto& removed = work.load<coupon>(other.id);
        EXPECT_EQ(removed.code, "B");
        repository<coupon> const coupons(work);
        EXPECT_EQ(coupons.update_where({}, issued_now += 1), 2);
        EXPECT_EQ(tracked.issued_quantity, 1);
        EXPECT_EQ(tracked.version, version{2});
        tracked.total_quantity = 9;  // written on top, not in conflict with itself
        EXPECT_EQ(coupons.remove_where(field<&coupon::code> == "B"), 1);
        EXPECT_EQ(work.find<coupon>(other.id), nullptr);
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 1);
    EXPECT_EQ(stored<coupon>(db(), row.id).total_quantity, 9);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{3});
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(RepositoryPlaces, OnTheDatabaseInsideARunningUnitIsRefused)
{
    auto row = add_coupon(db(), "A", 5);
    db().transact([&](unit_of_work&) {
        repository<coupon> const coupons(db());
        EXPECT_THROW((void)coupons.find(row.id), std::logic_error);
        EXPECT_THROW((void)coupons.select().all(), std::logic_error);
        EXPECT_THROW((void)coupons.update_if(row.id, version{1}, issued_now = 1), std::logic_error);
        EXPECT_THROW((void)coupons.remove_where({}), std::logic_error);
        EXPECT_THROW(coupons.save(row), std::logic_error);
        EXPECT_THROW(db().read([](snapshot&) {}), std::logic_error);
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{1});
    EXPECT_EQ(row.version, version{1});
}

TEST_P(RepositoryPlaces, OnASnapshotNothingCanBeWritten)
{
    auto const row = add_coupon(db(), "A", 5);
    db().read([&](snapshot& view) {
        repository<coupon> const coupons(view);
        coupon fresh{.code = "B"};
        auto known = row;
        EXPECT_THROW(coupons.insert(fresh), std::logic_error);
        EXPECT_THROW((void)coupons.insert_if_absent(fresh), std::logic_error);
        EXPECT_THROW(coupons.save(known), std::logic_error);
        EXPECT_THROW(coupons.remove(known), std::logic_error);
        EXPECT_THROW((void)coupons.update_if(row.id, version{1}, issued_now = 1), std::logic_error);
        EXPECT_THROW((void)coupons.remove_if(row.id, version{1}), std::logic_error);
        EXPECT_THROW((void)coupons.update_where({}, issued_now = 1), std::logic_error);
        EXPECT_THROW((void)coupons.remove_where({}), std::logic_error);
        EXPECT_EQ(fresh.id, 0);
        EXPECT_EQ(known.version, version{1});
        EXPECT_EQ(coupons.find(row.id)->code, "A") << "the snapshot can still be read";
    });
    EXPECT_EQ(rows_of<coupon>(db()), 1);
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{1});
}

TEST_P(RepositoryPlaces, OwnSqlOnASnapshotReadsAndDoesNotWrite)
{
    add_coupon(db(), "A", 5);
    auto const table = table_of<coupon>(db());
    db().read([&](snapshot& view) {
        EXPECT_EQ(view.table<coupon>(), table);
        EXPECT_EQ(view.query<std::string>("SELECT code FROM " + table),
                  (std::vector<std::string>{"A"}));
        EXPECT_ANY_THROW(
            (void)view.query<std::int64_t>("UPDATE " + table + " SET code = 'B' RETURNING 1"));
        EXPECT_THROW((void)view.query<std::int64_t>("COMMIT"), std::invalid_argument);
    });
    EXPECT_TRUE(repository<coupon>(db()).find_by<&coupon::code>("A"));
}

TEST_P(RepositoryPlaces, TheDatabasesClockDecidesInConditionsAndChanges)
{
    using namespace std::chrono_literals;
    auto const until = field<&lease_like::until>;
    auto const seen = field<&lease_like::seen>;
    repository<lease_like> const rows(db());
    lease_like row{.name = "l"};
    rows.insert(row);
    auto const now = [&] {
        return db().transact([](unit_of_work& work) { return work.database_time(); });
    };
    auto const before = now();
    EXPECT_EQ(rows.update_if(
                  "l", until < database_now(), until = database_now() + 1h, seen = database_now()),
              outcome::won);
    auto const after = now();
    auto const found = stored<lease_like>(db(), "l");
    EXPECT_GE(found.until, before + 1h);
    EXPECT_LE(found.until, after + 1h);
    EXPECT_GE(found.seen, before);
    EXPECT_LE(found.seen, after);
    EXPECT_EQ(rows.update_if("l", until < database_now(), until = time_point{}), outcome::lost);
    EXPECT_EQ(rows.update_if("l", until > database_now() + 2h, until = time_point{}),
              outcome::lost);
    EXPECT_EQ(rows.update_if("l", until > database_now() - 1us, until = database_now() - 1h),
              outcome::won);
    EXPECT_TRUE(rows.select().where(until <= database_now()).exists());
    EXPECT_LT(stored<lease_like>(db(), "l").until, now());
}

TIEBREAK_ON_ALL_ENGINES(RepositoryPlaces);

// Two connections.
class RepositoryRivals : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
    }

    captured_log log_;
};

TEST_P(RepositoryRivals, AWriteInAUnitDoesNotHideWhatAnotherHasChangedBefore)
{
    auto const row = add_coupon(db(), "A", 100);
    auto const unrelated = add_coupon(db(), "B", 100);
    auto rival = fresh().open();
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        auto const seen = tracked.issued_quantity;
        if (++runs == 1)
            rival.transact(
                [&](unit_of_work& other) { other.load<coupon>(row.id).issued_quantity = 40; });
        EXPECT_EQ(repository<coupon>(work).update_if(unrelated.id, issued_now == 0, issued_now = 1),
                  outcome::won);
        tracked.issued_quantity = seen + 1;
    });
    EXPECT_EQ(runs, 2) << "the first run had decided on a row that was changed since";
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 41);
    EXPECT_EQ(stored<coupon>(db(), unrelated.id).issued_quantity, 1);
}

TEST_P(RepositoryRivals, AnObjectSavedByAUnitThatRunsAgainDoesNotPassForTheRivalsRow)
{
    auto mine = add_coupon(db(), "A", 100);
    auto const other = add_coupon(db(), "B", 100);
    auto rival = fresh().open();
    mine.issued_quantity = 1;
    int runs = 0;
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        auto& stale = work.load<coupon>(other.id);
        if (++runs == 1)
            rival.transact(
                [&](unit_of_work& theirs) { theirs.load<coupon>(other.id).issued_quantity = 7; });
        else
            rival.transact(
                [&](unit_of_work& theirs) { theirs.load<coupon>(mine.id).issued_quantity = 40; });
        repository<coupon>(work).save(mine);
        stale.total_quantity = 50;
    }),
                errc::precondition_failed);
    EXPECT_EQ(runs, 2) << "the second run states version 1, which is the rival's no more";
    EXPECT_EQ(stored<coupon>(db(), mine.id).issued_quantity, 40);
    EXPECT_EQ(stored<coupon>(db(), other.id).total_quantity, 100);
    EXPECT_EQ(mine.version, version{1});
}

TEST_P(RepositoryRivals, ABulkWriteInAUnitDoesNotTakeARivalsChangeForItsOwn)
{
    auto const row = add_coupon(db(), "A", 100);
    auto rival = fresh().open();
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row.id);
        auto const seen = tracked.issued_quantity;
        if (++runs == 1)
            rival.transact(
                [&](unit_of_work& other) { other.load<coupon>(row.id).issued_quantity = 40; });
        EXPECT_EQ(repository<coupon>(work).update_where({}, total_now = 200), 1);
        tracked.issued_quantity = seen + 1;
    });
    EXPECT_EQ(runs, 2) << "after the write the row's version is this unit's, whatever came between";
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 41);
    EXPECT_EQ(stored<coupon>(db(), row.id).total_quantity, 200);
}

TEST_P(RepositoryRivals, ARowThatIsGoneAfterAWriteInTheUnitIsNotWrittenInSilence)
{
    for (auto const* name : {"gone", "kept"}) {
        setting row{.name = name, .value = "old"};
        repository<setting>(db()).insert(row);
    }
    auto rival = fresh().open();
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work& work) {
                        auto& tracked = work.load<setting>("gone");
                        rival.transact(
                            [](unit_of_work& other) { other.remove(other.load<setting>("gone")); });
                        repository<setting>(work).update_where({}, field<& setting::value> = "all");
                        EXPECT_EQ(work.find<setting>("gone"), nullptr);
                        tracked.value = "mine";
                    },
                    {.retry = retry_presets::once}),
                errc::stale_version);
    EXPECT_EQ(rows_of<setting>(db()), 1);
    EXPECT_EQ(stored<setting>(db(), "kept").value, "old");
}

TEST_P(RepositoryRivals, AnOptimisticLockHoldsThroughAWriteOfTheUnitItself)
{
    auto const row = add_coupon(db(), "A", 100);
    auto const removed = add_coupon(db(), "B", 100);
    db().transact([&](unit_of_work& work) {
        work.lock(work.load<coupon>(row.id), lock_mode::optimistic);
        work.lock(work.load<coupon>(removed.id), lock_mode::optimistic);
        repository<coupon> const coupons(work);
        EXPECT_EQ(coupons.update_if(row.id, version{1}, issued_now = 1), outcome::won);
        EXPECT_EQ(coupons.remove_if(removed.id, version{1}), outcome::won);
    });
    EXPECT_EQ(stored<coupon>(db(), row.id).version, version{2});
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TIEBREAK_ON_SHARED_ENGINES(RepositoryRivals);

}  // namespace

}  // namespace tiebreak::test
