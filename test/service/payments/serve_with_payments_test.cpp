// Servers and the provider as processes of their own: five approvals of an order at once, spread
// over two servers, one of which dies in the middle.
#include "service/api_test.hpp"
#include "service/listening_process.hpp"
#include "service/payments/payment_client.hpp"
#include "systems/tickets/entities.hpp"

#include <future>
#include <thread>

namespace tiebreak::test {

namespace {

namespace tickets = systems::tickets;
using service::payments::payment_client;
using tickets::order_status;

class ServedPayments : public engine_test {
protected:
    [[nodiscard]] std::string books() const
    {
        return "sqlite:" + folder_.file("provider.db") + "?synchronous=normal";
    }

    // The body of an approval of a new order.
    [[nodiscard]] static std::string make_order(std::uint16_t server, std::string const& key)
    {
        auto const member =
            test::ask(server, "POST", "/v1/members", R"({"name":"Ada"})").integer("id");
        auto const made = test::ask(server,
                                    "POST",
                                    "/v1/orders",
                                    R"({"member_id":)" + std::to_string(member) +
                                        R"(,"lines":[{"numbers":[4,8,15,16,23,42]}]})");
        return R"({"lotto_publish_id":)" + std::to_string(made.integer("lotto_publish_id")) +
               R"(,"order_id":)" + std::to_string(made.integer("order_id")) +
               R"(,"payment_key":")" + key + R"(","amount":1000})";
    }

    // The status; 0 when there was no answer.
    [[nodiscard]] static int approve(std::uint16_t server, std::string const& body)
    {
        try {
            return test::ask(server, "POST", "/v1/tickets", body).status();
        } catch (std::exception const&) {
            return 0;
        }
    }

    std::int64_t count_of(order_status status)
    {
        return repository<tickets::order>(db())
            .select()
            .where(field<&tickets::order::status> == status)
            .count();
    }

private:
    temporary_folder folder_;
};

TIEBREAK_ON_SHARED_ENGINES(ServedPayments);

TEST_P(ServedPayments, OfFiveApprovalsAtTwoServersOneIsPaidByOneCall)
{
    listening_process const provider("payments", books(), {"--latency-ms", "20..40"});
    listening_process const one("serve", fresh().url(), {"--payments", provider.url()});
    listening_process const two("serve", fresh().url(), {"--payments", provider.url()});
    payment_client books_of(provider.url());
    for (int i = 0; i < 5; ++i) {
        auto const key = "key-" + std::to_string(i);
        auto const body = make_order(one.port(), key);
        std::vector<std::future<int>> told;
        for (int rival = 0; rival < 5; ++rival)
            told.push_back(std::async(std::launch::async, [&, rival] {
                return approve(rival % 2 == 0 ? one.port() : two.port(), body);
            }));
        int paid = 0;
        for (auto& each : told) {
            auto const status = each.get();
            EXPECT_TRUE(status == 200 || status == 409) << status;
            paid += status == 200 ? 1 : 0;
        }
        EXPECT_EQ(paid, 1);
        auto const record = books_of.find(key).value();
        EXPECT_EQ(record.calls, 1);
        EXPECT_EQ(record.standing(), 1);
    }
    EXPECT_EQ(count_of(order_status::complete), 5);
}

// The first dies while the provider is charging; the second finishes what it left.
TEST_P(ServedPayments, WhatAKilledServerLeftPendingIsFinishedByAnother)
{
    listening_process const provider("payments", books(), {"--latency-ms", "1600..1600"});
    std::vector<std::string> const flags{"--payments", provider.url(), "--recover-after", "3"};
    listening_process one("serve", fresh().url(), flags);
    listening_process const two("serve", fresh().url(), flags);
    auto const body = make_order(two.port(), "k");
    auto told = std::async(std::launch::async, [&] { return approve(one.port(), body); });
    payment_client books_of(provider.url());
    while (books_of.find("k").value().calls == 0)
        std::this_thread::yield();
    one.kill();
    EXPECT_EQ(told.get(), 0);
    while (count_of(order_status::pending) > 0)
        std::this_thread::yield();
    EXPECT_EQ(count_of(order_status::complete), 1);
    auto const record = books_of.find("k").value();
    EXPECT_EQ(record.charges, 1);
    EXPECT_EQ(record.standing(), 1);
    EXPECT_EQ(approve(two.port(), body), 409);
    fresh().allow_leftovers();
}

TEST_P(ServedPayments, WithoutTheProviderNothingIsTakenAndTheOrderWaits)
{
    listening_process provider("payments", books());
    listening_process const server("serve", fresh().url(), {"--payments", provider.url()});
    auto const body = make_order(server.port(), "k");
    provider.kill();
    EXPECT_EQ(approve(server.port(), body), 502);
    EXPECT_EQ(count_of(order_status::waiting), 1);
    provider.start_again();
    EXPECT_EQ(approve(server.port(), body), 200);
    EXPECT_EQ(payment_client(provider.url()).find("k")->standing(), 1);
}

}  // namespace

}  // namespace tiebreak::test
