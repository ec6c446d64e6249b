// What is the stand-in's own: books that several processes share, options, repeatable chance. What
// every provider must keep to is in test/service/payments/provider_conformance_test.cpp.
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "systems/tickets/chance.hpp"
#include "systems/tickets/stand_in_provider.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tiebreak::test {

namespace {

using namespace systems::tickets;

class StandInProvider : public testing::Test {
protected:
    [[nodiscard]] std::string url() const
    {
        return "sqlite:" + folder_.file("books.db") + "?synchronous=normal";
    }

    static charge_request once(std::string_view key, std::int64_t amount = 1'000)
    {
        return {key, 1, amount, key};
    }

    static charge_request anew(std::string_view key) { return {key, 1, 1'000}; }

private:
    temporary_folder folder_;
};

TEST_F(StandInProvider, CountsTheCallsOfAllProcesses)
{
    auto const charge_ten = [&] {
        stand_in_provider provider(url());
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; ++i) {
            threads.emplace_back([&] {
                for (int call = 0; call < 5; ++call) {
                    EXPECT_EQ(provider.charge(once("same")).outcome, charge_outcome::approved);
                    EXPECT_EQ(provider.charge(anew("each")).outcome, charge_outcome::approved);
                }
            });
        }
        return 0;
    };
    std::vector<child_process> children;
    for (int i = 0; i < 4; ++i)
        children.emplace_back(charge_ten);
    for (auto& child : children)
        EXPECT_EQ(child.wait(), 0);
    stand_in_provider provider(url());
    auto const accounts = provider.accounts();
    ASSERT_EQ(accounts.size(), 2U);
    EXPECT_EQ(accounts[0].payment_key, "each");
    EXPECT_EQ(accounts[0].record.calls, 40);
    EXPECT_EQ(accounts[0].record.standing(), 40);
    EXPECT_EQ(accounts[1].payment_key, "same");
    EXPECT_EQ(accounts[1].record.calls, 40);
    EXPECT_EQ(accounts[1].record.standing(), 1);
}

TEST_F(StandInProvider, RefusesImpossibleOptionsByName)
{
    auto const refusal = [&](stand_in_options const& options) -> std::string {
        try {
            stand_in_provider const provider(url(), options);
        } catch (std::invalid_argument const& why) {
            return why.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal({.decline_rate = 1.5}), "decline_rate must be from 0 to 1");
    EXPECT_EQ(refusal({.error_rate = -0.1}), "error_rate must be from 0 to 1");
    EXPECT_EQ(refusal({.drop_reply_rate = std::numeric_limits<double>::quiet_NaN()}),
              "drop_reply_rate must be from 0 to 1");
    EXPECT_EQ(refusal({.latency_min = std::chrono::milliseconds{-1}}),
              "latency_min must be 0 or more");
    EXPECT_EQ(refusal({.latency_min = std::chrono::milliseconds{2}}),
              "latency_max must be at least latency_min");
}

TEST(Chance, IsUniformEnoughAndUnrelatedBetweenPurposes)
{
    int declined = 0;
    int both = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        auto const key = "key-" + std::to_string(i);
        bool const decline = chance(1, chance_purpose::decline, key) < 0.3;
        bool const error = chance(1, chance_purpose::error, key) < 0.3;
        declined += decline ? 1 : 0;
        both += decline && error ? 1 : 0;
    }
    EXPECT_NEAR(declined, 3'000, 150);
    EXPECT_NEAR(both, 900, 100);
}

TEST(Chance, IsTheSameOnEveryMachine)
{
    EXPECT_EQ(splitmix64(0), 0xe220a8397b1dcdafU);  // the first output of the published generator
    EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);     // a published test vector
    EXPECT_NE(chance_bits(1, chance_purpose::decline, "k", 0),
              chance_bits(2, chance_purpose::decline, "k", 0));
}

}  // namespace

}  // namespace tiebreak::test
