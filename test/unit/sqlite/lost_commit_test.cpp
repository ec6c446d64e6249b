// Commits whose answer is lost on SQLite, by a killed process or a failing disk: with a commit
// token every one is told apart, and what is told is what the rows say.
#include <tiebreak/database.hpp>
#include <tiebreak/schema.hpp>

#include "failing_disk.hpp"
#include "support/captured_log.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace tiebreak::sqlite {
namespace {

struct hit_counter {
    std::int64_t id = 0;
    std::int64_t hits = 0;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(hit_counter, (), (id, hits, version))

constexpr auto mapping_of(hit_counter const*)
{
    return map<hit_counter>("hit_counters", key<&hit_counter::id>);
}

// A commit of this unit writes and flushes the log this often; later calls are another unit's.
constexpr int calls_max = 12;

// So many commits of each test meet their fault, out of at most so many that were to.
constexpr int faults = 50;
constexpr int schedules_max = 4 * faults;

class SqliteLostCommit : public testing::Test {
protected:
    SqliteLostCommit()
    {
        // by another process: a child must not inherit an open database
        test::run_in_process([&] {
            auto here = open();
            install(here);
            create_table<hit_counter>(here);
            hit_counter row{.id = 1};
            repository<hit_counter>(here).insert(row);
            return 0;
        });
    }

    [[nodiscard]] database open() const
    {
        return database("sqlite:" + folder_.file("shop.db"), {.connections_max = 2});
    }

    static void hit(database& on, std::string token)
    {
        on.transact([](unit_of_work& work) { work.load<hit_counter>(1).hits += 1; },
                    {.certainty = commit_token, .token = std::move(token)});
    }

    [[nodiscard]] std::int64_t hits() const
    {
        std::int64_t found = -1;
        auto here = open();
        found = repository<hit_counter>(here).find(1)->hits;
        return found;
    }

    test::temporary_folder folder_;
    test::captured_log log_;
};

TEST_F(SqliteLostCommit, OfAKilledProcessIsAnsweredByItsToken)
{
    folder_.expect_only({"shop.db", "shop.db-tiebreak", "shop.db-wal", "shop.db-shm"});
    int killed = 0;
    int committed = 0;
    int committed_and_killed = 0;
    for (int i = 0; killed < faults; ++i) {
        ASSERT_LT(i, schedules_max) << killed << " were killed";
        auto const token = "unit-" + std::to_string(i);
        auto const code = test::run_in_process([&] {
            failing_disk const disk;
            auto here = open();
            failing_disk::at_log_call(1 + i % calls_max, failing_disk::dies);
            hit(here, token);
            failing_disk::at_log_call(0, SQLITE_OK);
            return 0;
        });
        ASSERT_TRUE(code == 0 || code == -SIGKILL) << code;
        auto here = open();
        auto const fate = resolve_commit(here, token);
        committed += fate == commit_fate::committed ? 1 : 0;
        if (code == -SIGKILL) {
            ++killed;
            committed_and_killed += fate == commit_fate::committed ? 1 : 0;
        }
        EXPECT_TRUE(code != 0 || fate == commit_fate::committed) << "schedule " << i;
        EXPECT_EQ(repository<hit_counter>(here).find(1)->hits, committed) << "schedule " << i;
    }
    EXPECT_GT(committed_and_killed, 0);
    EXPECT_LT(committed_and_killed, killed);
    EXPECT_EQ(hits(), committed);
}

TEST_F(SqliteLostCommit, OnAFailingDiskIsAnsweredByItsTokenAndNothingIsDoneTwice)
{
    failing_disk const disk;
    int failed = 0;
    int acknowledged = 0;
    int refused = 0;
    for (int i = 0; failed < faults; ++i) {
        ASSERT_LT(i, schedules_max) << failed << " faults were met";
        auto const token = "unit-" + std::to_string(i);
        auto here = open();
        failing_disk::at_log_call(1 + i % calls_max,
                                  i % 2 == 0 ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE);
        bool was_told = false;
        try {
            hit(here, token);
            was_told = true;
            ++acknowledged;
        } catch (error const& failure) {
            EXPECT_NE(failure.code(), errc::commit_unknown) << failure.what();
            EXPECT_TRUE(failing_disk::has_struck()) << failure.what();
            ++refused;
        }
        failed += failing_disk::has_struck() ? 1 : 0;
        failing_disk::at_log_call(0, SQLITE_OK);
        EXPECT_EQ(resolve_commit(here, token) == commit_fate::committed, was_told)
            << "schedule " << i;
        EXPECT_EQ(repository<hit_counter>(here).find(1)->hits, acknowledged) << "schedule " << i;
    }
    EXPECT_GT(acknowledged, 0);
    EXPECT_EQ(refused, faults) << "SQLite takes back what it could not write";
    EXPECT_EQ(hits(), acknowledged);
}

}  // namespace
}  // namespace tiebreak::sqlite
