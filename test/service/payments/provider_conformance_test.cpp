// What every payment provider must keep to, whatever is between it and its caller: one suite, run
// on the stand-in in this process and on the stand-in behind HTTP.
#include "service/http/server.hpp"
#include "service/payments/payment_client.hpp"
#include "service/payments/payment_routes.hpp"
#include "support/temporary_folder.hpp"
#include "systems/tickets/stand_in_provider.hpp"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <limits>
#include <memory>
#include <vector>

namespace tiebreak::test {

namespace {

using namespace systems::tickets;

// A provider and what it needs to be reached.
class reached_provider {
public:
    virtual ~reached_provider() = default;
    virtual payment_provider& operator*() = 0;
};

class reached_in_process final : public reached_provider {
public:
    reached_in_process(std::string const& books, stand_in_options const& with) : one_(books, with)
    {
    }

    payment_provider& operator*() override { return one_; }

private:
    stand_in_provider one_;
};

service::http::router routes_to(stand_in_provider& provider)
{
    service::http::router routes;
    service::payments::add_payment_routes(routes, provider);
    return routes;
}

// One attempt for each call, so that calls can be counted.
class reached_over_http final : public reached_provider {
public:
    reached_over_http(std::string const& books, stand_in_options const& with)
        : one_(books, with),
          server_(routes_to(one_), {}),
          client_("http://127.0.0.1:" + std::to_string(server_.port()),
                  {.attempt_time = std::chrono::seconds{30},
                   .call_time = std::chrono::seconds{60},
                   .attempts_max = 1})
    {
    }

    payment_provider& operator*() override { return client_; }

private:
    stand_in_provider one_;
    service::http::server server_;
    service::payments::payment_client client_;
};

struct way {
    char const* name;
    std::unique_ptr<reached_provider> (*reach)(std::string const& books, stand_in_options const&);
};

void PrintTo(way const& one, std::ostream* out)
{
    *out << one.name;
}

template <class Reached>
std::unique_ptr<reached_provider> reach(std::string const& books, stand_in_options const& with)
{
    return std::make_unique<Reached>(books, with);
}

class PaymentProvider : public testing::TestWithParam<way> {
protected:
    // The same books for all of a test.
    [[nodiscard]] std::unique_ptr<reached_provider> open(stand_in_options const& with = {}) const
    {
        return GetParam().reach("sqlite:" + folder_.file("books.db") + "?synchronous=normal", with);
    }

