// Merging column by column, and the checked upsert.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

#include <stdexcept>

namespace tiebreak::test {

namespace {

class Merge : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        original_.title = "Title";
        original_.text = "Text";
        original_.price = 10;
        repository<book>(db()).insert(original_);
        mine_ = original_;
    }

    // What somebody else has stored meanwhile.
    template <class Change>
    void theirs(Change&& change)
    {
        db().transact([&](unit_of_work& work) { change(work.load<book>(original_.id)); });
    }

    book merged(merge_policy how = merge_policy::refuse_overlap)
    {
        db().transact([&](unit_of_work& work) { work.merge(original_, mine_, how); });
        return stored<book>(db(), original_.id);
    }

    book original_;
    book mine_;
    captured_log log_;
};

TEST_P(Merge, OfDifferentColumnsKeepsBothSides)
{
    theirs([](book& b) { b.title = "Their title"; });
    mine_.price = 20;
    auto const row = merged();
    EXPECT_EQ(row.title, "Their title");
    EXPECT_EQ(row.price, 20);
    EXPECT_EQ(row.version, version{3});
}

TEST_P(Merge, OfTheSameChangeIsNoConflictAndWritesNothing)
{
    theirs([](book& b) { b.price = 20; });
    mine_.price = 20;
    auto const row = merged();
    EXPECT_EQ(row.price, 20);
    EXPECT_EQ(row.version, version{2});
}

TEST_P(Merge, OfOneColumnOnBothSidesIsRefusedWithTheFields)
{
    theirs([](book& b) {
        b.price = 30;
        b.title = "Their title";
    });
    mine_.price = 20;
    mine_.text = "My text";
    auto const failure = error_of([&] { (void)merged(); });
    EXPECT_EQ(failure->code(), errc::precondition_failed);
    ASSERT_EQ(failure->conflicts().size(), 1u);
    auto const& what = failure->conflicts().front();
    EXPECT_EQ(what.kind, conflict_kind::changed);
    EXPECT_EQ(what.expected_version, 1);
    EXPECT_EQ(what.actual_version, 2);
    ASSERT_EQ(what.fields.size(), 1u);
    EXPECT_EQ(what.fields[0].column, "price");
    EXPECT_TRUE(what.fields[0].overlaps());
    auto const row = stored<book>(db(), original_.id);
    EXPECT_EQ(row.price, 30);
    EXPECT_EQ(row.text, "Text");
    EXPECT_EQ(row.version, version{2});
}

TEST_P(Merge, KeepsTheFieldsOfARefusalWhateverIsAskedAboutConflicts)
{
    theirs([](book& b) { b.price = 30; });
    mine_.price = 20;
    for (auto const how : {conflict_detail::explained, conflict_detail::all_rows}) {
        auto const refused = error_of([&] {
            db().transact([&](unit_of_work& work) { work.merge(original_, mine_); },
                          {.conflicts = how});
        });
        ASSERT_EQ(refused->conflicts().size(), 1u);
        ASSERT_EQ(refused->conflicts().front().fields.size(), 1u);
        EXPECT_TRUE(refused->conflicts().front().fields.front().overlaps());
        auto const stale = error_of([&] {
            db().transact([&](unit_of_work& work) { work.merge(mine_); }, {.conflicts = how});
        });
        ASSERT_EQ(stale->conflicts().size(), 1u);
        ASSERT_EQ(stale->conflicts().front().fields.size(), 1u);
        EXPECT_EQ(stale->conflicts().front().fields.front().column, "price");
        EXPECT_TRUE(stale->conflicts().front().fields.front().original.get().is_null());
    }
    EXPECT_EQ(stored<book>(db(), original_.id).price, 30);
    EXPECT_EQ(stored<book>(db(), original_.id).version, version{2});
}

TEST_P(Merge, ByMineOverwritesOnlyWhatIChanged)
{
    theirs([](book& b) {
        b.price = 30;
        b.title = "Their title";
    });
    mine_.price = 20;
    auto const row = merged(merge_policy::mine);
    EXPECT_EQ(row.price, 20);
    EXPECT_EQ(row.title, "Their title");
}

