// One key at several servers, one of which dies in the middle: one effect, and one body among the
// final answers.
#include <tiebreak/redis.hpp>

#include "service/api_test.hpp"
#include "service/listening_process.hpp"
#include "service/payments/payment_client.hpp"
#include "support/redis_server.hpp"
#include "systems/coupons/coupons.hpp"
#include "systems/tickets/entities.hpp"

#include <deque>
#include <future>
#include <set>
#include <thread>

namespace tiebreak::test {

namespace {

namespace coupons = systems::coupons;
namespace tickets = systems::tickets;

constexpr int servers_count = 4;

class RepeatsAtServers : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        fresh().allow_leftovers();
    }

    void start_servers(std::vector<std::string> const& flags = {})
    {
        for (int i = 0; i < servers_count; ++i)
            servers_.emplace_back("serve", fresh().url(), flags);
    }

    [[nodiscard]] listening_process& server(int which)
    {
        return servers_.at(static_cast<std::size_t>(which % servers_count));
    }

    // As a client does: while nobody answers, or the answer is not final, it sends again, to the
    // next server.
    [[nodiscard]] api_response
    until_final(int first, std::string const& path, std::string const& body, std::string const& key)
    {
        for (int i = first;; ++i) {
            try {
                auto answer =
                    test::ask(server(i).port(), "POST", path, body, {{"Idempotency-Key", key}});
                if (answer.status() < 500 && answer.slug() != "in-progress")
                    return answer;
            } catch (std::exception const&) {
                std::this_thread::yield();  // that server is gone
            }
        }
    }

    // So many clients at once, each sending a part of the requests; the bodies they ended with.
    [[nodiscard]] std::set<std::string> send_many(int requests,
                                                  std::string const& path,
                                                  std::string const& body,
                                                  std::string const& key,
                                                  int expected_status)
    {
        constexpr int clients = 8;
        std::vector<std::future<std::set<std::string>>> sending;
        for (int client = 0; client < clients; ++client)
            sending.push_back(std::async(std::launch::async, [&, client] {
                std::set<std::string> bodies;
                for (int i = client; i < requests; i += clients) {
                    auto const answer = until_final(i, path, body, key);
                    EXPECT_EQ(answer.status(), expected_status) << answer.raw.body;
                    bodies.insert(answer.raw.body);
                }
                return bodies;
            }));
        std::set<std::string> all;
        for (auto& one : sending)
            all.merge(one.get());
        return all;
    }

    [[nodiscard]] std::int64_t new_member()
    {
        return test::ask(server(0).port(), "POST", "/v1/members", R"({"name":"Ada"})")
            .integer("id");
    }

    // The body of an approval of a new order of 1,000.
    [[nodiscard]] std::string new_approval(std::string const& payment_key)
    {
        auto const made = test::ask(server(0).port(),
                                    "POST",
                                    "/v1/orders",
                                    R"({"member_id":)" + std::to_string(new_member()) +
                                        R"(,"lines":[{"numbers":[1,2,3,4,5,6]}]})");
        return R"({"lotto_publish_id":)" + std::to_string(made.integer("lotto_publish_id")) +
               R"(,"order_id":)" + std::to_string(made.integer("order_id")) +
               R"(,"payment_key":")" + payment_key + R"(","amount":1000})";
    }

    [[nodiscard]] std::string books() const
    {
        return "sqlite:" + folder_.file("provider.db") + "?synchronous=normal";
    }

    [[nodiscard]] std::int64_t count_of(tickets::order_status status)
    {
        return repository<tickets::order>(db())
            .select()
            .where(field<&tickets::order::status> == status)
            .count();
    }

private:
    temporary_folder folder_;
    std::deque<listening_process> servers_;
};

TIEBREAK_ON_SHARED_ENGINES(RepeatsAtServers);

TEST_P(RepeatsAtServers, TwoHundredAreOneEffectAndOneBody)
{
    start_servers();
    static_cast<void>(
        test::ask(server(0).port(),
                  "POST",
                  "/v1/coupons",
                  R"({"code":"C","name":"ten off","discount_amount":10,"total_quantity":500})"));
    auto const body = R"({"member_id":)" + std::to_string(new_member()) + "}";
    EXPECT_EQ(send_many(200, "/v1/coupons/C/issues", body, "k", 201).size(), 1U);
    EXPECT_EQ(coupons::audit(db(), "C")->rows, 1);
    EXPECT_EQ(coupons::audit(db(), "C")->issued_quantity, 1);
}

TEST_P(RepeatsAtServers, GetTheTrueResultOfAPaymentWhoseServerWasKilled)
{
    listening_process const provider("payments", books(), {"--latency-ms", "300..300"});
    start_servers({"--payments", provider.url(), "--recover-after", "2"});
    auto const body = new_approval("p");
    auto cut_off = std::async(std::launch::async, [&] {
        try {
            return test::ask(
                       server(1).port(), "POST", "/v1/tickets", body, {{"Idempotency-Key", "k"}})
                .status();
        } catch (std::exception const&) {
            return 0;
        }
    });
    service::payments::payment_client paid(provider.url());
    while (paid.find("p").value().calls == 0)
        std::this_thread::yield();
    auto const other = test::ask(server(2).port(),
                                 "POST",
                                 "/v1/tickets",
                                 R"({"lotto_publish_id":1,"order_id":1,)"
                                 R"("payment_key":"p","amount":7})",
                                 {{"Idempotency-Key", "k"}});
    EXPECT_EQ(other.slug(), "key-reused") << "even while it is in progress";
    server(1).kill();
    EXPECT_EQ(cut_off.get(), 0);
    EXPECT_EQ(send_many(40, "/v1/tickets", body, "k", 200).size(), 1U);
    EXPECT_EQ(paid.find("p")->charges, 1);
    EXPECT_EQ(paid.find("p")->standing(), 1);
    EXPECT_EQ(count_of(tickets::order_status::complete), 1);
}

TEST_P(RepeatsAtServers, AreOneChargeWhenRedisIsFlushedAndKilledInTheMiddle)
{
    TIEBREAK_NEEDS_REDIS();
    redis_server cache;
    listening_process const provider("payments", books(), {"--latency-ms", "100..100"});
    start_servers({"--payments",
                   provider.url(),
                   "--redis",
                   cache.url(),
                   "--ticket-strategy",
                   "idempotency_redis"});
    auto const body = new_approval("p");
    auto sending = std::async(std::launch::async,
                              [&] { return send_many(40, "/v1/tickets", body, "k", 200); });
    service::payments::payment_client paid(provider.url());
    while (paid.find("p").value().calls == 0)
        std::this_thread::yield();
    cache.command({"FLUSHALL"});
    cache.kill();
    EXPECT_EQ(sending.get().size(), 1U);
    EXPECT_EQ(paid.find("p")->charges, 1);
    EXPECT_EQ(count_of(tickets::order_status::complete), 1);
}

}  // namespace

}  // namespace tiebreak::test
