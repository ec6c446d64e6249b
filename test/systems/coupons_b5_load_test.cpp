// B5: 500 users at once, one request each, 50 connections: with stock 1,000 all are served, with
// stock 100 exactly 100.
#include "coupon_test.hpp"
#include "support/checks.hpp"

#include <atomic>

namespace tiebreak::test {

namespace {

using coupons::issue;

class B5 : public system_test {
protected:
    static constexpr int threads = 50;
    static constexpr int requests_each = 10;

    void SetUp() override
    {
        system_test::SetUp();
        for (int i = 0; i < threads * requests_each; ++i)
            members_.push_back(make_member(db()));
    }

    // How many got one; the others are told that it is sold out.
    int served_of(std::int64_t stock)
    {
        auto const code = "STOCK" + std::to_string(stock);
        make_coupon(db(), code, stock);
        std::atomic<int> served{0};
        std::atomic<int> refused{0};
        auto here = fresh().open(
            {.connections_max = threads, .retry = {.deadline = std::chrono::minutes{5}}});
        run_together(threads, [&](int thread) {
            for (int i = 0; i < requests_each; ++i) {
                auto const member = members_[static_cast<std::size_t>(thread * requests_each + i)];
                auto const result = issue(here, code, member);
                served += is<coupons::issued>(result) ? 1 : 0;
                refused += is<coupons::sold_out>(result) ? 1 : 0;
            }
        });
        EXPECT_EQ(served + refused, threads * requests_each);
        expect_issued(db(), code, served);
        return served;
    }

    std::vector<std::int64_t> members_;
};

TEST_P(B5, WithEnoughForAllEveryoneIsServed)
{
    EXPECT_EQ(served_of(1000), threads * requests_each);
}

TEST_P(B5, WithLessExactlyTheStockIsServed)
{
    EXPECT_EQ(served_of(100), 100);
}

TIEBREAK_ON_SHARED_ENGINES(B5);

}  // namespace

}  // namespace tiebreak::test
