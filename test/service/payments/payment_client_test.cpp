// How the client goes about a call: what it sends, when it repeats, what it keeps open, and when
// it may say that surely nothing was taken.
#include "service/payments/scripted_provider.hpp"
#include "service/payments/transport.hpp"
#include "support/captured_log.hpp"

#include <cstdlib>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tiebreak::test {

namespace {

using service::payments::payment_client;
using service::payments::payment_client_options;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tickets::cancel_outcome;
using tickets::charge_outcome;

class PaymentClient : public scripted_provider {};

TEST_F(PaymentClient, SendsThePaymentOnceWithItsIdempotencyKey)
{
    server_.reply({approval()});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::approved);
    auto const sent = server_.requests().at(0);
    EXPECT_TRUE(sent.starts_with("POST /v1/payments HTTP/1.1\r\n")) << sent;
    EXPECT_EQ(header_in(sent, "Idempotency-Key"), "k");
    EXPECT_EQ(header_in(sent, "Content-Type"), "application/json");
    EXPECT_EQ(header_in(sent, "Expect"), "");
    EXPECT_TRUE(sent.ends_with(R"({"payment_key":"k","order_id":7,"amount":1000})")) << sent;
}

TEST_F(PaymentClient, SendsNoIdempotencyKeyForAControlAndNeverRepeatsIt)
{
    server_.reply_always({{}, after_reply::close});
    EXPECT_EQ(client().charge({"k", 7, 1'000}).outcome, charge_outcome::no_answer);
    ASSERT_EQ(server_.requests().size(), 1U);
    EXPECT_EQ(header_in(server_.requests()[0], "Idempotency-Key"), "");
}

// libcurl sends a request again by itself when a connection that it reuses was closed. A call that
// charges each time must not be sent like that.
TEST_F(PaymentClient, AControlIsNotRepeatedOnAConnectionThatDied)
{
    auto pay = client();
    server_.reply({approval()});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    server_.reply({{}, after_reply::close});
    server_.reply({approval()});
    EXPECT_EQ(pay.charge({"k", 7, 1'000}).outcome, charge_outcome::no_answer);
    EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(PaymentClient, AttemptsOnAConnectionThatDiedAreCountedToo)
{
    auto pay = client(2);
    server_.reply({approval()});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    server_.reply_always({{}, after_reply::close});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::no_answer);
    EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(PaymentClient, RepeatsAnUnansweredChargeWithTheSameKeyAndAnIdOfItsOwn)
{
    server_.reply({{}, after_reply::close});
    server_.reply({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", after_reply::close});
    server_.reply({approval()});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::approved);
    std::set<std::string> ids;
    for (auto const& one : server_.requests()) {
        EXPECT_EQ(header_in(one, "Idempotency-Key"), "k");
        ids.insert(header_in(one, "X-Request-Id"));
    }
    EXPECT_EQ(server_.requests().size(), 3U);
    EXPECT_EQ(ids.size(), 3U);
}

TEST_F(PaymentClient, AttemptsAreBounded)
{
    server_.reply_always({{}, after_reply::reset});
    EXPECT_EQ(client(4).charge(wish()).outcome, charge_outcome::no_answer);
    EXPECT_EQ(server_.requests().size(), 4U);
    EXPECT_FALSE(client(2).find("k"));
    EXPECT_EQ(server_.requests().size(), 6U);
    EXPECT_EQ(client(3).cancel("k"), cancel_outcome::no_answer);
    EXPECT_EQ(server_.requests().size(), 9U);
}

// The first attempt may still be on its way, whatever the later ones say.
TEST_F(PaymentClient, OneAttemptInDoubtKeepsTheCallFromBeingAnError)
{
    server_.reply({{}, after_reply::close});
    server_.reply_always({refusal(502, "charge-failed")});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::no_answer);
    EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(PaymentClient, IsInDoubtWhenTheServerEndsAfterAnAttempt)
{
    auto pay = client();
    server_.reply({approval()});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    // The next request travels on the connection that is open; then the server is gone, so that
    // what libcurl and the client try after it is refused.
    auto charging = std::async(std::launch::async, [&] { return pay.charge(wish("other")); });
    server_.reply({{}, after_reply::hold});
    while (server_.requests().size() < 2)
        std::this_thread::yield();
    server_.end();
    EXPECT_EQ(charging.get().outcome, charge_outcome::no_answer);
}

TEST_F(PaymentClient, RefusedAttemptsAloneAreAnError)
{
    server_.reply_always({refusal(502, "charge-failed")});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::error);
    EXPECT_EQ(server_.requests().size(), 3U);
    server_.reply({refusal(502, "charge-failed")});
    server_.reply({approval()});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::approved);
}

TEST_F(PaymentClient, ARefusalForGoodIsNotRepeated)
{
    server_.reply_always({refusal(400, "invalid-request")});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::error);
    EXPECT_FALSE(client().find("k"));
    EXPECT_EQ(client().cancel("k"), cancel_outcome::no_answer);
    EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(PaymentClient, NobodyListeningIsAnErrorBecauseNothingWasSent)
{
    server_.end();
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::error);
    EXPECT_EQ(client().charge({"k", 7, 1'000}).outcome, charge_outcome::error);
    EXPECT_FALSE(client().find("k"));
    EXPECT_EQ(client().cancel("k"), cancel_outcome::no_answer);
}

TEST_F(PaymentClient, AnUnknownHostIsAnError)
{
    payment_client pay("http://provider.invalid", patient_for(seconds{10}, 1));
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::error);
}

TEST_F(PaymentClient, AServerWithoutTlsIsSentNothingOverHttps)
{
    payment_client pay(
        "https://127.0.0.1:" + std::to_string(server_.port()),
        {.connect_time = milliseconds{200}, .attempts_max = 1, .pause = milliseconds{1}});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::error);
    EXPECT_TRUE(server_.requests().empty());
}

TEST_F(PaymentClient, AReplyLaterThanTheLimitIsNoAnswer)
{
    server_.reply_always({{}, after_reply::hold});
    payment_client pay(url(), patient_for(milliseconds{100}, 2));
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::no_answer);
    EXPECT_EQ(server_.requests().size(), 2U);
    server_.reply_always({approval().substr(0, 60), after_reply::hold});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::no_answer);
}

TEST_F(PaymentClient, ACallEndsWhenItsTimeIsUsedUp)
{
    server_.reply_always({{}, after_reply::hold});
    payment_client pay(
        url(), {.attempt_time = seconds{60}, .call_time = milliseconds{200}, .attempts_max = 100});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::no_answer);
    EXPECT_FALSE(pay.find("k"));
}

TEST_F(PaymentClient, APauseThatTheProviderAsksForIsKeptOrTheCallEnds)
{
    auto busy = refusal(503, "overloaded");
    busy.insert(busy.find("\r\n") + 2, "Retry-After: 3600\r\n");
    server_.reply_always({busy});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::error);
    EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(PaymentClient, UsesAConnectionAgain)
{
    server_.reply_always({approval()});
    auto pay = client();
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    EXPECT_EQ(server_.connections(), 1);
}

TEST_F(PaymentClient, LeavesAConnectionWhoseReplyItDidNotUnderstand)
{
    auto pay = client();
    server_.reply(
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"});
    server_.reply({approval()});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    EXPECT_EQ(server_.connections(), 2);
}

// The second copy arrives when the next request is on its way over the same connection.
TEST_F(PaymentClient, AReplyThatComesTwiceIsNotTheAnswerToTheNextRequest)
{
    auto pay = client(1);
    server_.reply({approval()});
    auto twice = refusal(502, "charge-failed");
    twice.replace(twice.find("{id}"), 4, "{previous-id}");
    server_.reply({twice + approval("other")});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    EXPECT_EQ(pay.charge(wish("other")).outcome, charge_outcome::no_answer)
        << "an error would say that surely nothing was taken";
}

TEST_F(PaymentClient, ADoubledReplyIsReadOnce)
{
    auto pay = client();
    server_.reply({approval() + approval()});
    server_.reply({approval("other")});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    auto const next = pay.charge(wish("other"));
    EXPECT_EQ(next.outcome, charge_outcome::approved);
}

TEST_F(PaymentClient, SharesABoundedNumberOfConnections)
{
    server_.reply_always({approval()});
    payment_client pay(url(), {.attempt_time = seconds{30}, .connections_max = 2});
    std::vector<std::future<charge_outcome>> calls;
    for (int i = 0; i < 16; ++i)
        calls.push_back(std::async(std::launch::async, [&] { return pay.charge(wish()).outcome; }));
    for (auto& one : calls)
        EXPECT_EQ(one.get(), charge_outcome::approved);
    EXPECT_LE(server_.connections(), 2);
}

TEST_F(PaymentClient, WithoutAFreeConnectionNothingIsSent)
{
    using service::payments::exchange_end;
    server_.reply_always({{}, after_reply::hold});
    service::payments::transport wire(url(), {.attempt_time = seconds{60}, .connections_max = 1});
    auto const until = [](milliseconds from_now) {
        return std::chrono::steady_clock::now() + from_now;
    };
    auto first = std::async(std::launch::async,
                            [&] { return wire.send({.path = "/"}, until(seconds{60})).end; });
    while (server_.requests().empty())
        std::this_thread::yield();
    EXPECT_EQ(wire.send({.path = "/"}, until(milliseconds{20})).end, exchange_end::not_sent);
    server_.end();
    EXPECT_EQ(first.get(), exchange_end::unanswered);
    EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(PaymentClient, NamesEveryKeySafelyInThePathAndTheHeader)
{
    struct row {
        std::string key;
        char const* path;
        char const* header;
    };

    for (auto const& [key, path, header] :
         {row{"order-1_x~", "order-1_x~", "order-1_x~"},
          row{"a/b?c#d", "a%2Fb%3Fc%23d", "a/b?c#d"},
          row{"..", "%2E%2E", ".."},
          row{"%41", "%2541", "%2541"},
          row{"a b", "a%20b", "a%20b"},
          row{"x\r\nInjected: 1", "x%0D%0AInjected%3A%201", "x%0D%0AInjected:%201"},
          row{"\xc3\xbc", "%C3%BC", "%C3%BC"},
          row{"\"q\\", "%22q%5C", "%22q%5C"}}) {
        server_.reply_always({{}, after_reply::close});
        (void)client(1).charge({key, 7, 1'000, key});
        auto const charge = server_.requests().back();
        EXPECT_EQ(header_in(charge, "Idempotency-Key"), header);
        EXPECT_EQ(header_in(charge, "Injected"), "");
        (void)client(1).find(key);
        EXPECT_TRUE(server_.requests().back().starts_with("GET /v1/payments/" + std::string{path} +
                                                          " HTTP/1.1\r\n"))
            << server_.requests().back();
        (void)client(1).cancel(key);
        EXPECT_TRUE(server_.requests().back().starts_with("POST /v1/payments/" + std::string{path} +
                                                          "/cancel HTTP/1.1\r\n"))
            << server_.requests().back();
    }
}

TEST_F(PaymentClient, DoesNotUseTheProxyOfTheEnvironment)
{
    scripted_server const proxy;
    ::setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
    server_.reply({approval()});
    EXPECT_EQ(client().charge(wish()).outcome, charge_outcome::approved);
    ::unsetenv("http_proxy");
    EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(PaymentClient, KeepsTheBasePathAndSendsTheUrlsUser)
{
    payment_client pay("http://ada:s3cr%40t@127.0.0.1:" + std::to_string(server_.port()) +
                           "/provider/",
                       {.attempts_max = 1});
    server_.reply({approval()});
    EXPECT_EQ(pay.charge(wish()).outcome, charge_outcome::approved);
    auto const sent = server_.requests().at(0);
    EXPECT_TRUE(sent.starts_with("POST /provider/v1/payments HTTP/1.1\r\n")) << sent;
    EXPECT_EQ(header_in(sent, "Authorization"), "Basic YWRhOnMzY3JAdA==");
    EXPECT_EQ(pay.shown_url(),
              "http://ada:***@127.0.0.1:" + std::to_string(server_.port()) + "/provider");
}

TEST_F(PaymentClient, LogsWhyACallWasNotSettledButNoSecret)
{
    captured_log log;
    payment_client pay("http://ada:s3cret@127.0.0.1:" + std::to_string(server_.port()),
                       {.attempts_max = 2, .pause = milliseconds{1}});
    server_.reply_always({http_reply(500, "text/plain", "body-of-the-reply")});
    EXPECT_EQ(pay.charge(wish("key-of-the-payment")).outcome, charge_outcome::no_answer);
    auto const records = log.records("payment_unsettled");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].field("call"), "charge");
    EXPECT_EQ(records[0].field("outcome"), "no_answer");
    EXPECT_EQ(records[0].field("attempts"), "2");
    EXPECT_EQ(records[0].field("last"), "status 500");
    for (auto const* secret : {"s3cret", "body-of-the-reply", "key-of-the-payment"})
        EXPECT_FALSE(log.mentions(secret)) << secret;
}

TEST_F(PaymentClient, RefusesAUrlThatIsNoneAndShowsNoPassword)
{
    for (std::string const& wrong : {std::string{},
                                     std::string{"127.0.0.1"},
                                     std::string{"ftp://ada:s3cret@host"},
                                     std::string{"file:///etc/passwd"},
                                     std::string{"http://"},
                                     std::string{"http://host:99999"},
                                     std::string{"http://ada:s3cret@host/?query"},
                                     std::string{"http://host/#part"},
                                     std::string{"http://host\r\nX: 1"},
                                     std::string{"http://ho\0st", 12}}) {
        try {
            payment_client const made(wrong);
            ADD_FAILURE() << wrong;
        } catch (std::invalid_argument const& why) {
            EXPECT_NE(std::string{why.what()}.find("URL"), std::string::npos);
            EXPECT_EQ(std::string{why.what()}.find("s3cret"), std::string::npos);
        }
    }
}

TEST_F(PaymentClient, RefusesImpossibleOptionsByName)
{
    auto const refusal_of = [](payment_client_options const& options) -> std::string {
        try {
            payment_client const made("http://127.0.0.1:1", options);
        } catch (std::invalid_argument const& why) {
            return why.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal_of({.connect_time = milliseconds{0}}), "connect_time must be 1 ms to 10 min");
    EXPECT_EQ(refusal_of({.attempt_time = milliseconds{0}}), "attempt_time must be 1 ms to 10 min");
    EXPECT_EQ(refusal_of({.call_time = milliseconds{0}}), "call_time must be 1 ms to 1 h");
    EXPECT_EQ(refusal_of({.attempts_max = 0}), "attempts_max must be 1 to 100");
    EXPECT_EQ(refusal_of({.pause = milliseconds{-1}}), "pause must be 0 to pause_max");
    EXPECT_EQ(refusal_of({.pause_max = milliseconds{10}}), "pause must be 0 to pause_max");
    EXPECT_EQ(refusal_of({.pause_max = seconds{601}}), "pause_max must be 0 to 10 min");
    EXPECT_EQ(refusal_of({.connections_max = 0}), "connections_max must be 1 to 10,000");
    EXPECT_EQ(refusal_of({.idle_time = seconds{0}}), "idle_time must be 1 s to 1 h");
    EXPECT_EQ(refusal_of({.reply_bytes_max = 1}), "reply_bytes_max must be 1 KiB to 16 MiB");
}

}  // namespace

}  // namespace tiebreak::test
