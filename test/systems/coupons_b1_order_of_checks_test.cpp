// B1: the order of the checks, the coupon before the record, 30 days by the database's clock.
#include <tiebreak/counters.hpp>

#include "coupon_test.hpp"

namespace tiebreak::test {

namespace {

using namespace std::chrono_literals;
using coupons::issue;

class B1 : public system_test {};

time_point time_of(database& of)
{
    return of.transact([](unit_of_work& work) { return work.database_time(); });
}

void close_window(database& in, std::string_view code)
{
    auto const closed = time_of(in) - 1h;
    EXPECT_EQ(
        repository<coupons::coupon>(in).update_where(field<&coupons::coupon::code> == code,
                                                     field<& coupons::coupon::ends_at> = closed),
        1);
}

TEST_P(B1, ChecksMemberThenCouponThenDuplicateThenWindowThenStock)
{
    for (auto const how : all_strategies) {
        SCOPED_TRACE(name_of(how));
        auto const code = std::string(name_of(how));
        auto const options = coupons::issue_options{.how = how};
        make_coupon(db(), code, 1);
        auto const first = make_member(db());
        auto const second = make_member(db());
        ASSERT_TRUE(is<coupons::issued>(issue(db(), code, first, options)));

        EXPECT_TRUE(is<coupons::sold_out>(issue(db(), code, second, options)));
        close_window(db(), code);
        EXPECT_TRUE(is<coupons::not_issuable>(issue(db(), code, second, options)));
        EXPECT_TRUE(is<coupons::already_issued>(issue(db(), code, first, options)));
        EXPECT_TRUE(is<coupons::coupon_not_found>(issue(db(), "other", first, options)));
        EXPECT_TRUE(is<coupons::member_not_found>(issue(db(), "other", 999, options)));
        EXPECT_EQ(
            coupons::set_member_status(db(), first, coupons::member_status::suspended).index(), 0u);
        EXPECT_TRUE(is<coupons::member_not_found>(issue(db(), code, first, options)));
        expect_issued(db(), code, 1);
    }
}

TEST_P(B1, AnswersWhatWasIssuedAndStoresTheSame)
{
    for (auto const how : all_strategies) {
        SCOPED_TRACE(name_of(how));
        auto const code = std::string(name_of(how));
        auto const coupon = make_coupon(db(), code, 5);
        auto const member = make_member(db());
        auto const before = time_of(db());
        auto const result = issue(db(), code, member, {.how = how});
        auto const after = time_of(db());

        ASSERT_TRUE(is<coupons::issued>(result));
        auto const& issued = std::get<coupons::issued>(result);
        EXPECT_EQ(issued.coupon_code, code);
        EXPECT_EQ(issued.coupon_name, "Ten off");
        EXPECT_EQ(issued.member_id, member);
        EXPECT_EQ(issued.discount_amount, 1000);
        EXPECT_LE(before, issued.issued_at);
        EXPECT_LE(issued.issued_at, after);
        EXPECT_EQ(issued.expires_at, issued.issued_at + std::chrono::days{30});

        auto const row = repository<coupons::coupon_issue>(db()).find(issued.id);
        ASSERT_TRUE(row.has_value());
        EXPECT_EQ(row->coupon_id, coupon.id);
        EXPECT_EQ(row->member_id, member);
        EXPECT_EQ(row->issued_at, issued.issued_at);
        EXPECT_EQ(row->expires_at, issued.expires_at);
        EXPECT_EQ(coupons::find_coupon(db(), code)->version, version{2});
        expect_issued(db(), code, 1);
    }
}

TEST_P(B1, TheWindowBeginsWithItsStartAndEndsBeforeItsEnd)
{
    auto const now = time_of(db());
    auto const member = make_member(db());
    auto const made =
        [&](std::string code, std::optional<time_point> starts, std::optional<time_point> ends) {
            return coupons::create_coupon(db(),
                                          {
                                              .code = std::move(code),
                                              .name = "n",
                                              .total_quantity = 1,
                                              .starts_at = starts,
                                              .ends_at = ends,
                                          });
        };
    ASSERT_EQ(made("early", now + 1h, {}).index(), 0u);
    ASSERT_EQ(made("late", {}, now - 1h).index(), 0u);
    ASSERT_EQ(made("started", now, {}).index(), 0u);
    ASSERT_EQ(made("open", now - 1h, now + 1h).index(), 0u);

    auto const early = issue(db(), "early", member);
    ASSERT_TRUE(is<coupons::not_issuable>(early));
    EXPECT_EQ(std::get<coupons::not_issuable>(early).starts_at, now + 1h);
    EXPECT_GE(std::get<coupons::not_issuable>(early).now, now);
    EXPECT_TRUE(is<coupons::not_issuable>(issue(db(), "late", member)));
    EXPECT_TRUE(is<coupons::issued>(issue(db(), "started", member)));
    EXPECT_TRUE(is<coupons::issued>(issue(db(), "open", member)));
    expect_issued(db(), "early", 0);
    expect_issued(db(), "late", 0);
}

// Were the record written first, the second request of the same member would meet the UNIQUE
// constraint; it meets the coupon's version, before it has written anything.
TEST_P(B1, TheCouponIsWrittenBeforeTheRecord)
{
    counters seen;
    auto watched = fresh().open({.watcher = &seen});
    make_coupon(db(), "WELCOME", 5);
    auto const member = make_member(db());
    auto const result =
        issue(watched, "WELCOME", member, {.between = only_once([&] {
                                               auto const other = as_another_client(
                                                   [&] { return issue(db(), "WELCOME", member); });
                                               EXPECT_TRUE(is<coupons::issued>(other));
                                           })});
    EXPECT_TRUE(is<coupons::already_issued>(result));
    EXPECT_EQ(seen.conflicts(), 1);
    EXPECT_EQ(seen.conflicts_by_entity().at("coupon"), 1);
    expect_issued(db(), "WELCOME", 1);
}

TIEBREAK_ON_SHARED_ENGINES(B1);

}  // namespace

}  // namespace tiebreak::test