    static charge_request once(std::string_view key, std::int64_t amount = 1'000)
    {
        return {key, 1, amount, key};
    }

    static charge_request anew(std::string_view key) { return {key, 1, 1'000}; }

private:
    temporary_folder folder_;
};

INSTANTIATE_TEST_SUITE_P(ways,
                         PaymentProvider,
                         testing::Values(way{"in_process", &reach<reached_in_process>},
                                         way{"over_http", &reach<reached_over_http>}),
                         [](auto const& one) { return std::string{one.param.name}; });

TEST_P(PaymentProvider, ChargesOncePerCallWithoutAnIdempotencyKey)
{
    auto const reached = open();
    auto& provider = **reached;
    auto const first = provider.charge(anew("k"));
    auto const second = provider.charge(anew("k"));
    EXPECT_EQ(first.outcome, charge_outcome::approved);
    EXPECT_NE(first.charge_id, second.charge_id);
    auto const record = provider.find("k").value();
    EXPECT_EQ(record.calls, 2);
    EXPECT_EQ(record.standing(), 2);
    EXPECT_EQ(record.charge_id, first.charge_id);
}

TEST_P(PaymentProvider, ChargesOncePerIdempotencyKey)
{
    auto const reached = open();
    auto& provider = **reached;
    auto const first = provider.charge(once("k"));
    auto const second = provider.charge(once("k"));
    EXPECT_EQ(second.outcome, charge_outcome::approved);
    EXPECT_EQ(first.charge_id, second.charge_id);
    auto const record = provider.find("k").value();
    EXPECT_EQ(record.state, payment_state::charged);
    EXPECT_EQ(record.calls, 2);
    EXPECT_EQ(record.charges, 1);
}

TEST_P(PaymentProvider, ChargesOncePerIdempotencyKeyForManyAtOnce)
{
    auto const reached = open();
    auto& provider = **reached;
    std::vector<std::future<charge_reply>> calls;
    for (int i = 0; i < 8; ++i)
        calls.push_back(std::async(std::launch::async, [&] { return provider.charge(once("k")); }));
    auto const first = calls.front().get();
    EXPECT_EQ(first.outcome, charge_outcome::approved);
    for (std::size_t i = 1; i < calls.size(); ++i)
        EXPECT_EQ(calls[i].get().charge_id, first.charge_id);
    EXPECT_EQ(provider.find("k")->calls, 8);
    EXPECT_EQ(provider.find("k")->charges, 1);
}

TEST_P(PaymentProvider, DeclinesAnIdempotencyKeyThatComesWithAnotherAmount)
{
    auto const reached = open();
    auto& provider = **reached;
    EXPECT_EQ(provider.charge(once("k", 1'000)).outcome, charge_outcome::approved);
    EXPECT_EQ(provider.charge(once("k", 2'000)).outcome, charge_outcome::declined);
    EXPECT_EQ(provider.find("k")->standing(), 1);
}

TEST_P(PaymentProvider, RemembersADecline)
{
    EXPECT_EQ((**open({.decline_rate = 1})).charge(once("k")).outcome, charge_outcome::declined);
    auto const kinder = open();
    EXPECT_EQ((**kinder).charge(once("k")).outcome, charge_outcome::declined);
    EXPECT_EQ((**kinder).find("k")->state, payment_state::declined);
    EXPECT_EQ((**kinder).find("k")->charges, 0);
}

TEST_P(PaymentProvider, AnErrorChargesNothingAndIsNotRemembered)
{
    EXPECT_EQ((**open({.error_rate = 1})).charge(once("k")).outcome, charge_outcome::error);
    auto const healthy = open();
    EXPECT_EQ((**healthy).find("k")->state, payment_state::unknown);
    EXPECT_EQ((**healthy).find("k")->calls, 1);
    EXPECT_EQ((**healthy).charge(once("k")).outcome, charge_outcome::approved);
}

TEST_P(PaymentProvider, ALostReplyHasDoneItsWork)
{
    auto const mute = open({.drop_reply_rate = 1});
    auto const reply = (**mute).charge(once("k"));
    EXPECT_EQ(reply.outcome, charge_outcome::no_answer);
    EXPECT_TRUE(reply.charge_id.empty());
    EXPECT_EQ((**mute).find("k")->standing(), 1);
}

TEST_P(PaymentProvider, CancelRefundsOnceAndIsFinal)
{
    auto const reached = open();
    auto& provider = **reached;
    EXPECT_EQ(provider.charge(once("k")).outcome, charge_outcome::approved);
    EXPECT_EQ(provider.cancel("k"), cancel_outcome::cancelled);
    EXPECT_EQ(provider.cancel("k"), cancel_outcome::cancelled);
    auto const record = provider.find("k").value();
    EXPECT_EQ(record.state, payment_state::cancelled);
    EXPECT_EQ(record.charges, 1);
    EXPECT_EQ(record.refunds, 1);
    EXPECT_TRUE(record.charge_id.empty());
    EXPECT_EQ(provider.charge(once("k")).outcome, charge_outcome::declined);
    EXPECT_EQ(provider.charge(anew("k")).outcome, charge_outcome::declined);
    EXPECT_EQ(provider.find("k")->standing(), 0);
}

TEST_P(PaymentProvider, CancelStopsAChargeThatIsStillOnItsWay)
{
    auto const reached = open();
    auto& provider = **reached;
    EXPECT_EQ(provider.find("k")->state, payment_state::unknown);
    EXPECT_EQ(provider.cancel("k"), cancel_outcome::cancelled);
    EXPECT_EQ(provider.charge(once("k")).outcome, charge_outcome::declined);
    EXPECT_EQ(provider.find("k")->charges, 0);
}

TEST_P(PaymentProvider, TakesEveryKeyAndEveryAmount)
{
    auto const reached = open();
    auto& provider = **reached;
    auto const most = std::numeric_limits<std::int64_t>::max();
    for (std::string const& key : {std::string(200, 'k'),
                                   std::string{".."},
                                   std::string{"a/b?c=d#e&f;g%41"},
                                   std::string{" a \"b\"\\\t\r\nc: d "},
                                   std::string{"\xf0\x9f\x8e\x9f \xc3\xbc"}}) {
        EXPECT_EQ(provider.charge(once(key, most)).outcome, charge_outcome::approved) << key;
        EXPECT_EQ(provider.charge(once(key, most)).outcome, charge_outcome::approved) << key;
        EXPECT_EQ(provider.find(key)->charges, 1) << key;
        EXPECT_EQ(provider.cancel(key), cancel_outcome::cancelled) << key;
        EXPECT_EQ(provider.find(key)->refunds, 1) << key;
    }
}

TEST_P(PaymentProvider, TheSameSeedMisbehavesTheSame)
{
    auto const faulty =
        open({.seed = 7, .decline_rate = 0.3, .error_rate = 0.3, .drop_reply_rate = 0.3});
    temporary_folder other_folder;
    stand_in_provider other(
        "sqlite:" + other_folder.file("books.db"),
        {.seed = 7, .decline_rate = 0.3, .error_rate = 0.3, .drop_reply_rate = 0.3});
    std::array<int, 4> seen{};
    for (int i = 0; i < 20; ++i) {
        auto const key = "key-" + std::to_string(i);
        for (int call = 0; call < 3; ++call) {
            auto const outcome = (**faulty).charge(once(key)).outcome;
            EXPECT_EQ(outcome, other.charge(once(key)).outcome);
            ++seen[static_cast<std::size_t>(outcome)];
        }
    }
    for (int const count : seen)
        EXPECT_GT(count, 0);
}

}  // namespace

}  // namespace tiebreak::test
