// E: the contract known from JPA, in both styles: what is checked without asking, what the later
// of two committers is told, and what a pessimistic find does.
#include <tiebreak/schema.hpp>

#include "support/barrier.hpp"
#include "system_test.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace tiebreak::test {

namespace blog {

struct post {
    std::int64_t id = 0;
    std::string title{};
    std::string body{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(post, (), (id, title, body, version))

constexpr auto mapping_of(post const*)
{
    return map<post>("posts", generated_key<&post::id>);
}

}  // namespace blog

namespace zero {

// As the description has it: versions begin with 0.
struct post {
    std::int64_t id = 0;
    std::string title{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(post, (), (id, title, version))

constexpr auto mapping_of(post const*)
{
    return map<post>("zero_posts", generated_key<&post::id>, first_version<0>);
}

}  // namespace zero

namespace {

using blog::post;

template <class T>
T first_post(database& in)
{
    create_table<T>(in);
    T row{.title = "First"};
    repository<T>(in).insert(row);
    return row;
}

template <class F>
error error_of(F&& run)
{
    try {
        run();
    } catch (error const& thrown) {
        return thrown;
    }
    ADD_FAILURE() << "nothing was thrown";
    return error{errc::backend_failure, "nothing was thrown"};
}

class E0 : public engine_test {};

TEST_P(E0, TheFirstVersionIsOneUnlessTheMappingSaysSo)
{
    EXPECT_EQ(first_post<post>(db()).version, version{1});
    EXPECT_EQ(first_post<zero::post>(db()).version, version{0});
    db().transact([](unit_of_work& work) {
        EXPECT_EQ(work.insert(post{.title = "Second"}).version, version{1});
        EXPECT_EQ(work.insert(zero::post{.title = "Second"}).version, version{0});
    });
}

TEST_P(E0, ZeroIsAVersionLikeAnyOtherAndNeverMeansNew)
{
    auto const row = first_post<zero::post>(db());
    repository<zero::post> const posts(db());
    auto mine = row;
    auto yours = row;
    yours.title = "Yours";
    posts.save(yours);
    EXPECT_EQ(yours.version, version{1});
    EXPECT_EQ(posts.select().count(), 1) << "saved, not inserted";
    mine.title = "Mine";
    EXPECT_EQ(error_of([&] { posts.save(mine); }).code(), errc::precondition_failed);
    EXPECT_EQ(error_of([&] { posts.remove(mine); }).code(), errc::precondition_failed);
    EXPECT_EQ(posts.update_if(row.id, version{0}, field<& zero::post::title> = "Mine"),
              outcome::lost);
    EXPECT_EQ(posts.find(row.id)->title, "Yours");
    EXPECT_EQ(posts.find(row.id)->version, version{1});
}

TIEBREAK_ON_ALL_ENGINES(E0);

class E1 : public engine_test {};

TEST_P(E1, BothStylesWorkOnOneMapping)
{
    create_table<post>(db());
    repository<post> const posts(db());
    post row{.title = "First"};
    posts.save(row);
    db().transact([&](unit_of_work& work) { work.load<post>(row.id).title = "Second"; });
    auto found = posts.find(row.id);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->title, "Second");
    EXPECT_EQ(found->version, version{2});
    found->title = "Third";
    posts.save(*found);
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<post>(row.id);
        EXPECT_EQ(tracked.title, "Third");
        EXPECT_EQ(&tracked, work.find<post>(row.id)) << "one object for a row";
        work.remove(tracked);
    });
    EXPECT_FALSE(posts.find(row.id).has_value());
}

TIEBREAK_ON_ALL_ENGINES(E1);

class E2 : public engine_test {};

TEST_P(E2, TheLaterOfTwoCommittersIsToldWhichEntityAndKey)
{
    auto const row = first_post<post>(db());
    barrier both_have_loaded(2);
    barrier first_has_committed(2);
    std::jthread first([&] {
        db().transact([&](unit_of_work& work) {
            auto& mine = work.load<post>(row.id);
            both_have_loaded.wait();
            mine.title = "Earlier";
        });
        first_has_committed.wait();
    });
    auto const lost = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& mine = work.load<post>(row.id);
                both_have_loaded.wait();
                first_has_committed.wait();
                mine.title = "Later";
            },
            {.retry = retry_presets::once});
    });
    EXPECT_EQ(lost.code(), errc::stale_version);
    ASSERT_NE(lost.what_conflicted(), nullptr);
    EXPECT_EQ(lost.what_conflicted()->entity, "post");
    EXPECT_EQ(lost.what_conflicted()->key, std::to_string(row.id));
    EXPECT_EQ(lost.what_conflicted()->expected_version, 1);
    EXPECT_NE(std::string_view(lost.what()).find("post"), std::string_view::npos);
    EXPECT_EQ(repository<post>(db()).find(row.id)->title, "Earlier");
    EXPECT_EQ(repository<post>(db()).find(row.id)->version, version{2});
}

