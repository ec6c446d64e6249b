// A11: the alternatives beside the conditional update, with the same result: SELECT … FOR UPDATE,
// and compare-and-set in Redis, which the database confirms.
#include <tiebreak/redis_claim.hpp>

#include "run_test.hpp"
#include "support/barrier.hpp"
#include "support/checks.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

namespace tiebreak::test {

namespace {

constexpr int runs_max = 40;

struct claim_counts {
    std::array<std::atomic<int>, runs_max + 1> of_run{};
};

class A11 : public run_test {
protected:
    void SetUp() override
    {
        run_test::SetUp();
        if (HasFatalFailure() || IsSkipped())
            return;
        TIEBREAK_NEEDS_REDIS();
        server_ = std::make_unique<redis_server>();
        cache_ = std::make_unique<redis>(server_->url(), patient());
    }

    static redis_options patient()
    {
        return {.connections_max = 16,
                .connect_timeout = std::chrono::seconds{5},
                .command_timeout = std::chrono::seconds{5}};
    }

    [[nodiscard]] runs::claim_request request_by(runs::claim_way how, std::string worker) const
    {
        return {.worker = std::move(worker),
                .lease = {.ttl = long_lease},
                .how = how,
                .cache = cache_.get()};
    }

    void submit_many(int number)
    {
        for (int i = 0; i < number; ++i)
            static_cast<void>(submit_run(db(), 1));
    }

    // Every run was taken once, under its first tenure.
    void expect_each_taken_once(claim_counts const& counts, int number)
    {
        for (int id = 1; id <= number; ++id)
            EXPECT_EQ(counts.of_run.at(static_cast<std::size_t>(id)), 1) << "run " << id;
        for (auto const& one : repository<runs::run>(db()).select().all()) {
            EXPECT_EQ(one.lease_epoch, 1);
            EXPECT_EQ(one.status, runs::run_status::processing);
        }
    }

    // Claims until nothing is queued.
    static void drain(database& in, runs::claim_request const& request, claim_counts& counts)
    {
        for (;;) {
            auto const mine = runs::claim(in, request);
            if (mine.empty())
                return;
            for (auto const& one : mine)
                ++counts.of_run.at(static_cast<std::size_t>(one.work.run_id));
        }
    }

    std::unique_ptr<redis_server> server_;
    std::unique_ptr<redis> cache_;
};

TEST_P(A11, TenThreadsShareTheQueueByEachAlternative)
{
    constexpr int number = 15;
    for (auto const how : {runs::claim_way::pessimistic, runs::claim_way::redis_cas}) {
        submit_many(number);
        auto const first = repository<runs::run>(db()).select().count() - number;
        claim_counts counts;
        run_together(10, [&](int i) { drain(db(), request_by(how, std::to_string(i)), counts); });
        for (int id = 1; id <= number; ++id)
            EXPECT_EQ(counts.of_run.at(static_cast<std::size_t>(first + id)), 1)
                << runs::name_of(how) << ", run " << first + id;
    }
    EXPECT_EQ(server_->command({"KEYS", "*"}), "") << "the claims were given back";
}

TEST_P(A11, FourProcessesShareTheQueueByEachAlternative)
{
    TIEBREAK_NEEDS(capability::several_processes);
    constexpr int workers = 4;
    for (auto const how : {runs::claim_way::pessimistic, runs::claim_way::redis_cas}) {
        claim_counts before;
        drain(db(), request_by(runs::claim_way::conditional, "before"), before);
        submit_many(20);
        close();
        auto const url = fresh().url();
        auto const redis_url = server_->url();
        barrier start(workers);
        shared_value<claim_counts> counts;
        std::vector<child_process> children;
        for (int i = 0; i < workers; ++i) {
            children.emplace_back([&, i] {
                database mine(url);
                redis const cache(redis_url, patient());
                auto request = request_by(how, std::to_string(i));
                request.cache = &cache;
                start.wait();
                drain(mine, request, *counts);
                return 0;
            });
        }
        for (auto& child : children)
            EXPECT_EQ(child.wait(), 0);
        int taken = 0;
        for (auto const& one : counts->of_run) {
            EXPECT_LE(one, 1) << runs::name_of(how);
            taken += one;
        }
        EXPECT_EQ(taken, 20) << runs::name_of(how);
    }
}

TEST_P(A11, ThePessimisticWayHoldsTheRowFromTheLookOn)
{
    TIEBREAK_NEEDS(capability::row_locks);
    auto const submitted = submit_run(db());
    auto other = fresh().open();
    std::jthread claiming;
    db().transact([&](unit_of_work& work) {
        auto* const held = work.find<runs::run>(submitted.run_id, lock_mode::pessimistic_write);
        held->priority = 7;
        work.flush();
        claiming = std::jthread([&] {
            auto const taken =
                runs::claim(other, request_by(runs::claim_way::pessimistic, "waiting"));
            ASSERT_EQ(taken.size(), 1U);
            EXPECT_EQ(taken[0].work.priority, 7) << "it was read before it was held";
        });
    });
    claiming.join();
    EXPECT_EQ(row_of(db(), submitted.run_id).version, version{3});
}

TEST_P(A11, AClaimInRedisAloneIsNoClaim)
{
    auto const submitted = submit_run(db());
    redis_claims const claims(*cache_);
    redis_claim somebodys;
    ASSERT_EQ(claims.claim("run:" + std::to_string(submitted.run_id), somebodys),
              claim_answer::won);
    // whoever claimed it there is dead: the database is asked all the same
    auto const taken = runs::claim(db(), request_by(runs::claim_way::redis_cas, "patient"));
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].work.run_id, submitted.run_id);
    EXPECT_EQ(claims.release(somebodys), outcome::won) << "it was taken from its holder";
}

