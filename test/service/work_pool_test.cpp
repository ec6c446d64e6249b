// The pool of threads and its bounded queue; and how connections are counted by address.
#include "service/counted_routes.hpp"
#include "service/http/peers.hpp"
#include "service/http/work_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace tiebreak::test {

namespace {

using namespace service::http;

TEST(WorkPool, RefusesWhatNeitherRunsNorFitsInTheQueue)
{
    handler_gate gate;
    std::atomic<int> ran{0};
    work_pool pool(2, 1);
    auto const wait = [&](bool) {
        gate.pass();
        ++ran;
    };
    EXPECT_TRUE(pool.try_push({.run = wait}));
    EXPECT_TRUE(pool.try_push({.run = wait}));
    gate.wait_for(2);
    EXPECT_EQ(pool.running(), 2);
    EXPECT_TRUE(pool.try_push({.run = wait}));
    EXPECT_EQ(pool.waiting(), 1);
    EXPECT_FALSE(pool.try_push({.run = wait}));
    gate.open();
    pool.stop();
    EXPECT_EQ(ran, 3);
    EXPECT_FALSE(pool.try_push({.run = wait}));
}

TEST(WorkPool, WithoutAQueueRunsOnFreeThreadsOnly)
{
    handler_gate gate;
    work_pool pool(1, 0);
    EXPECT_TRUE(pool.try_push({.run = [&](bool) { gate.pass(); }}));
    gate.wait_for(1);
    EXPECT_FALSE(pool.try_push({.run = [](bool) {}}));
    gate.open();
}

TEST(WorkPool, SaysWhenAJobIsLate)
{
    std::atomic<int> late{0};
    std::atomic<int> in_time{0};
    auto const note = [&](bool is_late) { ++(is_late ? late : in_time); };
    {
        work_pool pool(1, 10);
        auto const now = std::chrono::steady_clock::now();
        EXPECT_TRUE(pool.try_push({.run = note, .deadline = now - std::chrono::seconds{1}}));
        EXPECT_TRUE(pool.try_push({.run = note, .deadline = now + std::chrono::hours{1}}));
    }
    EXPECT_EQ(late, 1);
    EXPECT_EQ(in_time, 1);
}

TEST(Peers, AreLimitedEachOnItsOwn)
{
    peers known(2);
    EXPECT_TRUE(known.try_enter("a"));
    EXPECT_TRUE(known.try_enter("a"));
    EXPECT_FALSE(known.try_enter("a"));
    EXPECT_TRUE(known.try_enter("b"));
    known.leave("a");
    EXPECT_TRUE(known.try_enter("a"));
    peers unlimited(0);
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(unlimited.try_enter("a"));
}

}  // namespace

}  // namespace tiebreak::test