TEST_P(E2, ByDefaultTheLaterOneRunsAgainAndNothingIsLost)
{
    auto const row = first_post<post>(db());
    auto const change = [&](std::string_view word, barrier& loaded) {
        bool waited = false;
        db().transact([&](unit_of_work& work) {
            auto& mine = work.load<post>(row.id);
            if (!std::exchange(waited, true))
                loaded.wait();
            mine.title += word;
        });
    };
    barrier both_have_loaded(2);
    std::jthread other([&] { change(" and one", both_have_loaded); });
    change(" and two", both_have_loaded);
    other.join();
    auto const found = repository<post>(db()).find(row.id);
    EXPECT_NE(found->title.find(" and one"), std::string::npos);
    EXPECT_NE(found->title.find(" and two"), std::string::npos);
    EXPECT_EQ(found->version, version{3});
}

TIEBREAK_ON_SHARED_ENGINES(E2);

class E3 : public engine_test {};

// Nowhere here is a lock or a check asked for: the version member is all.
TEST_P(E3, AnEntityWithAVersionIsCheckedWithoutAsking)
{
    auto const row = first_post<post>(db());
    auto const change_elsewhere = [&] {
        as_another_client([&] {
            db().transact([&](unit_of_work& work) { work.load<post>(row.id).body += "x"; });
        });
    };
    auto const changing = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& mine = work.load<post>(row.id);
                change_elsewhere();
                mine.title = "Mine";
            },
            {.retry = retry_presets::once});
    });
    auto const removing = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& mine = work.load<post>(row.id);
                change_elsewhere();
                work.remove(mine);
            },
            {.retry = retry_presets::once});
    });
    EXPECT_EQ(changing.code(), errc::stale_version);
    EXPECT_EQ(removing.code(), errc::stale_version);
    EXPECT_EQ(repository<post>(db()).find(row.id)->title, "First");
    EXPECT_EQ(repository<post>(db()).find(row.id)->body, "xx");
}

TIEBREAK_ON_SHARED_ENGINES(E3);

class E4 : public engine_test {};

TEST_P(E4, OnlyTheRowWithThisKeyAndThisVersionIsWritten)
{
    auto const first = first_post<post>(db());
    auto const second = first_post<post>(db());
    repository<post> const posts(db());
    auto mine = first;
    mine.title = "Mine";
    posts.save(mine);
    EXPECT_EQ(posts.find(second.id)->title, "First");
    EXPECT_EQ(posts.find(second.id)->version, version{1});
    db().transact([&](unit_of_work& work) { work.load<post>(second.id).title = "Yours"; });
    EXPECT_EQ(posts.find(first.id)->title, "Mine");
    EXPECT_EQ(posts.find(first.id)->version, version{2});
}

TEST_P(E4, ZeroRowsAreAConflictInBothStyles)
{
    auto const row = first_post<post>(db());
    repository<post> const posts(db());
    posts.remove(row);

    auto gone = row;
    gone.title = "Mine";
    EXPECT_EQ(error_of([&] { posts.save(gone); }).code(), errc::precondition_failed);
    EXPECT_EQ(error_of([&] { posts.remove(gone); }).code(), errc::precondition_failed);
    EXPECT_EQ(posts.update_if(row.id, row.version, field<& post::title> = "Mine"), outcome::lost);
    EXPECT_EQ(posts.remove_if(row.id, row.version), outcome::lost);
    EXPECT_EQ(posts.explain(row.id, row.version).kind, conflict_kind::gone);
    auto const merging =
        error_of([&] { db().transact([&](unit_of_work& work) { (void)work.merge(gone); }); });
    EXPECT_EQ(merging.code(), errc::not_found);
    EXPECT_EQ(posts.select().count(), 0);
}

