// Orders and the approval of their payment over HTTP.
#include "service/api_test.hpp"
#include "systems/tickets/audit.hpp"

#include <future>

namespace tiebreak::test {

namespace {

class TicketsOverHttp : public api_test {
protected:
    [[nodiscard]] api_response order()
    {
        return ask("POST",
                   "/v1/orders",
                   R"({"member_id":)" + std::to_string(new_member()) +
                       R"(,"lines":[{"numbers":[4,8,15,16,23,42]},{"numbers":[1,2,3,4,5,6]}]})");
    }

    [[nodiscard]] static std::string
    approval_of(api_response const& order, std::string const& key, std::int64_t amount)
    {
        return boost::json::serialize(
            boost::json::object{{"lotto_publish_id", order.integer("lotto_publish_id")},
                                {"order_id", order.integer("order_id")},
                                {"payment_key", key},
                                {"amount", amount}});
    }

    [[nodiscard]] std::string status_of(api_response const& order)
    {
        return ask("GET", "/v1/orders/" + std::to_string(order.integer("order_id"))).text("status");
    }
};

TEST_P(TicketsOverHttp, AnOrderIsPaidOnceAndTheNextIsTold)
{
    auto const made = order();
    EXPECT_EQ(made.status(), 201);
    EXPECT_EQ(made.integer("amount"), 2'000);
    EXPECT_EQ(made.text("status"), "WAITING");
    auto const paid = ask("POST", "/v1/tickets", approval_of(made, "p", 2'000));
    EXPECT_EQ(paid.status(), 200);
    EXPECT_EQ(paid.text("status"), "COMPLETE");
    EXPECT_EQ(paid.integer("amount"), 2'000);
    auto const again = ask("POST", "/v1/tickets", approval_of(made, "p", 2'000));
    EXPECT_EQ(again.status(), 409);
    EXPECT_EQ(again.slug(), "already-processed");
    EXPECT_EQ(again.integer("bill_id"), paid.integer("bill_id"));
    EXPECT_EQ(status_of(made), "COMPLETE");
    EXPECT_EQ(payments().find("p")->standing(), 1);
}

TEST_P(TicketsOverHttp, OfFiveApprovalsAtOnceOneIsPaid)
{
    using systems::tickets::strategy;
    for (auto const how : {strategy::conditional,
                           strategy::optimistic,
                           strategy::unique_claim,
                           strategy::pessimistic,
                           strategy::pessimistic_where}) {
        stop();
        app().decide.tickets = how;
        auto const made = order();
        auto const key = "five-" + std::string{name_of(how)};
        auto const body = approval_of(made, key, 2'000);
        auto const at = port();
        std::vector<std::future<int>> told;
        for (int i = 0; i < 5; ++i)
            told.push_back(std::async(std::launch::async, [at, &body] {
                return test::ask(at, "POST", "/v1/tickets", body).status();
            }));
        int approved = 0;
        for (auto& each : told) {
            auto const status = each.get();
            EXPECT_TRUE(status == 200 || status == 409) << status << " with " << name_of(how);
            approved += status == 200 ? 1 : 0;
        }
        EXPECT_EQ(approved, 1) << name_of(how);
        EXPECT_EQ(status_of(made), "COMPLETE");
        EXPECT_EQ(payments().find(key)->charges, 1);
    }
}

TEST_P(TicketsOverHttp, WhatDoesNotFitChargesNothing)
{
    auto const made = order();
    auto const wrong = ask("POST", "/v1/tickets", approval_of(made, "p", 1));
    EXPECT_EQ(wrong.status(), 422);
    EXPECT_EQ(wrong.slug(), "amount-mismatch");
    EXPECT_EQ(wrong.integer("expected_amount"), 2'000);
    EXPECT_EQ(ask("POST",
                  "/v1/tickets",
                  R"({"lotto_publish_id":1,"order_id":99,"payment_key":"p","amount":2000})")
                  .slug(),
              "order-not-found");
    EXPECT_EQ(ask("POST",
                  "/v1/tickets",
                  R"({"lotto_publish_id":1,"order_id":1,"payment_key":"","amount":2000})")
                  .slug(),
              "invalid-request");
    EXPECT_EQ(status_of(made), "WAITING");
    EXPECT_EQ(payments().find("p")->calls, 0);
}

TEST_P(TicketsOverHttp, LinesThatCannotBeSoldAreNamed)
{
    auto const member = std::to_string(new_member());
    auto const refused =
        ask("POST",
            "/v1/orders",
            R"({"member_id":)" + member +
                R"(,"lines":[{"numbers":[1,2,3,4,5,6]},{"numbers":[1,2,3,4,5,46]}]})");
    EXPECT_EQ(refused.status(), 422);
    EXPECT_EQ(refused.slug(), "invalid-order");
    EXPECT_EQ(refused.integer("line"), 2);
    EXPECT_EQ(ask("POST", "/v1/orders", R"({"member_id":)" + member + R"(,"lines":[]})").slug(),
              "invalid-order");
    EXPECT_EQ(ask("POST", "/v1/orders", R"({"member_id":999,"lines":[{"numbers":[1,2,3,4,5,6]}]})")
                  .slug(),
              "member-not-found");
    EXPECT_EQ(repository<systems::tickets::order>(db()).select().count(), 0);
}

TEST_P(TicketsOverHttp, ADeclinedPaymentLeavesTheOrderWaiting)
{
    systems::tickets::stand_in_provider declining("sqlite::memory:", {.decline_rate = 1});
    app().payments = &declining;
    auto const made = order();
    auto const refused = ask("POST", "/v1/tickets", approval_of(made, "p", 2'000));
    EXPECT_EQ(refused.status(), 402);
    EXPECT_EQ(refused.slug(), "payment-declined");
    EXPECT_EQ(status_of(made), "WAITING");
    EXPECT_EQ(declining.find("p")->charges, 0);
    stop();
}

TEST_P(TicketsOverHttp, AnAnswerOfTheProviderThatIsLostIsSaidToBeUnknown)
{
    systems::tickets::stand_in_provider losing("sqlite::memory:", {.drop_reply_rate = 1});
    app().payments = &losing;
    auto const made = order();
    auto const told = ask("POST", "/v1/tickets", approval_of(made, "p", 2'000));
    EXPECT_EQ(told.status(), 502);
    EXPECT_EQ(told.slug(), "payment-unavailable");
    EXPECT_FALSE(told.json.at("outcome_known").as_bool());
    EXPECT_EQ(status_of(made), "PENDING");
    EXPECT_EQ(ask("POST", "/v1/tickets", approval_of(made, "p", 2'000)).slug(), "in-progress");
    static_cast<void>(systems::tickets::recover(db(), losing, {.older_than = {}}));
    EXPECT_EQ(status_of(made), "COMPLETE");
    EXPECT_EQ(losing.find("p")->standing(), 1);
    stop();
}

TIEBREAK_ON_ALL_ENGINES(TicketsOverHttp);

}  // namespace

}  // namespace tiebreak::test
