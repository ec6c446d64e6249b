// B4: every business failure has a type that says what it needs to, and leaves no trace; and input
// that breaks a rule is refused before anything is written.
#include "coupon_test.hpp"

#include <limits>

namespace tiebreak::test {

namespace {

using namespace std::chrono_literals;
using coupons::issue;

class B4 : public system_test {};

TEST_P(B4, EachRefusalSaysWhatItIsAbout)
{
    make_coupon(db(), "ONE", 1);
    auto const first = make_member(db());
    auto const second = make_member(db());

    EXPECT_EQ(std::get<coupons::member_not_found>(issue(db(), "ONE", 77)).member_id, 77);
    EXPECT_EQ(std::get<coupons::coupon_not_found>(issue(db(), "TWO", first)).code, "TWO");
    ASSERT_TRUE(is<coupons::issued>(issue(db(), "ONE", first)));
    auto const again = std::get<coupons::already_issued>(issue(db(), "ONE", first));
    EXPECT_EQ(again.code, "ONE");
    EXPECT_EQ(again.member_id, first);
    auto const sold_out = std::get<coupons::sold_out>(issue(db(), "ONE", second));
    EXPECT_EQ(sold_out.code, "ONE");
    EXPECT_EQ(sold_out.total_quantity, 1);
    expect_issued(db(), "ONE", 1);
    EXPECT_EQ(coupons::find_coupon(db(), "ONE")->version, version{2});
}

TEST_P(B4, AnInactiveMemberIsNotFoundUntilItIsActiveAgain)
{
    make_coupon(db(), "ONE", 1);
    auto const member = make_member(db());
    for (auto const status : {coupons::member_status::suspended, coupons::member_status::closed}) {
        auto const changed =
            std::get<coupons::member>(coupons::set_member_status(db(), member, status));
        EXPECT_EQ(changed.status, status);
        EXPECT_TRUE(is<coupons::member_not_found>(issue(db(), "ONE", member)));
    }
    auto const active = std::get<coupons::member>(
        coupons::set_member_status(db(), member, coupons::member_status::active));
    EXPECT_EQ(active.version, version{4});
    EXPECT_TRUE(is<coupons::issued>(issue(db(), "ONE", member)));
    expect_issued(db(), "ONE", 1);
}

TEST_P(B4, AStatusThatIsThereAlreadyIsNotWritten)
{
    auto const member = make_member(db());
    auto const same = std::get<coupons::member>(
        coupons::set_member_status(db(), member, coupons::member_status::active));
    EXPECT_EQ(same.version, version{1});
    EXPECT_EQ(coupons::find_member(db(), member)->version, version{1});
    EXPECT_EQ(coupons::set_member_status(db(), 99, coupons::member_status::active).index(), 1u);
}

TEST_P(B4, AStatusIsStoredInCapitalsAndAnUnknownOneIsNone)
{
    EXPECT_EQ(systems::status_text(coupons::member_status::suspended), "SUSPENDED");
    EXPECT_EQ(systems::parse_status<coupons::member_status>("CLOSED"),
              coupons::member_status::closed);
    EXPECT_FALSE(systems::parse_status<coupons::member_status>("closed").has_value());
    EXPECT_FALSE(systems::parse_status<coupons::member_status>("DELETED").has_value());
    auto const member = make_member(db());
    auto const unknown = static_cast<coupons::member_status>(9);
    EXPECT_THROW((void)coupons::set_member_status(db(), member, unknown), std::logic_error);
    EXPECT_EQ(coupons::find_member(db(), member)->status, coupons::member_status::active);
}

TEST_P(B4, ACodeIsTakenOnce)
{
    auto const first = make_coupon(db(), "ONE", 1);
    auto const second = coupons::create_coupon(db(), {.code = "ONE", .name = "Other"});
    EXPECT_EQ(std::get<coupons::code_taken>(second).code, "ONE");
    EXPECT_EQ(coupons::find_coupon(db(), "ONE")->name, first.name);
    EXPECT_EQ(repository<coupons::coupon>(db()).select().count(), 1);
}

TEST_P(B4, AWrongCouponIsRefusedByTheFieldAndTheRule)
{
    auto const now = time_point{} + 1h;
    coupons::new_coupon const good{.code = "A", .name = "n"};
    auto const with = [&](auto change) {
        auto coupon = good;
        change(coupon);
        return coupon;
    };
    std::pair<coupons::new_coupon, std::string_view> const wrong[] = {
        {with([](auto& c) { c.code = ""; }), "code"},
        {with([](auto& c) { c.code = std::string(65, 'x'); }), "code"},
        {with([](auto& c) { c.code = "a b"; }), "code"},
        {with([](auto& c) { c.code = "caf\xC3\xA9"; }), "code"},
        {with([](auto& c) { c.name = ""; }), "name"},
        {with([](auto& c) { c.name = std::string(1'000'000, 'x'); }), "name"},
        {with([](auto& c) { c.name = "\xFF"; }), "name"},
        {with([](auto& c) { c.name = std::string("a\0b", 3); }), "name"},
        {with([](auto& c) { c.discount_amount = -1; }), "discount_amount"},
        {with([](auto& c) { c.total_quantity = -1; }), "total_quantity"},
        {with([&](auto& c) { c.starts_at = c.ends_at = now; }), "ends_at"},
    };
    for (auto const& [coupon, field] : wrong) {
        auto const answer = coupons::create_coupon(db(), coupon);
        ASSERT_TRUE(std::holds_alternative<systems::invalid_field>(answer)) << field;
        EXPECT_EQ(std::get<systems::invalid_field>(answer).field, field);
        EXPECT_FALSE(std::get<systems::invalid_field>(answer).rule.empty());
    }
    EXPECT_EQ(repository<coupons::coupon>(db()).select().count(), 0);
    for (auto const* name : {"", "\xED\xA0\x80"})
        EXPECT_EQ(coupons::create_member(db(), name).index(), 1u);
    EXPECT_EQ(coupons::create_member(db(), std::string(201, 'x')).index(), 1u);
    EXPECT_EQ(repository<coupons::member>(db()).select().count(), 0);
}

TEST_P(B4, WhatNobodyCouldHaveStoredIsSimplyNotFound)
{
    auto const member = make_member(db());
    for (auto const& code : {std::string{},
                             std::string(10'000'000, 'x'),
                             std::string("a\0", 2),
                             std::string("\xFF"),
                             std::string("' OR 1=1 --")}) {
        EXPECT_TRUE(is<coupons::coupon_not_found>(issue(db(), code, member)));
        EXPECT_FALSE(coupons::find_coupon(db(), code).has_value());
        EXPECT_FALSE(coupons::audit(db(), code).has_value());
    }
    for (auto const id : {std::int64_t{0},
                          std::int64_t{-1},
                          std::numeric_limits<std::int64_t>::max(),
                          std::numeric_limits<std::int64_t>::min()}) {
        EXPECT_TRUE(is<coupons::member_not_found>(issue(db(), "ONE", id)));
        EXPECT_FALSE(coupons::find_member(db(), id).has_value());
    }
}

TEST_P(B4, TheLargestAmountsGoThrough)
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    auto const made = coupons::create_coupon(db(),
                                             {
                                                 .code = std::string(64, '~'),
                                                 .name = std::string(200, 'x'),
                                                 .discount_amount = most,
                                                 .total_quantity = most,
                                             });
    ASSERT_EQ(made.index(), 0u);
    auto const result = issue(db(), std::string(64, '~'), make_member(db()));
    EXPECT_EQ(std::get<coupons::issued>(result).discount_amount, most);
    expect_issued(db(), std::string(64, '~'), 1);
}

TEST_P(B4, AStrategyOfAnotherEngineIsRefusedByName)
{
    auto const how = coupons::strategy::insert_first;
    make_coupon(db(), "ONE", 1);
    if (coupons::is_offered(how, db())) {
        EXPECT_EQ(issue(db(), "ONE", make_member(db()), {.how = how}).index(), 0u);
        expect_issued(db(), "ONE", 1);
        return;
    }
    try {
        (void)issue(db(), "ONE", make_member(db()), {.how = how});
        FAIL() << "it was not refused";
    } catch (error const& refused) {
        EXPECT_EQ(refused.code(), errc::unsupported);
        EXPECT_NE(std::string_view(refused.what()).find("insert_first"), std::string_view::npos);
    }
    expect_issued(db(), "ONE", 0);
}

TEST_P(B4, WithASingleAttemptTheLoserIsToldSo)
{
    auto const id = make_coupon(db(), "ONE", 5).id;
    auto const member = make_member(db());
    auto const result = issue(db(),
                              "ONE",
                              member,
                              {
                                  .retry = retry_presets::once,
                                  .between =
                                      [&] {
                                          as_another_client([&] {
                                              db().transact([&](unit_of_work& work) {
                                                  work.load<coupons::coupon>(id).name = "Changed";
                                              });
                                          });
                                      },
                              });
    ASSERT_TRUE(is<coupons::issuing_failed>(result));
    EXPECT_EQ(std::get<coupons::issuing_failed>(result).attempts, 1);
    EXPECT_EQ(std::get<coupons::issuing_failed>(result).last, errc::stale_version);
    expect_issued(db(), "ONE", 0);
}

// The stock runs out between reading and taking: a refusal, not a failure, and nothing is taken.
TEST_P(B4, TheLastOneIsIssuedOnceAndTheOtherIsToldSoldOut)
{
    for (auto const how : {coupons::strategy::optimistic, coupons::strategy::conditional}) {
        SCOPED_TRACE(name_of(how));
        auto const code = std::string(name_of(how));
        make_coupon(db(), code, 1);
        auto const mine = make_member(db());
        auto const theirs = make_member(db());
        auto const result =
            issue(db(), code, mine, {.how = how, .between = only_once([&] {
                                                     EXPECT_TRUE(as_another_client([&] {
                                                         return is<coupons::issued>(
                                                             issue(db(), code, theirs));
                                                     }));
                                                 })});
        EXPECT_TRUE(is<coupons::sold_out>(result));
        expect_issued(db(), code, 1);
    }
}

TIEBREAK_ON_SHARED_ENGINES(B4);

}  // namespace

}  // namespace tiebreak::test