TEST_P(A11, RedisThatForgetsAllTheTimeLetsNobodyClaimTwice)
{
    constexpr int number = 30;
    submit_many(number);
    claim_counts counts;
    std::atomic<bool> over{false};
    std::jthread forgetting([&] {
        while (!over)
            server_->command({"FLUSHALL"});
    });
    run_together(6, [&](int i) {
        drain(db(), request_by(runs::claim_way::redis_cas, std::to_string(i)), counts);
    });
    over = true;
    forgetting.join();
    expect_each_taken_once(counts, number);
}

TEST_P(A11, WithoutRedisTheDatabaseDecidesAlone)
{
    constexpr int number = 10;
    submit_many(number);
    server_->kill();
    claim_counts counts;
    run_together(4, [&](int i) {
        drain(db(), request_by(runs::claim_way::redis_cas, std::to_string(i)), counts);
    });
    expect_each_taken_once(counts, number);
    auto without = request_by(runs::claim_way::redis_cas, "nobody");
    without.cache = nullptr;
    EXPECT_THROW(static_cast<void>(runs::claim(db(), without)), std::invalid_argument);
}

// WATCH sees a change between the look and the write: of two who saw the same, one writes.
TEST_P(A11, CompareAndSetReplacesOnlyWhatWasSeen)
{
    redis_claims const claims(*cache_);
    EXPECT_EQ(claims.compare_and_set("x", "", "1"), claim_answer::won);
    EXPECT_EQ(claims.compare_and_set("x", "", "2"), claim_answer::lost);
    EXPECT_EQ(claims.compare_and_set("x", "2", "3"), claim_answer::lost);
    EXPECT_EQ(claims.compare_and_set("x", "1", "3"), claim_answer::won);
    std::atomic<int> won{0};
    for (int round = 3; round < 23; ++round) {
        run_together(8, [&](int) {
            auto const answer =
                claims.compare_and_set("x", std::to_string(round), std::to_string(round + 1));
            won += answer == claim_answer::won ? 1 : 0;
        });
    }
    EXPECT_EQ(won, 20);
    EXPECT_EQ(server_->command({"GET", "tiebreak:x"}), "23");
}

TIEBREAK_ON_ALL_ENGINES(A11);

}  // namespace

}  // namespace tiebreak::test
