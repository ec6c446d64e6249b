// `tiebreak payments` from outside: what it prints, what it answers, how it ends, and that its
// counts are right after it was killed.
#include "service/listening_process.hpp"
#include "service/payments/payment_client.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace tiebreak::test {

namespace {

using namespace systems::tickets;
using service::payments::payment_client;
using std::chrono::milliseconds;
using std::chrono::seconds;

class PaymentsCommand : public testing::Test {
protected:
    [[nodiscard]] std::string books() const
    {
        return "sqlite:" + folder_.file("books.db") + "?synchronous=normal";
    }

private:
    temporary_folder folder_;
};

charge_request once(std::string const& key)
{
    return {key, 1, 1'000, key};
}

TEST_F(PaymentsCommand, ListensAtAFreePortCountsAndEndsInOrder)
{
    listening_process process("payments", books());
    payment_client pay(process.url());
    EXPECT_EQ(pay.charge(once("k")).outcome, charge_outcome::approved);
    EXPECT_EQ(pay.charge({"each", 1, 1'000}).outcome, charge_outcome::approved);
    EXPECT_EQ(pay.charge({"each", 1, 1'000}).outcome, charge_outcome::approved);
    EXPECT_EQ(pay.find("k")->charges, 1);
    EXPECT_EQ(pay.find("each")->charges, 2);
    EXPECT_EQ(process.end(), 0);
}

TEST_F(PaymentsCommand, ADroppedReplyHasTakenTheMoneyAndTheRepeatLearnsIt)
{
    listening_process process("payments", books(), {"--drop-reply-rate", "1"});
    payment_client pay(process.url(), {.attempts_max = 3, .pause = milliseconds{1}});
    EXPECT_EQ(pay.charge(once("k")).outcome, charge_outcome::no_answer);
    EXPECT_EQ(pay.find("k")->charges, 1);
    EXPECT_GE(pay.find("k")->calls, 3);
    EXPECT_EQ(process.end(), 0);
    process.start_again();
    EXPECT_EQ(pay.charge(once("k")).outcome, charge_outcome::approved);
    EXPECT_EQ(pay.find("k")->charges, 1);
}

TEST_F(PaymentsCommand, RepeatsGetThroughRepliesThatAreLostAndErrors)
{
    listening_process const process(
        "payments", books(), {"--drop-reply-rate", "0.4", "--error-rate", "0.3", "--seed", "3"});
    payment_client pay(process.url(),
                       {.call_time = seconds{60}, .attempts_max = 30, .pause = milliseconds{1}});
    for (int i = 0; i < 40; ++i) {
        auto const key = "key-" + std::to_string(i);
        EXPECT_EQ(pay.charge(once(key)).outcome, charge_outcome::approved);
        EXPECT_EQ(pay.find(key)->charges, 1);
    }
}

TEST_F(PaymentsCommand, ALateReplyIsNoAnswerAndTheMoneyMayHaveBeenTaken)
{
    listening_process const process("payments", books(), {"--latency-ms", "600..600"});
    payment_client hasty(process.url(), {.attempt_time = milliseconds{50}, .attempts_max = 1});
    EXPECT_EQ(hasty.charge(once("k")).outcome, charge_outcome::no_answer);
    payment_client patient(process.url());
    EXPECT_EQ(patient.charge(once("k")).outcome, charge_outcome::approved);
    EXPECT_EQ(patient.find("k")->charges, 1);
}

// Clients repeat while the provider is killed again and again: each key is charged once, and what
// was approved is in the books.
TEST_F(PaymentsCommand, CountsStayRightWhenItIsKilledInTheMiddle)
{
    listening_process process("payments", books());
    payment_client pay(process.url(),
                       {.call_time = seconds{60},
                        .attempts_max = 100,
                        .pause = milliseconds{5},
                        .pause_max = milliseconds{50}});
    constexpr int keys = 60;
    constexpr int kills = 3;
    std::atomic<int> done{0};
    std::vector<std::future<void>> clients;
    for (int client = 0; client < 3; ++client) {
        clients.push_back(std::async(std::launch::async, [&] {
            for (int i = 0; i < keys; ++i) {
                EXPECT_EQ(pay.charge(once("key-" + std::to_string(i))).outcome,
                          charge_outcome::approved);
                ++done;
            }
        }));
    }
    for (int kill = 1; kill <= kills; ++kill) {
        while (done < kill * keys * 3 / (kills + 1))
            std::this_thread::yield();
        process.kill();
        process.start_again();
    }
    for (auto& one : clients)
        one.get();
    for (int i = 0; i < keys; ++i) {
        auto const record = pay.find("key-" + std::to_string(i)).value();
        EXPECT_EQ(record.charges, 1);
        EXPECT_EQ(record.refunds, 0);
        EXPECT_GE(record.calls, 3);
    }
}

TEST_F(PaymentsCommand, ARefundHappensOnceThoughItIsKilledInTheMiddle)
{
    listening_process process("payments", books());
    payment_client pay(process.url(),
                       {.call_time = seconds{60},
                        .attempts_max = 100,
                        .pause = milliseconds{5},
                        .pause_max = milliseconds{50}});
    constexpr int keys = 40;
    for (int i = 0; i < keys; ++i)
        EXPECT_EQ(pay.charge(once("key-" + std::to_string(i))).outcome, charge_outcome::approved);
    std::atomic<int> done{0};
    std::vector<std::future<void>> clients;
    for (int client = 0; client < 2; ++client) {
        clients.push_back(std::async(std::launch::async, [&] {
            for (int i = 0; i < keys; ++i) {
                EXPECT_EQ(pay.cancel("key-" + std::to_string(i)), cancel_outcome::cancelled);
                ++done;
            }
        }));
    }
    while (done < keys)
        std::this_thread::yield();
    process.kill();
    process.start_again();
    for (auto& one : clients)
        one.get();
    for (int i = 0; i < keys; ++i) {
        auto const record = pay.find("key-" + std::to_string(i)).value();
        EXPECT_EQ(record.charges, 1);
        EXPECT_EQ(record.refunds, 1);
        EXPECT_EQ(record.state, payment_state::cancelled);
    }
}

TEST_F(PaymentsCommand, ATermSignalLetsTheCallAtHandEnd)
{
    listening_process process("payments", books(), {"--latency-ms", "400..400"});
    payment_client pay(process.url(), {.attempts_max = 1});
    auto charging = std::async(std::launch::async, [&] { return pay.charge(once("k")).outcome; });
    payment_client watching(process.url());
    while (watching.find("k")->calls == 0)  // half of the latency is over, half is to come
        std::this_thread::yield();
    EXPECT_EQ(process.end(), 0);
    EXPECT_EQ(charging.get(), charge_outcome::approved);
}

}  // namespace

}  // namespace tiebreak::test
