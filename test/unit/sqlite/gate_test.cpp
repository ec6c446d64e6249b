// Turns: order, deadlines, holders that die, files that are spoilt, children made by fork.
#include "fixture.hpp"
#include "sqlite/gate.hpp"
#include "sqlite/sidecar.hpp"
#include "support/captured_log.hpp"
#include "support/process.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace tiebreak::sqlite {
namespace {

namespace fs = std::filesystem;
using begin = sql::begin_mode;

class SqliteGate : public SqliteFile {
protected:
    SqliteGate() { make_counter(); }

    [[nodiscard]] std::string file() const { return path() + "-tiebreak"; }

    // Enters with nothing to wait for.
    static bool enters(gate& which)
    {
        sql::deadline waited{};
        return which.enter(std::chrono::steady_clock::now(), waited) == gate::answer::entered;
    }
};

TEST_F(SqliteGate, OneIsInsideAtATime)
{
    gate one(path());
    gate other(path());
    ASSERT_TRUE(one.in_use());
    EXPECT_TRUE(enters(one));
    EXPECT_FALSE(enters(other)) << "also within one process";
    one.leave();
    EXPECT_TRUE(enters(other));
    other.leave();
    EXPECT_TRUE(enters(one));
}

TEST_F(SqliteGate, LeavingTwiceOrWithoutEnteringDoesNothing)
{
    gate one(path());
    gate other(path());
    one.leave();
    ASSERT_TRUE(enters(other));
    one.leave();
    EXPECT_FALSE(enters(one));
}

TEST_F(SqliteGate, ADeadlineEndsTheWaitAndLeavesTheQueueToOthers)
{
    gate holder(path());
    gate late(path());
    ASSERT_TRUE(enters(holder));
    sql::deadline waited{};
    EXPECT_EQ(late.enter(soon(), waited), gate::answer::late);
    EXPECT_NE(waited, sql::deadline{});
    sidecar look(path());
    EXPECT_FALSE(look.taken(place::queue));
    EXPECT_TRUE(look.taken(place::turn));
    holder.leave();
    EXPECT_FALSE(look.taken(place::turn));
    EXPECT_TRUE(enters(late));
}

TEST_F(SqliteGate, WhoWaitsIsLetInWhenTheHolderLeaves)
{
    gate holder(path());
    ASSERT_TRUE(enters(holder));
    std::atomic<bool> inside{false};
    std::thread waiter([&] {
        gate mine(path());
        sql::deadline waited{};
        EXPECT_EQ(mine.enter(much_later(), waited), gate::answer::entered);
        inside = true;
        mine.leave();
    });
    sidecar look(path());
    while (!look.taken(place::queue))
        std::this_thread::yield();
    EXPECT_FALSE(inside);
    holder.leave();
    waiter.join();
    EXPECT_TRUE(inside);
}

TEST_F(SqliteGate, ABellThatRangIsNotMissed)
{
    sidecar one(path());
    sidecar other(path());
    auto const seen = one.bell(place::turn);
    other.ring(place::turn);
    EXPECT_NE(one.bell(place::turn), seen);
    EXPECT_TRUE(one.wait(place::turn, seen, std::chrono::hours{1})) << "answers at once";
    EXPECT_EQ(one.bell(place::queue), other.bell(place::queue));
}

TEST_F(SqliteGate, ABellWakesWhoSleeps)
{
    std::atomic<bool> woken{false};
    std::atomic<bool> ready{false};
    std::thread sleeper([&] {
        sidecar mine(path());
        auto const seen = mine.bell(place::turn);
        ready = true;
        while (mine.bell(place::turn) == seen)
            mine.wait(place::turn, seen, std::chrono::seconds{60});
        woken = true;
    });
    while (!ready)
        std::this_thread::yield();
    sidecar mine(path());
    mine.ring(place::turn);
    sleeper.join();
    EXPECT_TRUE(woken);
}

TEST_F(SqliteGate, NobodyIsPassedOverForLong)
{
    // In turns, not in time: how many others went in while one waited. Perfect order would be 7; on
    // a busy machine it is some 30 to 50, without a queue 300 to 500.
    constexpr int processes = 8;
    constexpr int turns = 100;
    constexpr int passed_over_max = 150;

    struct tally {
        std::atomic<int> turns;
        std::atomic<int> ready;
    };

    test::shared_value<tally> const shared;
    std::vector<std::unique_ptr<test::child_process>> writers;
    for (int i = 0; i < processes; ++i) {
        writers.push_back(std::make_unique<test::child_process>([&] {
            gate mine(path());
            ++shared->ready;
            while (shared->ready < processes)
                std::this_thread::yield();
            int longest = 0;
            for (int turn = 0; turn < turns; ++turn) {
                int const before = shared->turns;
                sql::deadline waited{};
                EXPECT_EQ(mine.enter(much_later(), waited), gate::answer::entered);
                longest = std::max(longest, shared->turns++ - before);
                // longer than the slice that a holder may keep
                auto const until =
                    std::chrono::steady_clock::now() + std::chrono::microseconds{600};
                while (std::chrono::steady_clock::now() < until) {
                }
                mine.leave();
            }
            EXPECT_LE(longest, passed_over_max);
            return 0;
        }));
    }
    for (auto const& one : writers)
        EXPECT_EQ(one->wait(), 0);
    EXPECT_EQ(shared->turns, processes * turns);
}

TEST_F(SqliteGate, ManyWritersLoseNothing)
{
    constexpr int processes = 8;
    constexpr int turns = 200;
    std::vector<std::unique_ptr<test::child_process>> writers;
    for (int i = 0; i < processes; ++i) {
        writers.push_back(std::make_unique<test::child_process>([&] {
            auto const on = open({.flush = synchronous::normal});
            on->set_deadline(much_later());
            auto const update = on->prepare(add_one);
            for (int turn = 0; turn < turns; ++turn) {
                on->begin(begin::write, isolation::engine_default);
                update->execute({});
                on->commit();
            }
            return 0;
        }));
    }
    for (auto const& one : writers)
        EXPECT_EQ(one->wait(), 0);
    EXPECT_EQ(counted(), processes * turns);
}

TEST_F(SqliteGate, AKilledHolderDoesNotKeepItShut)
{
    test::shared_value<std::atomic<int>> const step(0);
    test::child_process holder([&] {
        auto const on = open();
        on->begin(begin::write, isolation::engine_default);
        run(*on, add_one);
        *step = 1;
        for (;;)
            ::pause();
        return 0;
    });
    while (*step == 0)
        std::this_thread::yield();
    {
        auto const on = open();
        on->set_deadline(soon());
        EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::lock_timeout);
    }
    holder.send(SIGKILL);
    EXPECT_EQ(holder.wait(), -SIGKILL);
    auto const on = open();
    on->set_deadline(much_later());
    EXPECT_EQ(run(*on, add_one), 1);
    EXPECT_EQ(counted(), 1) << "what the dead one had not committed is gone";
}

