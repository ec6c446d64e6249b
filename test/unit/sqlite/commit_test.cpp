// A commit that fails in the middle: which failures are definite, and which leave it in doubt.
#include "failing_disk.hpp"
#include "fixture.hpp"
#include "support/process.hpp"

#include <csignal>
#include <unistd.h>

namespace tiebreak::sqlite {
namespace {

using begin = sql::begin_mode;

class SqliteCommit : public SqliteFile {
protected:
    SqliteCommit() { make_counter(); }

    // A process whose last act is `run`; then it is killed, as by a power cut that spares what the
    // operating system holds.
    static void die_after(std::function<void()> const& run)
    {
        auto const code = test::run_in_process([&] {
            failing_disk const disk;
            run();
            if (!testing::Test::HasFailure())
                ::raise(SIGKILL);
            return 1;
        });
        EXPECT_EQ(code, -SIGKILL);
    }

    // The head of a new log is flushed for itself, before anything of a commit stands in it.
    static void begin_log(sql::connection& on)
    {
        EXPECT_EQ(sqlite::run(on, "INSERT INTO counter(n) VALUES(0)"), 1);
    }

    [[nodiscard]] error failed_commit() const
    {
        auto const on = open();
        begin_log(*on);
        on->begin(begin::write, isolation::engine_default);
        sqlite::run(*on, add_one);
        failing_disk::fail_log_flushes(flush_code);
        failing_disk::fail_log_writes(write_code);
        auto const e = error_of([&] { on->commit(); });
        failing_disk::fail_log_flushes(SQLITE_OK);
        failing_disk::fail_log_writes(SQLITE_OK);
        EXPECT_FALSE(on->in_transaction());
        on->rollback();
        EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 1"), 0) << "for now";
        if (die) {
            if (!testing::Test::HasFailure())
                ::raise(SIGKILL);
            return e;
        }
        EXPECT_EQ(sqlite::run(*on, add_one), 1) << "the connection goes on";
        return e;
    }

    int flush_code = SQLITE_OK;
    int write_code = SQLITE_OK;
    bool die = false;
};

TEST_F(SqliteCommit, AFailedFlushLeavesItInDoubt)
{
    failing_disk const disk;
    flush_code = SQLITE_IOERR_FSYNC;
    auto const e = failed_commit();
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_TRUE(names_code(e, SQLITE_IOERR_FSYNC));
    EXPECT_EQ(counted(), 1) << "what came after it";
}

TEST_F(SqliteCommit, AfterAFailedFlushARecoveryMayFindItCommitted)
{
    // the reason for the doubt: rolled back for everybody, and there again after a crash
    flush_code = SQLITE_IOERR_FSYNC;
    die = true;
    die_after([&] { static_cast<void>(failed_commit()); });
    EXPECT_EQ(counted(), 1);
}

TEST_F(SqliteCommit, AFailedWriteIsDefinite)
{
    for (int const code : {SQLITE_FULL, SQLITE_IOERR_WRITE}) {
        failing_disk const disk;
        write_code = code;
        auto const e = failed_commit();
        EXPECT_EQ(e.code(), errc::backend_failure);
        EXPECT_EQ(e.when(), phase::commit_sent);
        EXPECT_TRUE(names_code(e, code));
        sqlite::run(*open(), "UPDATE counter SET n = 0");
    }
}

TEST_F(SqliteCommit, AfterAFailedWriteNoRecoveryFindsIt)
{
    write_code = SQLITE_FULL;
    die = true;
    die_after([&] { static_cast<void>(failed_commit()); });
    EXPECT_EQ(counted(), 0);
}

TEST_F(SqliteCommit, AStatementOnItsOwnIsJudgedTheSame)
{
    failing_disk const disk;
    auto const on = open();
    begin_log(*on);
    auto const update = on->prepare(add_one);
    failing_disk::fail_log_writes(SQLITE_FULL);
    auto const full = error_of([&] { update->execute({}); });
    failing_disk::fail_log_writes(SQLITE_OK);
    EXPECT_EQ(full.code(), errc::backend_failure);
    EXPECT_EQ(full.when(), phase::in_transaction) << "surely not committed";
    failing_disk::fail_log_flushes(SQLITE_IOERR_FSYNC);
    auto const in_doubt = error_of([&] { update->execute({}); });
    failing_disk::fail_log_flushes(SQLITE_OK);
    EXPECT_EQ(in_doubt.code(), errc::commit_unknown);
    EXPECT_EQ(in_doubt.when(), phase::commit_sent);
    EXPECT_EQ(update->execute({}), 1);
    EXPECT_EQ(counted(), 1);
}

TEST_F(SqliteCommit, AFailureBeforeTheCommitIsNeverInDoubt)
{
    failing_disk const disk;
    auto const on = open();
    sqlite::run(*on, "PRAGMA cache_size = 2");
    on->begin(begin::write, isolation::engine_default);
    auto const insert = on->prepare("INSERT INTO counter SELECT ?1 + value, 1 FROM "
                                    "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value "
                                    "+ 1 FROM n LIMIT 20000) SELECT value FROM n)");
    failing_disk::fail_log_flushes(SQLITE_IOERR_FSYNC);
    failing_disk::fail_log_writes(SQLITE_IOERR_WRITE);
    value const first = integer(10);
    auto const e = error_of([&] { insert->execute({&first, 1}); });
    failing_disk::fail_log_flushes(SQLITE_OK);
    failing_disk::fail_log_writes(SQLITE_OK);
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_EQ(e.when(), phase::in_transaction);
    on->rollback();
    EXPECT_EQ(number(*on, "SELECT count(*) FROM counter"), 1);
}

TEST_F(SqliteCommit, TheFlushIsReallyAskedForOnEveryCommit)
{
    failing_disk const disk;
    auto const durable = open();
    begin_log(*durable);
    failing_disk::fail_log_flushes(SQLITE_IOERR_FSYNC);
    EXPECT_EQ(error_of([&] { sqlite::run(*durable, add_one); }).code(), errc::commit_unknown);
    auto const quick = open({.flush = synchronous::normal});
    EXPECT_NO_THROW(sqlite::run(*quick, add_one)) << "a power cut can lose it: that is the setting";
    failing_disk::fail_log_flushes(SQLITE_OK);
}

}  // namespace
}  // namespace tiebreak::sqlite
