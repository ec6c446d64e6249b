// B6: many requests for one coupon never deadlock when the coupon is written first; when the record
// is inserted first, on MariaDB, they do.
#include <tiebreak/observer.hpp>

#include "coupon_test.hpp"
#include "support/checks.hpp"

#include <atomic>

namespace tiebreak::test {

namespace {

using coupons::issue;

class deadlock_counter final : public observer {
public:
    void retried(errc why, int) noexcept override
    {
        if (why == errc::transaction_aborted)
            ++deadlocks;
    }

    std::atomic<int> deadlocks{0};
};

class B6 : public system_test {
protected:
    static constexpr int threads = 10;
    static constexpr int requests_each = 12;

    // How many deadlocks there were; everybody is served.
    int deadlocks_of(coupons::strategy how)
    {
        auto const code = systems::name_of(how);
        make_coupon(db(), std::string{code}, 1000);
        std::vector<std::int64_t> members;
        for (int i = 0; i < threads * requests_each; ++i)
            members.push_back(make_member(db()));
        deadlock_counter counter;
        auto here = fresh().open({.connections_max = threads, .watcher = &counter});
        run_together(threads, [&](int thread) {
            for (int i = 0; i < requests_each; ++i) {
                auto const member = members[static_cast<std::size_t>(thread * requests_each + i)];
                auto const result = issue(here, std::string{code}, member, {.how = how});
                EXPECT_TRUE(std::holds_alternative<coupons::issued>(result));
            }
        });
        expect_issued(db(), std::string{code}, threads * requests_each);
        return counter.deadlocks;
    }
};

TEST_P(B6, WithTheCouponWrittenFirstThereIsNoDeadlock)
{
    for (auto const how : {coupons::strategy::optimistic,
                           coupons::strategy::conditional,
                           coupons::strategy::pessimistic})
        EXPECT_EQ(deadlocks_of(how), 0) << systems::name_of(how);
}

TEST_P(B6, WithTheRecordInsertedFirstThereAreDeadlocksAndAllAreServed)
{
    if (!coupons::is_offered(coupons::strategy::insert_first, db()))
        GTEST_SKIP() << "this engine lacks insert_first";
    EXPECT_GT(deadlocks_of(coupons::strategy::insert_first), 0);
}

TIEBREAK_ON_SHARED_ENGINES(B6);

}  // namespace

}  // namespace tiebreak::test
