// The stand-in payment provider: what it counts, and how it misbehaves on request.
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "systems/tickets/chance.hpp"
#include "systems/tickets/stand_in_provider.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

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

TEST_F(StandInProvider, ChargesOncePerCallWithoutAnIdempotencyKey)
{
    stand_in_provider provider(url());
    auto const first = provider.charge(anew("k"));
    auto const second = provider.charge(anew("k"));
    EXPECT_EQ(first.outcome, charge_outcome::approved);
    EXPECT_NE(first.charge_id, second.charge_id);
    auto const record = provider.find("k").value();
    EXPECT_EQ(record.calls, 2);
    EXPECT_EQ(record.standing(), 2);
    EXPECT_EQ(record.charge_id, first.charge_id);
}

TEST_F(StandInProvider, ChargesOncePerIdempotencyKey)
{
    stand_in_provider provider(url());
    auto const first = provider.charge(once("k"));
    auto const second = provider.charge(once("k"));
    EXPECT_EQ(second.outcome, charge_outcome::approved);
    EXPECT_EQ(first.charge_id, second.charge_id);
    auto const record = provider.find("k").value();
    EXPECT_EQ(record.state, payment_state::charged);
    EXPECT_EQ(record.calls, 2);
    EXPECT_EQ(record.charges, 1);
}

TEST_F(StandInProvider, DeclinesAnIdempotencyKeyThatComesWithAnotherAmount)
{
    stand_in_provider provider(url());
    EXPECT_EQ(provider.charge(once("k", 1'000)).outcome, charge_outcome::approved);
    EXPECT_EQ(provider.charge(once("k", 2'000)).outcome, charge_outcome::declined);
    EXPECT_EQ(provider.find("k")->standing(), 1);
}

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

TEST_F(StandInProvider, RemembersADecline)
{
    EXPECT_EQ(stand_in_provider(url(), {.decline_rate = 1}).charge(once("k")).outcome,
              charge_outcome::declined);
    stand_in_provider kinder(url());
    EXPECT_EQ(kinder.charge(once("k")).outcome, charge_outcome::declined);
    EXPECT_EQ(kinder.find("k")->state, payment_state::declined);
    EXPECT_EQ(kinder.find("k")->charges, 0);
}

TEST_F(StandInProvider, AnErrorChargesNothingAndIsNotRemembered)
{
    EXPECT_EQ(stand_in_provider(url(), {.error_rate = 1}).charge(once("k")).outcome,
              charge_outcome::error);
    stand_in_provider healthy(url());
    EXPECT_EQ(healthy.find("k")->state, payment_state::unknown);
    EXPECT_EQ(healthy.find("k")->calls, 1);
    EXPECT_EQ(healthy.charge(once("k")).outcome, charge_outcome::approved);
}

TEST_F(StandInProvider, ALostReplyHasDoneItsWork)
{
    stand_in_provider mute(url(), {.drop_reply_rate = 1});
    auto const reply = mute.charge(once("k"));
    EXPECT_EQ(reply.outcome, charge_outcome::no_answer);
    EXPECT_TRUE(reply.charge_id.empty());
    EXPECT_EQ(mute.find("k")->standing(), 1);
}

TEST_F(StandInProvider, CancelRefundsOnceAndIsFinal)
{
    stand_in_provider provider(url());
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

TEST_F(StandInProvider, CancelStopsAChargeThatIsStillOnItsWay)
{
    stand_in_provider provider(url());
    EXPECT_EQ(provider.find("k")->state, payment_state::unknown);
    EXPECT_EQ(provider.cancel("k"), cancel_outcome::cancelled);
    EXPECT_EQ(provider.charge(once("k")).outcome, charge_outcome::declined);
    EXPECT_EQ(provider.find("k")->charges, 0);
}

TEST_F(StandInProvider, TheSameSeedMisbehavesTheSame)
{
    stand_in_options const faulty{
        .seed = 7, .decline_rate = 0.3, .error_rate = 0.3, .drop_reply_rate = 0.3};
    temporary_folder other_folder;
    stand_in_provider one(url(), faulty);
    stand_in_provider other("sqlite:" + other_folder.file("books.db"), faulty);
    std::array<int, 4> seen{};
    for (int i = 0; i < 20; ++i) {
        auto const key = "key-" + std::to_string(i);
        for (int call = 0; call < 3; ++call) {
            auto const outcome = one.charge(once(key)).outcome;
            EXPECT_EQ(outcome, other.charge(once(key)).outcome);
            ++seen[static_cast<std::size_t>(outcome)];
        }
    }
    for (int const count : seen)
        EXPECT_GT(count, 0);
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
