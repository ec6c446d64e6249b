// Connecting to a server that is away: one tries, the others hear what it found.
#include "database/connect_pace.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tiebreak::detail {

namespace {

using std::chrono::milliseconds;

constexpr auto always = sql::deadline::max();

std::unique_ptr<sql::connection> fail()
{
    throw error(errc::unavailable, "away");
}

std::unique_ptr<sql::connection> succeed()
{
    return nullptr;
}

TEST(ConnectPace, HasEverybodyConnectWhileTheServerIsThere)
{
    connect_pace pace(std::chrono::hours{1});
    int tries = 0;
    for (int i = 0; i < 3; ++i)
        (void)pace.connect(
            [&] {
                ++tries;
                return succeed();
            },
            always);
    EXPECT_EQ(tries, 3);
}

TEST(ConnectPace, AfterAFailureNobodyTriesUntilThePauseIsOver)
{
    connect_pace pace(std::chrono::hours{1});
    EXPECT_THROW((void)pace.connect(fail, always), error);
    int tries = 0;
    auto const count = [&] {
        ++tries;
        return succeed();
    };
    EXPECT_THROW((void)pace.connect(count, std::chrono::steady_clock::now()), error);
    EXPECT_EQ(tries, 0);
}

TEST(ConnectPace, OneTriesAndAllWhoWaitGetItsFailure)
{
    connect_pace pace(milliseconds{1});
    EXPECT_THROW((void)pace.connect(fail, always), error);
    std::atomic<int> tries{0};
    std::atomic<int> told{0};
    auto const try_late = [&]() -> std::unique_ptr<sql::connection> {
        ++tries;
        while (pace.waiting() < 7)
            std::this_thread::yield();
        return fail();
    };
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < 8; ++i)
            all.emplace_back([&] {
                try {
                    (void)pace.connect(try_late, always);
                } catch (error const& failure) {
                    EXPECT_EQ(failure.code(), errc::unavailable);
                    ++told;
                }
            });
    }
    EXPECT_EQ(tries, 1);
    EXPECT_EQ(told, 8);
}

TEST(ConnectPace, AllWhoWaitConnectWhenOneHas)
{
    connect_pace pace(milliseconds{1});
    EXPECT_THROW((void)pace.connect(fail, always), error);
    std::atomic<int> tries{0};
    auto const open = [&]() -> std::unique_ptr<sql::connection> {
        if (++tries == 1)
            while (pace.waiting() < 7)
                std::this_thread::yield();
        return succeed();
    };
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < 8; ++i)
            all.emplace_back([&] { (void)pace.connect(open, always); });
    }
    EXPECT_EQ(tries, 8);
}

TEST(ConnectPace, AnAnswerThatIsNoConnectionShowsThatTheServerIsThere)
{
    connect_pace pace(milliseconds{1});
    EXPECT_THROW((void)pace.connect(fail, always), error);
    auto const refuse = []() -> std::unique_ptr<sql::connection> {
        throw error(errc::backend_failure, "wrong password");
    };
    EXPECT_THROW((void)pace.connect(refuse, always), error);
    int tries = 0;
    (void)pace.connect(
        [&] {
            ++tries;
            return succeed();
        },
        std::chrono::steady_clock::now());
    EXPECT_EQ(tries, 1);
}

}  // namespace

}  // namespace tiebreak::detail
