// The counting observer.
#include <tiebreak/counters.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tiebreak {
namespace {

using std::chrono::microseconds;

TEST(Observer, DoesNothingUnlessAsked)
{
    class silent final : public observer {};

    silent watcher;
    watcher.attempt_started(1);
    watcher.conflicted({.entity = "coupon"});
    watcher.waited(wait_kind::turn, microseconds{5});
    watcher.committed(1);
}

TEST(Counters, CountEachKindOnItsOwn)
{
    counters seen;
    seen.attempt_started(1);
    seen.attempt_started(2);
    seen.conflicted({.entity = "coupon"});
    seen.conflicted({.entity = "run"});
    seen.conflicted({.entity = "coupon"});
    seen.retried(errc::stale_version, 1);
    seen.retried(errc::lock_timeout, 2);
    seen.waited(wait_kind::turn, microseconds{5});
    seen.waited(wait_kind::turn, microseconds{6});
    seen.waited(wait_kind::pause, microseconds{7});
    seen.committed(2);
    seen.gave_up(errc::attempts_exhausted, 3);
    seen.resolved(true);
    seen.resolved(false);

    EXPECT_EQ(seen.attempts(), 2);
    EXPECT_EQ(seen.conflicts(), 3);
    EXPECT_EQ(seen.retries(), 2);
    EXPECT_EQ(seen.retries_after(errc::stale_version), 1);
    EXPECT_EQ(seen.retries_after(errc::unavailable), 0);
    EXPECT_EQ(seen.retries_after(static_cast<errc>(255)), 0);
    EXPECT_EQ(seen.time_waited(wait_kind::turn), microseconds{11});
    EXPECT_EQ(seen.time_waited(wait_kind::connection), microseconds{0});
    EXPECT_EQ(seen.commits(), 1);
    EXPECT_EQ(seen.failures(), 1);
    EXPECT_EQ(seen.resolutions(), 2);
    auto const by_entity = seen.conflicts_by_entity();
    EXPECT_EQ(by_entity.at("coupon"), 2);
    EXPECT_EQ(by_entity.at("run"), 1);
}

TEST(Counters, ManyThreadsLoseNothing)
{
    counters seen;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&seen] {
            for (int i = 0; i < 1000; ++i) {
                seen.attempt_started(1);
                seen.conflicted({.entity = "coupon"});
            }
        });
    }
    threads.clear();
    EXPECT_EQ(seen.attempts(), 4000);
    EXPECT_EQ(seen.conflicts_by_entity().at("coupon"), 4000);
}

TEST(Counters, EveryWaitHasAName)
{
    EXPECT_EQ(name_of(wait_kind::connection), "connection");
    EXPECT_EQ(name_of(wait_kind::turn), "turn");
    EXPECT_EQ(name_of(wait_kind::lock), "lock");
    EXPECT_EQ(name_of(wait_kind::pause), "pause");
}

}  // namespace
}  // namespace tiebreak
