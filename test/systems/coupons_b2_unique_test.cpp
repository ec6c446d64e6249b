// B2: UNIQUE(coupon_id, member_id) stands behind the duplicate check.
#include "coupon_test.hpp"

namespace tiebreak::test {

namespace {

using coupons::issue;

class B2 : public system_test {};

TEST_P(B2, TheTableRefusesASecondRecordOfAMember)
{
    auto const coupon = make_coupon(db(), "WELCOME", 5);
    auto const member = make_member(db());
    auto const issued = std::get<coupons::issued>(issue(db(), "WELCOME", member));
    coupons::coupon_issue second{
        .coupon_id = coupon.id,
        .member_id = member,
        .issued_at = issued.issued_at,
        .expires_at = issued.expires_at,
    };
    repository<coupons::coupon_issue> const records(db());
    try {
        records.insert(second);
        FAIL() << "a second record was accepted";
    } catch (error const& refused) {
        EXPECT_EQ(refused.code(), errc::already_exists);
    }
    EXPECT_EQ(records.insert_if_absent(second), outcome::lost);
    expect_issued(db(), "WELCOME", 1);
}

TEST_P(B2, ARecordNeedsItsCouponAndItsMember)
{
    auto const coupon = make_coupon(db(), "WELCOME", 5);
    auto const member = make_member(db());
    auto const later = time_point{} + std::chrono::seconds{1};
    repository<coupons::coupon_issue> const records(db());
    for (auto row : {coupons::coupon_issue{.coupon_id = 999, .member_id = member},
                     coupons::coupon_issue{.coupon_id = coupon.id, .member_id = 999}}) {
        row.expires_at = later;
        try {
            records.insert(row);
            ADD_FAILURE() << "a record of nothing was accepted";
        } catch (error const& refused) {
            EXPECT_EQ(refused.code(), errc::constraint_violated);
        }
    }
    expect_issued(db(), "WELCOME", 0);
}

// Both requests of one member pass the duplicate check before either writes.
TEST_P(B2, OfTwoRequestsOfOneMemberOneIsIssuedAndOneIsADuplicate)
{
    for (auto const how : all_strategies) {
        if (how == coupons::strategy::in_process)
            continue;  // its mutex keeps the other out
        SCOPED_TRACE(name_of(how));
        auto const code = std::string(name_of(how));
        make_coupon(db(), code, 5);
        auto const member = make_member(db());
        std::future<coupons::issue_result> other;
        auto const mine = issue(
            db(), code, member, {.how = how, .between = only_once([&] {
                                                 other = std::async(std::launch::async, [&] {
                                                     return issue(db(), code, member, {.how = how});
                                                 });
                                                 // Under a lock the other has to wait until this
                                                 // one is done.
                                                 if (how != coupons::strategy::pessimistic)
                                                     other.wait();
                                             })});
        auto const theirs = other.get();
        EXPECT_EQ(is<coupons::issued>(mine) + is<coupons::issued>(theirs), 1);
        EXPECT_EQ(is<coupons::already_issued>(mine) + is<coupons::already_issued>(theirs), 1);
        expect_issued(db(), code, 1);
    }
}

TIEBREAK_ON_SHARED_ENGINES(B2);

}  // namespace

}  // namespace tiebreak::test
