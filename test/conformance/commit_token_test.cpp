// The commit token: written first, decides what became of a unit, and can be asked for afterwards.
#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

#include <stdexcept>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;

class CommitToken : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        install(db());
        create_shop(db());
    }

    static transact_options with(std::string token)
    {
        return {.retry = retry_presets::once, .certainty = commit_token, .token = std::move(token)};
    }

    void add_setting(std::string const& name, transact_options const& how)
    {
        db().transact([&](unit_of_work& work) { work.add(setting{.name = name}); }, how);
    }

    std::int64_t tokens()
    {
        return db().read([](snapshot& view) {
            return view.query<std::int64_t>("SELECT COUNT(*) FROM tiebreak_commits").front();
        });
    }

    captured_log log_;
};

TEST_P(CommitToken, OfACommittedUnitSaysSo)
{
    add_setting("a", with("unit-1"));
    EXPECT_EQ(tokens(), 1);
    if (!db().supports(capability::several_processes))
        return;  // there is no other connection that could ask
    EXPECT_EQ(resolve_commit(db(), "unit-1"), commit_fate::committed);
    EXPECT_EQ(resolve_commit(db(), "unit-1"), commit_fate::committed);
    EXPECT_EQ(tokens(), 1);
}

TEST_P(CommitToken, TellsTheObserverWhatBecameOfTheUnit)
{
    TIEBREAK_NEEDS(capability::several_processes);

    struct listener final : observer {
        void resolved(bool was_committed) noexcept override { heard.push_back(was_committed); }

        std::vector<bool> heard{};
    };

    add_setting("a", with("unit-1"));
    listener told;
    auto watched = fresh().open({.watcher = &told});
    EXPECT_EQ(resolve_commit(watched, "unit-1"), commit_fate::committed);
    EXPECT_EQ(resolve_commit(watched, "unit-2"), commit_fate::never);
    EXPECT_EQ(told.heard, (std::vector{true, false}));
}

TEST_P(CommitToken, OfNobodyIsBarredForEver)
{
    TIEBREAK_NEEDS(capability::several_processes);
    EXPECT_EQ(resolve_commit(db(), "unit-2"), commit_fate::never);
    EXPECT_EQ(resolve_commit(db(), "unit-2"), commit_fate::never);
    auto const failure = error_of([&] { add_setting("late", with("unit-2")); });
    EXPECT_EQ(failure->code(), errc::already_exists);
    EXPECT_EQ(rows_of<setting>(db()), 0);
    EXPECT_EQ(resolve_commit(db(), "unit-2"), commit_fate::never);
}

TEST_P(CommitToken, CanBeUsedByOneUnitOnly)
{
    add_setting("a", with("unit-3"));
    auto const failure = error_of([&] { add_setting("b", with("unit-3")); });
    EXPECT_EQ(failure->code(), errc::already_exists);
    EXPECT_FALSE(is_stored<setting>(db(), "b"));
    EXPECT_TRUE(is_stored<setting>(db(), "a"));
}

TEST_P(CommitToken, OfAUnitThatWasRolledBackIsFree)
{
    EXPECT_THROW(db().transact(
                     [](unit_of_work& work) {
                         work.insert(setting{.name = "a"});
                         throw std::runtime_error("on purpose");
                     },
                     with("unit-4")),
                 std::runtime_error);
    EXPECT_EQ(tokens(), 0);
    add_setting("b", with("unit-4"));
    EXPECT_TRUE(is_stored<setting>(db(), "b"));
}

TEST_P(CommitToken, IsAnotherOneInEveryUnitUnlessItIsGiven)
{
    add_setting("a", with({}));
    add_setting("b", with({}));
    EXPECT_EQ(tokens(), 2);
}

TEST_P(CommitToken, IsNotWrittenByAUnitThatWritesNothing)
{
    TIEBREAK_NEEDS(capability::several_processes);
    db().transact([](unit_of_work& work) { (void)work.select<setting>().all(); }, with("unit-5"));
    EXPECT_EQ(tokens(), 0);
}

TEST_P(CommitToken, IsWrittenBeforeAnythingElse)
{
    TIEBREAK_NEEDS(capability::several_processes);
    ASSERT_EQ(resolve_commit(db(), "unit-6"), commit_fate::never);
    auto const row = add_coupon(db(), "A", 5);
    bool reached = false;
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                work.load<coupon>(row.id).issued_quantity = 1;
                work.flush();
                reached = true;
            },
            with("unit-6"));
    });
    EXPECT_EQ(failure->code(), errc::already_exists);
    EXPECT_FALSE(reached);
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 0);
}

TEST_P(CommitToken, OfARunningUnitIsWaitedForAndThenUnknown)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto other = fresh().open();
    std::optional<errc> asked;
    db().transact(
        [&](unit_of_work& work) {
            work.insert(setting{.name = "a"});
            std::thread([&] {
                asked = error_of([&] {
                            (void)resolve_commit(other, "unit-7", milliseconds{100});
                        })->code();
            }).join();
        },
        with("unit-7"));
    EXPECT_EQ(asked, errc::commit_unknown);
    EXPECT_EQ(resolve_commit(other, "unit-7"), commit_fate::committed);
    EXPECT_TRUE(is_stored<setting>(db(), "a"));
}

TEST_P(CommitToken, IsPurgedByAge)
{
    add_setting("a", with("old"));
    db().transact([&](unit_of_work& work) {
        work.execute("UPDATE tiebreak_commits SET at = " + placeholder(db(), 1),
                     work.database_time() - std::chrono::hours{24 * 8});
    });
    add_setting("b", with("new"));
    EXPECT_EQ(purge_commit_tokens(db(), std::chrono::hours{24 * 9}), 0);
    EXPECT_EQ(purge_commit_tokens(db()), 1);
    EXPECT_EQ(tokens(), 1);
    add_setting("c", with("old"));
    EXPECT_THROW((void)purge_commit_tokens(db(), std::chrono::seconds{3599}),
                 std::invalid_argument);
}

TEST_P(CommitToken, ThatCannotBeOneIsRefused)
{
    for (std::string const& token : {std::string(201, 'a'), std::string{"a b"}, std::string{"ä"}}) {
        EXPECT_THROW(add_setting("a", with(token)), std::invalid_argument);
        EXPECT_THROW((void)resolve_commit(db(), token), std::invalid_argument);
    }
    EXPECT_THROW((void)resolve_commit(db(), ""), std::invalid_argument);
    EXPECT_THROW(add_setting("a", {.token = "without-asking-for-it"}), std::invalid_argument);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(CommitToken, OfANestedCallIsRefused)
{
    EXPECT_THROW(db().transact([&](unit_of_work&) { add_setting("a", with("unit-9")); }),
                 std::logic_error);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(CommitToken, WithoutItsTableIsRefused)
{
    db().execute("DROP TABLE tiebreak_commits");
    auto const failure = error_of([&] { add_setting("a", with("unit-10")); });
    EXPECT_EQ(failure->code(), errc::backend_failure);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TIEBREAK_ON_ALL_ENGINES(CommitToken);

}  // namespace

}  // namespace tiebreak::test