// The same unit of work removes the row behind its own back: the flush finds no row.
TEST_P(E4, AUnitOfWorkThatMatchesNoRowDoesNotCommit)
{
    auto const row = first_post<post>(db());
    auto const other = first_post<post>(db());
    auto const lost = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& mine = work.load<post>(row.id);
                work.load<post>(other.id).title = "Other";
                work.execute("DELETE FROM " + work.table<post>() +
                             " WHERE id = " + std::to_string(row.id));
                mine.title = "Mine";
            },
            {.retry = retry_presets::once});
    });
    EXPECT_EQ(lost.code(), errc::stale_version);
    EXPECT_EQ(repository<post>(db()).find(row.id)->title, "First");
    EXPECT_EQ(repository<post>(db()).find(other.id)->title, "First");
}

TIEBREAK_ON_ALL_ENGINES(E4);

class E5 : public engine_test {};

TEST_P(E5, APessimisticFindKeepsOthersFromWritingUntilTheEnd)
{
    captured_log const quiet(log_level::error);
    auto const row = first_post<post>(db());
    db().transact([&](unit_of_work& work) {
        auto& mine = *work.find<post>(row.id, lock_mode::pessimistic_write);
        auto const refused = as_another_client([&] {
            return error_of([&] {
                db().transact(
                    [&](unit_of_work& other) {
                        (void)other.find<post>(row.id, {lock_mode::pessimistic_write, no_wait});
                    },
                    {.retry = retry_presets::once});
            });
        });
        auto const& cause = refused.last() != nullptr ? *refused.last() : refused;
        EXPECT_EQ(cause.code(), errc::lock_timeout);
        mine.title = "Mine";
    });
    EXPECT_EQ(repository<post>(db()).find(row.id)->title, "Mine");
    EXPECT_EQ(repository<post>(db()).find(row.id)->version, version{2});
}

TEST_P(E5, AWaiterGoesOnWithWhatTheHolderWrote)
{
    auto const row = first_post<post>(db());
    std::future<std::string> seen;
    db().transact([&](unit_of_work& work) {
        auto& mine = *work.find<post>(row.id, lock_mode::pessimistic_write);
        seen = std::async(std::launch::async, [&] {
            return db().transact([&](unit_of_work& other) {
                return other.find<post>(row.id, lock_mode::pessimistic_write)->title;
            });
        });
        mine.title = "Mine";
    });
    EXPECT_EQ(seen.get(), "Mine");
}

TEST_P(E5, LockingWhatWasLoadedBeforeComparesVersions)
{
    auto const row = first_post<post>(db());
    auto const lost = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& mine = work.load<post>(row.id);
                as_another_client([&] {
                    db().transact(
                        [&](unit_of_work& other) { other.load<post>(row.id).title = "Theirs"; });
                });
                work.lock(mine, lock_mode::pessimistic_write);
                ADD_FAILURE() << "an old version was locked";
            },
            {.retry = retry_presets::once});
    });
    EXPECT_EQ(lost.code(), errc::stale_version);
    EXPECT_EQ(repository<post>(db()).find(row.id)->title, "Theirs");
}

TEST_P(E5, AForcedIncrementBumpsTheVersionOfARowThatIsOnlyRead)
{
    auto const row = first_post<post>(db());
    for (auto const mode :
         {lock_mode::optimistic_force_increment, lock_mode::pessimistic_force_increment})
        db().transact([&](unit_of_work& work) { (void)work.load<post>(row.id, mode); });
    EXPECT_EQ(repository<post>(db()).find(row.id)->version, version{3});
    EXPECT_EQ(repository<post>(db()).find(row.id)->title, "First");
}

TEST_P(E5, AnOptimisticLockVerifiesARowThatIsOnlyRead)
{
    auto const read = first_post<post>(db());
    auto const written = first_post<post>(db());
    auto const lost = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto const& source = work.load<post>(read.id, lock_mode::optimistic);
                work.load<post>(written.id).title = "Based on " + source.title;
                as_another_client([&] {
                    db().transact(
                        [&](unit_of_work& other) { other.load<post>(read.id).title = "Theirs"; });
                });
            },
            {.retry = retry_presets::once});
    });
    EXPECT_EQ(lost.code(), errc::stale_version);
    EXPECT_EQ(repository<post>(db()).find(written.id)->title, "First");
    EXPECT_EQ(repository<post>(db()).find(written.id)->version, version{1});
}

TIEBREAK_ON_SHARED_ENGINES(E5);

}  // namespace

}  // namespace tiebreak::test
