// Members and coupons over HTTP.
#include "service/api_test.hpp"
#include "systems/coupons/coupons.hpp"

#include <algorithm>
#include <future>

namespace tiebreak::test {

namespace {

constexpr char const* two_of_it =
    R"({"code":"C","name":"ten off","discount_amount":10,"total_quantity":2})";

class CouponsOverHttp : public api_test {
protected:
    [[nodiscard]] api_response issue(std::int64_t member)
    {
        return ask(
            "POST", "/v1/coupons/C/issues", R"({"member_id":)" + std::to_string(member) + "}");
    }

    [[nodiscard]] systems::coupons::issue_audit rows()
    {
        return systems::coupons::audit(db(), "C").value();
    }
};

TEST_P(CouponsOverHttp, ACouponIsMadeReadAndIssuedUntilItIsSoldOut)
{
    auto const made = ask("POST", "/v1/coupons", two_of_it);
    EXPECT_EQ(made.status(), 201);
    EXPECT_EQ(made.raw.header("Location"), "/v1/coupons/C");
    EXPECT_EQ(made.raw.header("ETag"), "\"1\"");

    auto const first = new_member();
    auto const given = issue(first);
    EXPECT_EQ(given.status(), 201);
    EXPECT_EQ(given.text("coupon_code"), "C");
    EXPECT_EQ(given.text("coupon_name"), "ten off");
    EXPECT_EQ(given.integer("member_id"), first);
    EXPECT_EQ(given.integer("discount_amount"), 10);
    EXPECT_TRUE(given.json.at("expires_at").is_string());

    EXPECT_EQ(issue(first).slug(), "already-issued");
    EXPECT_EQ(issue(new_member()).status(), 201);
    auto const late = issue(new_member());
    EXPECT_EQ(late.status(), 409);
    EXPECT_EQ(late.slug(), "sold-out");

    auto const now = ask("GET", "/v1/coupons/C");
    EXPECT_EQ(now.status(), 200);
    EXPECT_EQ(now.integer("issued_quantity"), 2);
    EXPECT_EQ(now.integer("version"), 3);
    EXPECT_EQ(now.raw.header("ETag"), "\"3\"");
    EXPECT_EQ(rows().rows, 2);
    EXPECT_EQ(rows().lost_updates(), 0);
}

TEST_P(CouponsOverHttp, WhatIsNotThereIsNamed)
{
    static_cast<void>(ask("POST", "/v1/coupons", two_of_it));
    EXPECT_EQ(ask("GET", "/v1/coupons/D").slug(), "coupon-not-found");
    EXPECT_EQ(issue(999).slug(), "member-not-found");
    EXPECT_EQ(
        ask("POST", "/v1/coupons/D/issues", R"({"member_id":)" + std::to_string(new_member()) + "}")
            .slug(),
        "coupon-not-found");
    EXPECT_EQ(ask("PATCH", "/v1/members/999", R"({"status":"CLOSED"})").slug(), "member-not-found");
    EXPECT_EQ(ask("POST", "/v1/coupons", two_of_it).slug(), "already-exists");
    EXPECT_EQ(rows().rows, 0);
}

TEST_P(CouponsOverHttp, AClosedMemberGetsNothing)
{
    static_cast<void>(ask("POST", "/v1/coupons", two_of_it));
    auto const member = new_member();
    auto const closed =
        ask("PATCH", "/v1/members/" + std::to_string(member), R"({"status":"SUSPENDED"})");
    EXPECT_EQ(closed.status(), 200);
    EXPECT_EQ(closed.text("status"), "SUSPENDED");
    EXPECT_EQ(issue(member).slug(), "member-not-found");
    EXPECT_EQ(rows().rows, 0);
}

TEST_P(CouponsOverHttp, OutsideItsWindowACouponIsNotIssuable)
{
    static_cast<void>(
        ask("POST",
            "/v1/coupons",
            R"({"code":"C","name":"old","discount_amount":0,"total_quantity":2,)"
            R"("starts_at":"2001-01-01T00:00:00Z","ends_at":"2001-02-01T00:00:00+01:00"})"));
    auto const refused = issue(new_member());
    EXPECT_EQ(refused.status(), 409);
    EXPECT_EQ(refused.slug(), "not-issuable");
    EXPECT_EQ(refused.text("ends_at"), "2001-01-31T23:00:00.000000Z");
    EXPECT_EQ(rows().rows, 0);
}

TEST_P(CouponsOverHttp, WrongInputIsNamedAndNothingIsWritten)
{
    EXPECT_EQ(ask("POST", "/v1/coupons", R"({"code":"C"})").slug(), "invalid-request");
    EXPECT_EQ(ask("POST", "/v1/coupons", R"({"code":"C","code":"D"})").slug(), "invalid-request");
    EXPECT_EQ(
        ask("POST",
            "/v1/coupons",
            R"({"code":"C","name":"x","discount_amount":9223372036854775808,"total_quantity":1})")
            .slug(),
        "invalid-request");
    EXPECT_EQ(ask("POST",
                  "/v1/coupons",
                  R"({"code":"C","name":"x","discount_amount":1.5,"total_quantity":1})")
                  .slug(),
              "invalid-request");
    EXPECT_EQ(ask("POST", "/v1/members", R"({"name":""})").slug(), "invalid-request");
    EXPECT_EQ(ask("POST", "/v1/members", R"({"name":"a","admin":true})").slug(), "invalid-request");
    EXPECT_EQ(ask("GET", "/v1/coupons/C").status(), 404);
}

TEST_P(CouponsOverHttp, OfManyMembersExactlyTheStockIsServedWithoutAServerError)
{
    static_cast<void>(ask("POST", "/v1/coupons", two_of_it));
    std::vector<std::int64_t> members(8);
    std::ranges::generate(members, [&] { return new_member(); });
    auto const at = port();
    std::vector<std::future<api_response>> answers;
    for (auto const member : members)
        answers.push_back(std::async(std::launch::async, [at, member] {
            return test::ask(at,
                             "POST",
                             "/v1/coupons/C/issues",
                             R"({"member_id":)" + std::to_string(member) + "}");
        }));
    int issued = 0;
    for (auto& each : answers) {
        auto const answer = each.get();
        issued += answer.status() == 201 ? 1 : 0;
        EXPECT_EQ(answer.slug(), answer.status() == 201 ? "" : "sold-out");
    }
    EXPECT_EQ(issued, 2);
    EXPECT_EQ(rows().rows, 2);
    EXPECT_EQ(rows().issued_quantity, 2);
}

TIEBREAK_ON_ALL_ENGINES(CouponsOverHttp);

}  // namespace

}  // namespace tiebreak::test
