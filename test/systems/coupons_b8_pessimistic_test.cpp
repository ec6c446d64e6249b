// B8: the same flow with the row locked from the first look, side by side with the version check.
#include <tiebreak/counters.hpp>

#include "coupon_test.hpp"

namespace tiebreak::test {

namespace {

using coupons::issue;

class B8 : public system_test {};

TEST_P(B8, AnswersAreTheSameAsWithTheVersionCheck)
{
    std::vector<std::int64_t> members;
    for (int i = 0; i < 5; ++i)
        members.push_back(make_member(db()));
    members.push_back(members.front());
    members.push_back(999);
    auto const answers = [&](coupons::strategy how) {
        auto const code = std::string(name_of(how));
        make_coupon(db(), code, 3);
        std::vector<std::size_t> indexes;
        for (auto const id : members)
            indexes.push_back(issue(db(), code, id, {.how = how}).index());
        expect_issued(db(), code, 3);
        return indexes;
    };
    EXPECT_EQ(answers(coupons::strategy::pessimistic), answers(coupons::strategy::optimistic));
}

// Two requests meet while the first holds what it has read. With the lock the second waits and
// nobody runs twice; with the version check nobody waits and one runs twice.
TEST_P(B8, TheLockMakesOthersWaitWhereTheVersionMakesThemRunAgain)
{
    captured_log const quiet(log_level::error);
    for (auto const how : {coupons::strategy::pessimistic, coupons::strategy::optimistic}) {
        SCOPED_TRACE(name_of(how));
        bool const locks = how == coupons::strategy::pessimistic;
        auto const code = std::string(name_of(how));
        counters seen;
        auto watched = fresh().open({.watcher = &seen});
        make_coupon(db(), code, 5);
        auto const first = make_member(db());
        auto const second = make_member(db());
        std::future<coupons::issue_result> other;
        auto const mine = issue(
            watched, code, first, {.how = how, .between = only_once([&] {
                                                   other = std::async(std::launch::async, [&] {
                                                       return issue(
                                                           watched, code, second, {.how = how});
                                                   });
                                                   if (!locks)
                                                       other.wait();
                                               })});
        EXPECT_TRUE(is<coupons::issued>(mine));
        EXPECT_TRUE(is<coupons::issued>(other.get()));
        EXPECT_EQ(seen.conflicts(), locks ? 0 : 1);
        EXPECT_EQ(seen.retries(), locks ? 0 : 1);
        expect_issued(db(), code, 2);
    }
}

// The lock is the coupon's own: an issue that holds it can neither be overtaken by another
// strategy nor lose its own check.
TEST_P(B8, AnOptimisticRequestCannotOvertakeTheLock)
{
    captured_log const quiet(log_level::error);
    make_coupon(db(), "MIXED", 1);
    auto const first = make_member(db());
    auto const second = make_member(db());
    std::future<coupons::issue_result> other;
    auto const mine = issue(db(),
                            "MIXED",
                            first,
                            {
                                .how = coupons::strategy::pessimistic,
                                .between = only_once([&] {
                                    other = std::async(std::launch::async, [&] {
                                        return issue(db(), "MIXED", second);
                                    });
                                }),
                            });
    EXPECT_TRUE(is<coupons::issued>(mine));
    EXPECT_TRUE(is<coupons::sold_out>(other.get()));
    expect_issued(db(), "MIXED", 1);
}

TIEBREAK_ON_SHARED_ENGINES(B8);

}  // namespace

}  // namespace tiebreak::test