TEST_P(Merge, ByTheirsKeepsTheirsWhereBothChangedAndMineElsewhere)
{
    theirs([](book& b) { b.price = 30; });
    mine_.price = 20;
    mine_.editor = "me";
    auto const row = merged(merge_policy::theirs);
    EXPECT_EQ(row.price, 30);
    EXPECT_EQ(row.editor, "me");
}

TEST_P(Merge, OfAnAbsentValueIsAChangeLikeAnyOther)
{
    theirs([](book& b) { b.editor = "they"; });
    mine_.editor = "me";
    EXPECT_EQ(error_of([&] { (void)merged(); })->code(), errc::precondition_failed);
    original_.editor = "they";
    mine_.editor = std::nullopt;
    EXPECT_EQ(merged().editor, std::nullopt);
}

TEST_P(Merge, RunsAgainWhenTheRowChangesBeforeTheCommit)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    mine_.price = 20;
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        work.merge(original_, mine_);
        if (++runs == 1)
            std::thread([&] {
                other.transact(
                    [&](unit_of_work& w) { w.load<book>(original_.id).title = "Their title"; });
            }).join();
    });
    EXPECT_EQ(runs, 2);
    auto const row = stored<book>(db(), original_.id);
    EXPECT_EQ(row.price, 20);
    EXPECT_EQ(row.title, "Their title");
    EXPECT_EQ(row.version, version{3});
}

TEST_P(Merge, OfARowThatIsGoneOrOfTwoRowsIsRefused)
{
    mine_.id += 1;
    EXPECT_THROW((void)merged(), std::invalid_argument);
    mine_.id = original_.id;
    repository<book>(db()).remove(original_);
    EXPECT_EQ(error_of([&] { (void)merged(); })->code(), errc::not_found);
}

TIEBREAK_ON_ALL_ENGINES(Merge);

// An assigned key with a version.
struct wiki_page {
    std::string path{};
    std::string text{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(wiki_page, (), (path, text, version))

constexpr auto mapping_of(wiki_page const*)
{
    return map<wiki_page>("pages", key<&wiki_page::path>);
}

class Upsert : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_table<wiki_page>(db());
    }

    outcome put(wiki_page& row, std::optional<version> expected)
    {
        return repository<wiki_page>(db()).upsert_if(row, expected);
    }

    captured_log log_;
};

TEST_P(Upsert, WithoutAVersionInsertsOnlyWhereNothingIs)
{
    wiki_page first{.path = "/", .text = "one"};
    EXPECT_EQ(put(first, {}), outcome::won);
    EXPECT_EQ(first.version, version{1});
    wiki_page second{.path = "/", .text = "two"};
    EXPECT_EQ(put(second, {}), outcome::lost);
    EXPECT_EQ(stored<wiki_page>(db(), "/").text, "one");
}

TEST_P(Upsert, WithAVersionReplacesOnlyThatVersion)
{
    wiki_page row{.path = "/", .text = "one"};
    ASSERT_EQ(put(row, {}), outcome::won);
    row.text = "two";
    EXPECT_EQ(put(row, version{1}), outcome::won);
    EXPECT_EQ(row.version, version{2});
    row.text = "three";
    EXPECT_EQ(put(row, version{1}), outcome::lost);
    EXPECT_EQ(row.version, version{2});
    EXPECT_EQ(stored<wiki_page>(db(), "/").text, "two");
    EXPECT_EQ(stored<wiki_page>(db(), "/").version, version{2});
}

TEST_P(Upsert, WithAVersionDoesNotInsert)
{
    wiki_page row{.path = "/", .text = "one"};
    EXPECT_EQ(put(row, version{1}), outcome::lost);
    EXPECT_EQ(rows_of<wiki_page>(db()), 0);
}

TEST_P(Upsert, OfManyAtOnceIsWonByOne)
{
    TIEBREAK_NEEDS(capability::several_processes);
    std::atomic<int> won{0};
    run_together(8, [&](int i) {
        auto here = fresh().open();
        wiki_page row{.path = "/", .text = std::to_string(i)};
        if (repository<wiki_page>(here).upsert_if(row, std::optional<version>{}) == outcome::won)
            ++won;
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(rows_of<wiki_page>(db()), 1);
    EXPECT_EQ(stored<wiki_page>(db(), "/").version, version{1});
}

TIEBREAK_ON_ALL_ENGINES(Upsert);

}  // namespace

}  // namespace tiebreak::test
