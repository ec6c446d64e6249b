// The guard of `schema add-version`: programs that know nothing of a version raise it all the same,
// and those that do are not disturbed.
#include "add_version_test.hpp"
#include "support/checks.hpp"

namespace tiebreak::test {

namespace {

using schema::add_version;
using schema::version_step;

class VersionGuard : public add_version_test {
protected:
    void SetUp() override
    {
        add_version_test::SetUp();
        if (HasFatalFailure())
            return;
        make_old_table(db());
        guard_ = add_version(db(), "items", {.guard = true}).guard;
    }

    std::int64_t version_of(int id)
    {
        return number(db(), "SELECT version FROM items WHERE id = " + std::to_string(id));
    }

    std::string guard_;
};

TEST_P(VersionGuard, RaisesTheVersionOfWhatOthersUpdate)
{
    EXPECT_EQ(guard_, "tiebreak_guard_items");
    EXPECT_EQ(db().execute("UPDATE items SET amount = 3 WHERE id <= 2"), 2);
    EXPECT_EQ(version_of(1), 2);
    EXPECT_EQ(version_of(2), 2);
    EXPECT_EQ(version_of(3), 1);
    db().execute("UPDATE items SET amount = 3 WHERE id = 1");
    EXPECT_EQ(version_of(1), 3) << "the same values, written again";
}

TEST_P(VersionGuard, RaisesNothingTwice)
{
    db().execute("UPDATE items SET amount = 3, version = version + 1 WHERE id = 1");
    EXPECT_EQ(version_of(1), 2);
    db().execute("UPDATE items SET amount = 3, version = version + 5 WHERE id = 1");
    EXPECT_EQ(version_of(1), 7);
}

// As a program does that writes back a whole row it read long ago.
TEST_P(VersionGuard, LetsNoVersionFall)
{
    db().execute("UPDATE items SET version = 9 WHERE id = 1");
    db().execute("UPDATE items SET amount = 3, version = 4 WHERE id = 1");
    EXPECT_EQ(version_of(1), 10);
}

TEST_P(VersionGuard, CheckedWritesGoThroughAsBefore)
{
    db().transact([](unit_of_work& work) {
        auto& item = work.load<stock_item>(1);
        item.amount = 5;
        work.flush();
        EXPECT_EQ(item.version, version{2});
        item.amount = 6;  // a second write of the same unit knows the version
    });
    EXPECT_EQ(version_of(1), 3);
    repository<stock_item> const items(db());
    EXPECT_EQ(items.update_if(1, version{3}, field<& stock_item::amount> = 7), outcome::won);
    EXPECT_EQ(items.update_if(1, version{3}, field<& stock_item::amount> = 8), outcome::lost);
    EXPECT_EQ(version_of(1), 4);
    db().transact([](unit_of_work& work) { work.remove(work.load<stock_item>(1)); });
    EXPECT_FALSE(is_stored<stock_item>(db(), 1));
}

TEST_P(VersionGuard, AnUpdateOfAnOldProgramIsAConflictForACheckedOne)
{
    auto other = fresh().open();
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        auto& item = work.load<stock_item>(1);
        if (++runs == 1)
            other.execute("UPDATE items SET amount = amount + 10 WHERE id = 1");
        item.amount += 1;
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(stored<stock_item>(db(), 1).amount, 11);
    EXPECT_EQ(version_of(1), 3);
}

TEST_P(VersionGuard, IsMadeOnceAndLeftAlone)
{
    auto const again = add_version(db(), "items", {.guard = true});
    EXPECT_TRUE(again.done.empty());
    EXPECT_EQ(again.guard, guard_);
    EXPECT_TRUE(add_version(db(), "items").done.empty()) << "it stays when nobody asks for it";
    db().execute("UPDATE items SET amount = 3 WHERE id = 1");
    EXPECT_EQ(version_of(1), 2);
}

TEST_P(VersionGuard, IsMadeAnewWhenSomethingElseIsAskedOfIt)
{
    db().execute("ALTER TABLE items ADD COLUMN seen BIGINT");
    auto const changed = add_version(db(), "items", {.guard = true, .unversioned = {"seen"}});
    EXPECT_EQ(changed.done, std::vector{version_step::make_guard});
    db().execute("UPDATE items SET seen = 5 WHERE id = 1");
    EXPECT_EQ(version_of(1), 1);
    add_version(db(), "items", {.guard = true});
    db().execute("UPDATE items SET seen = 6 WHERE id = 1");
    EXPECT_EQ(version_of(1), 2);
}

// What a mapping calls unversioned is checked when it is written, and raises nothing.
TEST_P(VersionGuard, SparesUpdatesOfUnversionedColumnsAlone)
{
    db().execute("ALTER TABLE items ADD COLUMN seen BIGINT");
    db().execute("ALTER TABLE items ADD COLUMN note VARCHAR(20)");
    add_version(db(), "items", {.guard = true, .unversioned = {"seen", "note"}});
    db().execute("UPDATE items SET seen = 5 WHERE id = 1");
    db().execute("UPDATE items SET seen = NULL, note = 'a' WHERE id = 1");
    db().execute("UPDATE items SET note = 'A' WHERE id = 1");
    EXPECT_EQ(version_of(1), 1);
    db().execute("UPDATE items SET note = 'b', amount = 1 WHERE id = 1");
    EXPECT_EQ(version_of(1), 2);
    db().execute("UPDATE items SET name = 'OLD' WHERE id = 1");
    EXPECT_EQ(version_of(1), 3) << "another case is another value";
    db().execute("ALTER TABLE items ADD COLUMN later BIGINT");
    db().execute("UPDATE items SET later = 1 WHERE id = 1");
    EXPECT_EQ(version_of(1), 4) << "a column that came after the guard";
}

TEST_P(VersionGuard, AtTheHighestVersionAnUpdateIsRefused)
{
    db().execute("UPDATE items SET version = 9223372036854775807 WHERE id = 1");
    auto const refused =
        error_of([&] { db().execute("UPDATE items SET amount = 3 WHERE id = 1"); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(code_of(*refused), errc::constraint_violated) << refused->server_message();
    EXPECT_EQ(number(db(), "SELECT amount FROM items WHERE id = 1"), 0);
}

TEST_P(VersionGuard, HoldsForUpdatesThatBeganAsInserts)
{
    std::string const upsert = is(db(), "mariadb")
                                   ? "INSERT INTO items (id, name, amount) VALUES (1, 'x', 1)"
                                     " ON DUPLICATE KEY UPDATE amount = 4"
                                   : "INSERT INTO items (id, name, amount) VALUES (1, 'x', 1)"
                                     " ON CONFLICT (id) DO UPDATE SET amount = 4";
    db().execute(upsert);
    EXPECT_EQ(version_of(1), 2);
}

TEST_P(VersionGuard, AColumnThatIsNotThereCannotBeSpared)
{
    auto const refused =
        error_of([&] { add_version(db(), "items", {.guard = true, .unversioned = {"nothing"}}); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::not_found);
    EXPECT_THROW(add_version(db(), "items", {.unversioned = {"amount"}}), std::invalid_argument);
    EXPECT_THROW(add_version(db(), "items", {.guard = true, .unversioned = {"version"}}),
                 std::invalid_argument);
}

TIEBREAK_ON_SHARED_ENGINES(VersionGuard);

}  // namespace

}  // namespace tiebreak::test
