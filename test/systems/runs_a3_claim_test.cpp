// A3: a queued run is claimed by exactly one worker, of 10 threads and of 4 processes.
#include "run_test.hpp"
#include "support/barrier.hpp"
#include "support/process.hpp"

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

namespace tiebreak::test {

namespace {

class A3 : public run_test {};

TEST_P(A3, OneOf10ThreadsClaimsARun)
{
    constexpr int workers = 10;
    auto const submitted = submit_run(db());
    barrier start(workers);
    std::atomic<int> claims = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) {
        threads.emplace_back([&, i] {
            start.wait();
            claims += static_cast<int>(claim_runs(db(), std::to_string(i), 1).size());
        });
    }
    threads.clear();
    EXPECT_EQ(claims, 1);
    auto const now = row_of(db(), submitted.run_id);
    EXPECT_EQ(now.status, runs::run_status::processing);
    EXPECT_EQ(now.lease_epoch, 1);
    EXPECT_EQ(now.version, version{2});
}

TEST_P(A3, TenThreadsShareTheQueueWithoutOverlap)
{
    constexpr int workers = 10;
    constexpr int number = 30;
    for (int i = 0; i < number; ++i)
        static_cast<void>(submit_run(db(), 1));
    barrier start(workers);
    std::array<std::atomic<int>, number + 1> claims{};
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) {
        threads.emplace_back([&, i] {
            start.wait();
            for (;;) {
                auto const mine = claim_runs(db(), std::to_string(i), 2);
                if (mine.empty())
                    return;
                for (auto const& one : mine)
                    ++claims.at(static_cast<std::size_t>(one.work.run_id));
            }
        });
    }
    threads.clear();
    for (std::size_t id = 1; id <= number; ++id)
        EXPECT_EQ(claims.at(id), 1) << "run " << id;
    for (auto const& one : repository<runs::run>(db()).select().all())
        EXPECT_EQ(one.lease_epoch, 1);
}

TEST_P(A3, HighestPriorityComesFirstThenTheOldest)
{
    auto const old = submit_run(db());
    auto const urgent = std::get<runs::run>(
        runs::submit(db(), {.tenant_id = "acme", .payload = "work", .budget = 1, .priority = 5}));
    auto const young = submit_run(db());
    auto const taken = claim_runs(db(), "first", 10);
    ASSERT_EQ(taken.size(), 3U);
    EXPECT_EQ(taken[0].work.run_id, urgent.run_id);
    EXPECT_EQ(taken[1].work.run_id, old.run_id);
    EXPECT_EQ(taken[2].work.run_id, young.run_id);
    EXPECT_TRUE(claim_runs(db(), "second", 10).empty());
}

TEST_P(A3, AClaimForOneTenantLeavesTheOthersRuns)
{
    ASSERT_EQ(std::get<outcome>(runs::open_budget(db(), "other", 1000)), outcome::won);
    static_cast<void>(submit_run(db()));
    auto const theirs = std::get<runs::run>(
        runs::submit(db(), {.tenant_id = "other", .payload = "work", .budget = 1}));
    auto const taken = runs::claim(db(), {.worker = "first", .limit = 10, .tenant_id = "other"});
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].work.run_id, theirs.run_id);
}

TEST_P(A3, ImpossibleRequestsAreRefused)
{
    EXPECT_THROW(static_cast<void>(claim_runs(db(), "first", 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(claim_runs(db(), "first", 1001)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(claim_runs(db(), "", 1)), std::invalid_argument);
}

struct claims_of_runs {
    std::array<std::atomic<int>, 41> of_run{};
};

TEST_P(A3, FourProcessesShareTheQueueWithoutOverlap)
{
    TIEBREAK_NEEDS(capability::several_processes);
    constexpr int workers = 4;
    constexpr int number = 40;
    for (int i = 0; i < number; ++i)
        static_cast<void>(submit_run(db(), 1));
    close();
    auto const url = fresh().url();
    barrier start(workers);
    shared_value<claims_of_runs> claims;
    std::vector<child_process> children;
    for (int i = 0; i < workers; ++i) {
        children.emplace_back([&, i] {
            database mine(url);
            start.wait();
            for (;;) {
                auto const taken = claim_runs(mine, std::to_string(i), 1);
                if (taken.empty())
                    return 0;
                ++claims->of_run.at(static_cast<std::size_t>(taken[0].work.run_id));
            }
        });
    }
    for (auto& child : children)
        EXPECT_EQ(child.wait(), 0);
    for (std::size_t id = 1; id <= number; ++id)
        EXPECT_EQ(claims->of_run.at(id), 1) << "run " << id;
}

TIEBREAK_ON_ALL_ENGINES(A3);

}  // namespace

}  // namespace tiebreak::test
