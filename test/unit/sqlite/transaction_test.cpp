// Beginning, ending and reading: who sees what, and what is refused.
#include "fixture.hpp"

#include <stdexcept>
#include <vector>

namespace tiebreak::sqlite {
namespace {

using begin = sql::begin_mode;

class SqliteTransaction : public SqliteFile {
protected:
    SqliteTransaction() { make_counter(); }
};

TEST_F(SqliteTransaction, CommitKeepsAndRollbackForgets)
{
    auto const on = open();
    on->begin(begin::write, isolation::serializable);
    EXPECT_TRUE(on->in_transaction());
    run(*on, add_one);
    on->commit();
    EXPECT_FALSE(on->in_transaction());
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    on->rollback();
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(counted(), 1);
}

TEST_F(SqliteTransaction, ClosingRollsBack)
{
    {
        auto const on = open();
        on->begin(begin::write, isolation::engine_default);
        run(*on, add_one);
    }
    EXPECT_EQ(counted(), 0);
}

TEST_F(SqliteTransaction, ASnapshotIsTakenAtTheBegin)
{
    auto const reader = open();
    auto const writer = open();
    reader->begin(begin::read, isolation::engine_default);
    EXPECT_TRUE(reader->in_transaction());
    EXPECT_EQ(run(*writer, add_one), 1);
    EXPECT_EQ(number(*reader, "SELECT n FROM counter"), 0) << "as at the begin";
    reader->commit();
    EXPECT_EQ(number(*reader, "SELECT n FROM counter"), 1);
}

TEST_F(SqliteTransaction, AReaderDoesNotWaitForAWriter)
{
    auto const writer = open();
    writer->begin(begin::write, isolation::engine_default);
    run(*writer, add_one);
    auto const reader = open();
    reader->set_deadline(std::chrono::steady_clock::now());
    reader->begin(begin::read, isolation::engine_default);
    EXPECT_EQ(number(*reader, "SELECT n FROM counter"), 0);
    reader->rollback();
    writer->commit();
    EXPECT_EQ(counted(), 1);
}

TEST_F(SqliteTransaction, NothingIsWrittenInAReadingOne)
{
    auto const on = open();
    auto const update = on->prepare(add_one);
    auto const returning = on->prepare("UPDATE counter SET n = 9 RETURNING n");
    on->begin(begin::read, isolation::engine_default);
    EXPECT_THROW(update->execute({}), std::logic_error);
    EXPECT_THROW(static_cast<void>(returning->first({})), std::logic_error);
    EXPECT_TRUE(on->in_transaction()) << "reading goes on";
    EXPECT_EQ(number(*on, "SELECT n FROM counter"), 0);
    on->commit();
    EXPECT_EQ(counted(), 0);
}

TEST_F(SqliteTransaction, MisuseIsRefused)
{
    auto const on = open();
    EXPECT_THROW(on->commit(), std::logic_error);
    on->rollback();
    on->begin(begin::write, isolation::engine_default);
    EXPECT_THROW(on->begin(begin::write, isolation::engine_default), std::logic_error);
    EXPECT_THROW(on->begin(begin::read, isolation::engine_default), std::logic_error);
    EXPECT_TRUE(on->in_transaction());
    run(*on, add_one);
    on->commit();
    EXPECT_EQ(counted(), 1);
}

TEST_F(SqliteTransaction, ADeadlineInThePastStopsNobodyWhoNeedNotWait)
{
    auto const on = open();
    on->set_deadline(std::chrono::steady_clock::now() - std::chrono::seconds{1});
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    on->commit();
    EXPECT_EQ(counted(), 1);
}

TEST_F(SqliteTransaction, AConnectionWhoseFileWasReplacedIsNotAlive)
{
    auto const on = open();
    EXPECT_TRUE(on->alive());
    std::filesystem::remove(path());
    EXPECT_FALSE(on->alive());
}

TEST_F(SqliteTransaction, MemoryHasThemToo)
{
    auto const on = sqlite::open({.path = ":memory:"});
    run(*on, "CREATE TABLE t(a)");
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO t VALUES(1)");
    on->rollback();
    on->begin(begin::read, isolation::engine_default);
    EXPECT_EQ(number(*on, "SELECT count(*) FROM t"), 0);
    on->commit();
    EXPECT_TRUE(on->alive());
}

// Counts what a connection tells of waiting.
class listener final : public observer {
public:
    void waiting(wait_kind) noexcept override
    {
        ++begun;
        begun.notify_all();
    }

    void waited(wait_kind kind, std::chrono::microseconds how_long) noexcept override
    {
        kinds.push_back(kind);
        total += how_long;
    }

    std::atomic<std::size_t> begun{0};
    std::vector<wait_kind> kinds;
    std::chrono::microseconds total{0};
};

TEST_F(SqliteTransaction, WaitingIsToldAndNotWaitingIsNot)
{
    listener ear;
    auto const on = open({.watcher = &ear});
    run(*on, add_one);
    on->begin(begin::write, isolation::engine_default);
    on->commit();
    EXPECT_TRUE(ear.kinds.empty());
    {
        auto const holder = open();
        holder->begin(begin::write, isolation::engine_default);
        on->set_deadline(soon());
        auto const e = error_of([&] { on->begin(begin::write, isolation::engine_default); });
        EXPECT_EQ(e.code(), errc::lock_timeout);
    }
    ASSERT_EQ(ear.kinds.size(), 1U);
    EXPECT_EQ(ear.kinds[0], wait_kind::turn);
    EXPECT_EQ(ear.begun, 1U);
    EXPECT_GT(ear.total.count(), 0);
    {
        stranger other(path());
        ASSERT_EQ(other.run("BEGIN IMMEDIATE"), SQLITE_OK);
        on->set_deadline(soon());
        EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::lock_timeout);
    }
    EXPECT_EQ(ear.kinds.size(), 2U);
    on->set_deadline(much_later());
    run(*on, add_one);
    EXPECT_EQ(ear.kinds.size(), 2U);
    EXPECT_EQ(ear.begun, 2U);
}

TEST_F(SqliteTransaction, AWaitIsToldWhileItLasts)
{
    listener ear;
    auto const holder = open();
    holder->begin(begin::write, isolation::engine_default);
    std::thread waiter([&] {
        auto const on = open({.watcher = &ear});
        on->begin(begin::write, isolation::engine_default);
        EXPECT_EQ(ear.kinds.size(), 1U);
        on->commit();
    });
    ear.begun.wait(0);  // returns only because the other says that it waits
    holder->commit();
    waiter.join();
    EXPECT_EQ(ear.begun, 1U);
}

}  // namespace
}  // namespace tiebreak::sqlite