TEST_F(SqliteGate, WhoDiesInTheQueueDoesNotBlockIt)
{
    gate holder(path());
    ASSERT_TRUE(enters(holder));
    test::child_process waiter([&] {
        gate mine(path());
        sql::deadline waited{};
        return mine.enter(much_later(), waited) == gate::answer::entered ? 0 : 1;
    });
    {
        sidecar look(path());
        while (!look.taken(place::queue))
            std::this_thread::yield();
        waiter.send(SIGKILL);
        EXPECT_EQ(waiter.wait(), -SIGKILL);
        EXPECT_FALSE(look.taken(place::queue));
    }
    holder.leave();
    gate next(path());
    sql::deadline waited{};
    EXPECT_EQ(next.enter(much_later(), waited), gate::answer::entered);
}

TEST_F(SqliteGate, AChildDoesNotKeepItsParentsTurn)
{
    test::shared_value<std::atomic<int>> const step(0);
    test::child_process parent([&] {
        auto const on = open();
        on->begin(begin::write, isolation::engine_default);
        test::child_process grandchild([&] {
            ::prctl(PR_SET_PDEATHSIG, 0);  // outlives its parent
            *step = 1;
            auto const limit = much_later();
            while (*step != 2 && std::chrono::steady_clock::now() < limit)
                std::this_thread::yield();
            return 0;
        });
        while (*step != 1)
            std::this_thread::yield();
        ::raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(parent.wait(), -SIGKILL);
    sidecar look(path());
    EXPECT_FALSE(look.taken(place::turn)) << "the grandchild lives, but holds nothing";
    *step = 2;
}

TEST_F(SqliteGate, AConnectionIsOfNoUseInAChild)
{
    auto on = open();
    auto update = on->prepare(add_one);
    on->begin(begin::write, isolation::engine_default);
    update->execute({});
    auto const code = test::run_in_process([&] {
        EXPECT_FALSE(on->alive());
        EXPECT_FALSE(on->in_transaction());
        EXPECT_THROW(update->execute({}), std::logic_error);
        EXPECT_THROW(on->begin(begin::read, isolation::engine_default), std::logic_error);
        EXPECT_THROW(on->commit(), std::logic_error);
        on->rollback();
        update.reset();
        on.reset();  // neither rolls back nor lets go of anything of the parent
        return 0;
    });
    EXPECT_EQ(code, 0);
    gate other(path());
    EXPECT_FALSE(enters(other)) << "still the parent's turn";
    EXPECT_TRUE(on->in_transaction());
    on->commit();
    EXPECT_EQ(counted(), 1);
}

TEST_F(SqliteGate, TheFileHasThePermissionsOfTheDatabase)
{
    fs::remove(file());
    fs::permissions(path(), fs::perms{0660});
    gate const one(path());

    struct stat found {};

    ASSERT_EQ(::stat(file().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0660U);
    EXPECT_EQ(found.st_size, 4096);
}

TEST_F(SqliteGate, ASpoiltFileServesAsWell)
{
    for (auto const& content : {std::string{}, std::string(10, 'x'), std::string(9000, '\xff')}) {
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << content;
        gate one(path());
        gate other(path());
        ASSERT_TRUE(one.in_use());
        EXPECT_TRUE(enters(one));
        EXPECT_FALSE(enters(other));
        sql::deadline waited{};
        EXPECT_EQ(other.enter(soon(), waited), gate::answer::late);
        one.leave();
        EXPECT_TRUE(enters(other));
    }
}

TEST_F(SqliteGate, AFileCutShortInUseHarmsNobody)
{
    gate one(path());
    gate other(path());
    ASSERT_TRUE(enters(one));
    fs::resize_file(file(), 0);
    sql::deadline waited{};
    EXPECT_EQ(other.enter(soon(), waited), gate::answer::late);
    fs::resize_file(file(), 0);
    one.leave();
    EXPECT_TRUE(enters(other));
    other.leave();
    sidecar look(path());
    fs::resize_file(file(), 0);
    look.ring(place::turn);
    EXPECT_FALSE(look.wait(place::turn, look.bell(place::turn), std::chrono::milliseconds{1}));
}

TEST_F(SqliteGate, AFileRemovedInUseIsMadeAgain)
{
    auto const old = open();
    run(*old, add_one);
    fs::remove(file());
    auto const fresh = open();
    fresh->begin(begin::write, isolation::engine_default);
    run(*fresh, add_one);
    // two files now: SQLite's own lock decides
    old->set_deadline(soon());
    EXPECT_EQ(error_of([&] { run(*old, add_one); }).code(), errc::lock_timeout);
    fresh->commit();
    old->begin(begin::write, isolation::engine_default);
    gate look(path());
    EXPECT_FALSE(enters(look)) << "met a stranger, looked, and uses the new file";
    old->commit();
    EXPECT_EQ(counted(), 2);
}

TEST_F(SqliteGate, AFileRemovedWhileWaitingIsLeft)
{
    gate holder(path());
    ASSERT_TRUE(enters(holder));
    std::thread waiter([&] {
        gate mine(path());
        sql::deadline waited{};
        EXPECT_EQ(mine.enter(much_later(), waited), gate::answer::entered);
    });
    {
        sidecar look(path());
        while (!look.taken(place::queue))
            std::this_thread::yield();
    }
    fs::remove(file());
    waiter.join();
}

TEST_F(SqliteGate, WithoutAFileItFallsBackAndSaysSoOnce)
{
    fs::remove(file());
    fs::create_directory(file());
    test::captured_log log;
    auto const one = open();
    auto const other = open();
    EXPECT_EQ(run(*one, add_one), 1);
    EXPECT_EQ(run(*other, add_one), 1);
    one->begin(begin::write, isolation::engine_default);
    other->set_deadline(soon());
    EXPECT_EQ(error_of([&] { run(*other, add_one); }).code(), errc::lock_timeout);
    one->commit();
    EXPECT_EQ(counted(), 2);
    auto const records = log.records("gate_not_in_use");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].level, log_level::warning);
    EXPECT_EQ(records[0].field("database"), path());
    EXPECT_FALSE(records[0].field("why").empty());
    gate const unusable(path());
    EXPECT_FALSE(unusable.in_use());
    EXPECT_FALSE(unusable.why_not().empty());
}

TEST_F(SqliteGate, ALinkIsNotFollowed)
{
    fs::remove(file());
    std::ofstream(folder_.file("elsewhere")) << "precious";
    fs::create_symlink(folder_.file("elsewhere"), file());
    test::captured_log const log;
    gate const one(path());
    EXPECT_FALSE(one.in_use());
    EXPECT_EQ(fs::file_size(folder_.file("elsewhere")), 8U);
}

TEST_F(SqliteGate, ProgramsThatDoNotKnowItStillWork)
{
    auto const on = open();
    stranger other(path());
    std::thread busy([&] {
        for (int i = 0; i < 50; ++i)
            while (other.run("UPDATE counter SET n = n + 1") != SQLITE_OK)
                std::this_thread::yield();
    });
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(run(*on, add_one), 1);
    busy.join();
    EXPECT_EQ(counted(), 100);
}

TEST_F(SqliteGate, WithTheGateOffThereIsNoFile)
{
    fs::remove(file());
    auto const on = open({.gate = false});
    EXPECT_EQ(run(*on, add_one), 1);
    EXPECT_FALSE(fs::exists(file()));
}

}  // namespace
}  // namespace tiebreak::sqlite
