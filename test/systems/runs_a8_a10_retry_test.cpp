// A8: losers read the new version and try again, three times in all. A10: the tests that the
// description names.
#include "run_test.hpp"
#include "support/barrier.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

namespace tiebreak::test {

namespace {

using runs::modify;
using runs::run_edit;

// Another client changes the run; its version moves.
void edit_elsewhere(database& in, std::int64_t run_id)
{
    as_another_client([&] {
        auto const now = row_of(in, run_id);
        EXPECT_EQ(runs::update(in, "acme", run_id, now.version, {.priority = now.priority + 1}),
                  outcome::won);
    });
}

class A8 : public run_test {};

TEST_P(A8, TheScheduleIs3AttemptsWith100And200MillisecondsBetween)
{
    auto const& policy = retry_presets::three_attempts_100_200_ms;
    EXPECT_EQ(policy.attempts_max, 3);
    EXPECT_EQ(pause_after(1, policy, 12345), std::chrono::milliseconds{100});
    EXPECT_EQ(pause_after(2, policy, 12345), std::chrono::milliseconds{200});
}

TEST_P(A8, AnUndisturbedEditIsDoneAtOnce)
{
    auto const before = submit_run(db());
    auto const answer = modify(db(), "acme", before.run_id, [](runs::run const& now) {
        return run_edit{.payload = now.payload + "!", .priority = 3};
    });
    ASSERT_TRUE(is<runs::run>(answer));
    auto const now = row_of(db(), before.run_id);
    EXPECT_EQ(now.payload, "work!");
    EXPECT_EQ(now.priority, 3);
    EXPECT_EQ(now.version, version{2});
    EXPECT_GE(now.updated_at, before.updated_at);
    EXPECT_EQ(std::get<runs::run>(answer).version, now.version);
    EXPECT_EQ(std::get<runs::run>(answer).updated_at, now.updated_at);
}

TEST_P(A8, AnUnknownRunIsSaidSo)
{
    auto const before = submit_run(db());
    auto const nothing = [](runs::run const&) { return run_edit{}; };
    EXPECT_TRUE(is<runs::run_not_found>(modify(db(), "acme", before.run_id + 1, nothing)));
    EXPECT_TRUE(is<runs::run_not_found>(modify(db(), "other", before.run_id, nothing)));
}

TEST_P(A8, WhatTheEditThrowsReachesTheCaller)
{
    auto const before = submit_run(db());
    EXPECT_THROW(static_cast<void>(
                     modify(db(),
                            "acme",
                            before.run_id,
                            [](runs::run const&) -> run_edit { throw std::domain_error("no"); })),
                 std::domain_error);
    EXPECT_EQ(row_of(db(), before.run_id).version, before.version);
}

TEST_P(A8, ALoserReadsTheNewVersionAndItsSecondAttemptWins)
{
    TIEBREAK_NEEDS(capability::several_processes);  // another client comes in between
    auto const before = submit_run(db());
    auto disturb = only_once([&] { edit_elsewhere(db(), before.run_id); });
    std::vector<std::int64_t> versions_read;
    auto const answer = modify(db(), "acme", before.run_id, [&](runs::run const& now) {
        versions_read.push_back(now.version.value());
        disturb();
        return run_edit{.payload = "priority was " + std::to_string(now.priority)};
    });
    ASSERT_TRUE(is<runs::run>(answer));
    EXPECT_EQ(versions_read, (std::vector<std::int64_t>{1, 2}));
    auto const now = row_of(db(), before.run_id);
    EXPECT_EQ(now.payload, "priority was 1");
    EXPECT_EQ(now.priority, 1) << "the other client's edit is kept";
    EXPECT_EQ(now.version, version{3});
}

TEST_P(A8, AfterTheLastAttemptTheFailureIsTyped)
{
    TIEBREAK_NEEDS(capability::several_processes);  // another client comes in between
    auto const before = submit_run(db());
    int runs_of_edit = 0;
    auto const answer = modify(db(), "acme", before.run_id, [&](runs::run const&) {
        ++runs_of_edit;
        edit_elsewhere(db(), before.run_id);
        return run_edit{.payload = "lost"};
    });
    ASSERT_TRUE(is<runs::concurrent_modification>(answer));
    EXPECT_EQ(std::get<runs::concurrent_modification>(answer).attempts, 3);
    EXPECT_EQ(runs_of_edit, 3);
    auto const now = row_of(db(), before.run_id);
    EXPECT_EQ(now.payload, "work");
    EXPECT_EQ(now.version, version{4}) << "the three edits of the other client";
}

TEST_P(A8, ASingleAttemptIsAConcurrentModificationToo)
{
    TIEBREAK_NEEDS(capability::several_processes);  // another client comes in between
    auto const before = submit_run(db());
    auto const answer = modify(
        db(),
        "acme",
        before.run_id,
        [&](runs::run const&) {
            edit_elsewhere(db(), before.run_id);
            return run_edit{.payload = "lost"};
        },
        retry_presets::once);
    ASSERT_TRUE(is<runs::concurrent_modification>(answer));
    EXPECT_EQ(std::get<runs::concurrent_modification>(answer).attempts, 1);
}

TIEBREAK_ON_ALL_ENGINES(A8);

class A10 : public run_test {};

TEST_P(A10, AStaleVersionIsRefusedAndTheRowUnchanged)
{
    auto const before = submit_run(db());
    ASSERT_EQ(runs::update(db(), "acme", before.run_id, version{1}, {.payload = "new"}),
              outcome::won);
    EXPECT_EQ(runs::update(db(), "acme", before.run_id, version{1}, {.payload = "old"}),
              outcome::lost);
    auto const now = row_of(db(), before.run_id);
    EXPECT_EQ(now.payload, "new");
    EXPECT_EQ(now.version, version{2});
}

TEST_P(A10, Of10ConcurrentUpdatesOfVersion1ExactlyOneWins)
{
    constexpr int clients = 10;
    auto const before = submit_run(db());
    barrier start(clients);
    std::atomic<int> won = 0;
    std::atomic<int> winner = -1;
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&, i] {
            start.wait();
            if (runs::update(db(), "acme", before.run_id, version{1}, {.priority = i}) ==
                outcome::won) {
                ++won;
                winner = i;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(won, 1);
    auto const now = row_of(db(), before.run_id);
    EXPECT_EQ(now.version, version{2});
    EXPECT_EQ(now.priority, winner);
}

TEST_P(A10, ARetryAfterAMismatchSucceedsWithVersion3)
{
    auto const before = submit_run(db());
    ASSERT_EQ(runs::update(db(), "acme", before.run_id, version{1}, {.priority = 1}), outcome::won);
    ASSERT_EQ(runs::update(db(), "acme", before.run_id, version{1}, {.priority = 2}),
              outcome::lost);
    auto const read_again = runs::find_run(db(), "acme", before.run_id).value();
    EXPECT_EQ(runs::update(db(), "acme", before.run_id, read_again.version, {.priority = 2}),
              outcome::won);
    auto const now = row_of(db(), before.run_id);
    EXPECT_EQ(now.version, version{3});
    EXPECT_EQ(now.priority, 2);
}

TIEBREAK_ON_ALL_ENGINES(A10);

}  // namespace

}  // namespace tiebreak::test
