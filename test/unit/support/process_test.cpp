// The tools that the tests stand on: processes, barriers, folders, captured logs.
#include "support/barrier.hpp"
#include "support/captured_log.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace tiebreak::test {
namespace {

TEST(Process, AnswersTheExitCode)
{
    EXPECT_EQ(run_in_process([] { return 7; }), 7);
}

TEST(Process, ThatThrowsOrFailsExitsWith101)
{
    EXPECT_EQ(run_in_process([]() -> int { throw std::runtime_error("on purpose"); }), 101);
    EXPECT_EQ(run_in_process([] {
                  ADD_FAILURE() << "on purpose";
                  return 0;
              }),
              101);
}

TEST(Process, KilledAnswersMinusTheSignal)
{
    barrier started{2};
    child_process child{[&] {
        started.wait();
        for (;;)
            ::pause();
        return 0;
    }};
    started.wait();
    child.send(SIGKILL);
    EXPECT_EQ(child.wait(), -SIGKILL);
}

TEST(Barrier, LetsProcessesMeetAgainAndAgain)
{
    constexpr int parties = 4;
    constexpr int rounds = 50;
    barrier meet{parties};
    shared_value<std::atomic<int>> arrivals{0};
    auto const meet_often = [&] {
        for (int round = 1; round <= rounds; ++round) {
            arrivals->fetch_add(1);
            meet.wait();
            if (arrivals->load() != round * parties)
                return 1;
            meet.wait();
        }
        return 0;
    };
    std::array<child_process, parties> children{child_process{meet_often},
                                                child_process{meet_often},
                                                child_process{meet_often},
                                                child_process{meet_often}};
    for (auto& child : children)
        EXPECT_EQ(child.wait(), 0);
}

TEST(Barrier, LetsThreadsMeet)
{
    barrier meet{2};
    std::atomic<bool> there{false};
    std::jthread const other([&] {
        there = true;
        meet.wait();
    });
    meet.wait();
    EXPECT_TRUE(there);
}

TEST(Barrier, GivesUpWhenSomebodyDoesNotCome)
{
    barrier meet{2};
    EXPECT_THROW(meet.wait(std::chrono::seconds{0}), std::runtime_error);
}

TEST(TemporaryFolder, IsGoneAtTheEndWithAllItHeld)
{
    std::filesystem::path path;
    {
        temporary_folder folder;
        path = folder.path();
        std::ofstream{folder.file("a")} << "text";
        ASSERT_TRUE(std::filesystem::exists(folder.file("a")));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryFolder, FailsTheTestWhenAnUnexpectedFileIsLeft)
{
    EXPECT_NONFATAL_FAILURE(
        {
            temporary_folder folder;
            folder.expect_only({"known"});
            std::ofstream{folder.file("known")} << "text";
            std::ofstream{folder.file("stray")} << "text";
        },
        "left a file behind: stray");
}

TEST(CapturedLog, HoldsCopiesOfTheRecords)
{
    captured_log captured;
    {
        std::string const value{"seven"};
        std::array const fields{log_field{"key", value}};
        log(log_level::warning, "lost", fields);
        log(log_level::info, "quiet", {});
    }
    ASSERT_EQ(captured.records().size(), 1U);
    EXPECT_EQ(captured.records("lost").at(0).field("key"), "seven");
    EXPECT_TRUE(captured.mentions("seven"));
    EXPECT_FALSE(captured.mentions("quiet"));
}

}  // namespace
}  // namespace tiebreak::test
