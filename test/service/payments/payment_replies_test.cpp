// What each reply of a provider is taken for: `error` only where surely nothing was taken.
#include "service/payments/scripted_provider.hpp"

namespace tiebreak::test {

namespace {

using tickets::cancel_outcome;
using tickets::charge_outcome;
using tickets::payment_state;

class PaymentReplies : public scripted_provider {};

TEST_F(PaymentReplies, AnApprovalNamesTheCharge)
{
    server_.reply({approval()});
    auto const reply = client().charge(wish());
    EXPECT_EQ(reply.outcome, charge_outcome::approved);
    EXPECT_EQ(reply.charge_id, "charge-1");
    EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(PaymentReplies, ADeclineIsOfThisPayment)
{
    EXPECT_EQ(outcome_of(refusal(402, "payment-declined")), charge_outcome::declined);
    EXPECT_EQ(outcome_of(refusal(402, "payment-declined", "another")), charge_outcome::no_answer);
    EXPECT_EQ(outcome_of(refusal(409, "payment-declined")), charge_outcome::no_answer);
    EXPECT_EQ(outcome_of(http_reply(402, "text/html", "<h1>Pay the proxy</h1>")),
              charge_outcome::no_answer);
}

TEST_F(PaymentReplies, AnApprovalOfAnotherPaymentOrderOrAmountIsNone)
{
    for (auto const* body :
         {R"({"outcome":"approved","charge_id":"c","payment_key":"x","order_id":7,"amount":1000})",
          R"({"outcome":"approved","charge_id":"c","payment_key":"k","order_id":8,"amount":1000})",
          R"({"outcome":"approved","charge_id":"c","payment_key":"k","order_id":7,"amount":1001})",
          R"({"outcome":"approved","charge_id":"c","payment_key":"k","order_id":7,"amount":1e3})",
          R"({"outcome":"approved","charge_id":"","payment_key":"k","order_id":7,"amount":1000})",
          R"({"outcome":"approved","charge_id":5,"payment_key":"k","order_id":7,"amount":1000})",
          R"({"outcome":"approved","payment_key":"k","order_id":7,"amount":1000})",
          R"({"outcome":"refused","charge_id":"c","payment_key":"k","order_id":7,"amount":1000})",
          R"({"charge_id":"c","payment_key":"k","order_id":7,"amount":1000})"})
        EXPECT_EQ(outcome_of(http_reply(200, json, body)), charge_outcome::no_answer) << body;
}

TEST_F(PaymentReplies, GarbageIsNoAnswer)
{
    auto const repeated = R"({"outcome":"declined","outcome":"approved","charge_id":"c",)"
                          R"("payment_key":"k","order_id":7,"amount":1000})";
    std::string const deep = std::string(100, '[') + std::string(100, ']');
    for (std::string const& body : {std::string{},
                                    std::string{"null"},
                                    std::string{"[]"},
                                    std::string{"{"},
                                    std::string{"approved"},
                                    std::string{repeated},
                                    deep,
                                    approval_body() + "x",
                                    approval_body() + approval_body(),
                                    approval_body("\xff\xfe"),
                                    std::string{"\0\1\2", 3}})
        EXPECT_EQ(outcome_of(http_reply(200, json, body)), charge_outcome::no_answer) << body;
}

TEST_F(PaymentReplies, AnotherContentTypeOrStatusIsNoAnswer)
{
    for (auto const* type : {"text/html", "text/json", "application/jsonx", ""})
        EXPECT_EQ(outcome_of(http_reply(200, type, approval_body())), charge_outcome::no_answer)
            << type;
    for (auto const* type : {"application/json; charset=utf-8", "Application/JSON"})
        EXPECT_EQ(outcome_of(http_reply(200, type, approval_body())), charge_outcome::approved)
            << type;
    for (int const status : {201, 202, 203, 206, 300, 302, 307, 400, 404, 408, 500, 502, 503, 999})
        EXPECT_EQ(outcome_of(http_reply(status, json, approval_body())), charge_outcome::no_answer)
            << status;
    for (int const status : {204, 304})
        EXPECT_EQ(outcome_of("HTTP/1.1 " + std::to_string(status) +
                             " Empty\r\nX-Request-Id: {id}\r\n\r\n"),
                  charge_outcome::no_answer)
            << status;
}

TEST_F(PaymentReplies, ARedirectIsNotFollowed)
{
    scripted_server elsewhere;
    auto const place = "http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/v1/payments";
    for (int const status : {301, 302, 303, 307, 308})
        EXPECT_EQ(outcome_of("HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + place +
                             "\r\nX-Request-Id: {id}\r\nContent-Length: 0\r\n\r\n"),
                  charge_outcome::no_answer);
    EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(PaymentReplies, ARefusalByTheProviderItselfTookNothing)
{
    struct row {
        int status;
        char const* slug;
    };

    for (auto const& [status, slug] : {row{400, "invalid-request"},
                                       row{400, "key-invalid"},
                                       row{401, "unauthorized"},
                                       row{404, "not-found"},
                                       row{405, "method-not-allowed"},
                                       row{413, "body-too-large"},
                                       row{429, "too-many-requests"},
                                       row{502, "charge-failed"},
                                       row{503, "overloaded"},
                                       row{503, "shutting-down"}}) {
        EXPECT_EQ(outcome_of(refusal(status, slug)), charge_outcome::error) << slug;
        EXPECT_EQ(outcome_of(refusal(status + 1, "unknown-slug")), charge_outcome::no_answer);
        // The same status from a proxy in between.
        EXPECT_EQ(outcome_of(http_reply(status, "text/html", "<h1>Bad</h1>")),
                  charge_outcome::no_answer)
            << status;
    }
    for (auto const& [status, slug] : {row{500, "internal-error"},
                                       row{503, "commit-unknown"},
                                       row{503, "deadline-exceeded"},
                                       row{408, "request-timeout"},
                                       row{409, "in-progress"}})
        EXPECT_EQ(outcome_of(refusal(status, slug)), charge_outcome::no_answer) << slug;
}

TEST_F(PaymentReplies, ARefusalThatContradictsItsOwnStatusIsNone)
{
    EXPECT_EQ(outcome_of(http_reply(
                  502, problem, R"({"type":"urn:tiebreak:problem:charge-failed","status":200})")),
              charge_outcome::no_answer);
    EXPECT_EQ(outcome_of(http_reply(502, json, R"({"type":"urn:tiebreak:problem:charge-failed"})")),
              charge_outcome::no_answer);
    EXPECT_EQ(outcome_of(http_reply(502, problem, R"({"type":"charge-failed","status":502})")),
              charge_outcome::no_answer);
}

TEST_F(PaymentReplies, InterimRepliesComeBeforeTheRealOne)
{
    EXPECT_EQ(outcome_of("HTTP/1.1 100 Continue\r\n\r\n"
                         "HTTP/1.1 103 Early Hints\r\nX-Request-Id: other\r\n\r\n" +
                         approval()),
              charge_outcome::approved);
    EXPECT_EQ(outcome_of({"HTTP/1.1 100 Continue\r\n\r\n", after_reply::close}),
              charge_outcome::no_answer);
    EXPECT_EQ(
        outcome_of({"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", after_reply::close}),
        charge_outcome::no_answer);
}

TEST_F(PaymentReplies, HalfAReplyIsNoAnswer)
{
    auto const whole = approval();
    auto const body_at = whole.find("\r\n\r\n") + 4;
    for (std::size_t const size : {std::size_t{0},
                                   std::size_t{1},
                                   std::size_t{12},
                                   body_at - 2,
                                   body_at,
                                   body_at + 10,
                                   whole.size() - 1})
        for (auto const end : {after_reply::close, after_reply::reset})
            EXPECT_EQ(outcome_of({whole.substr(0, size), end}), charge_outcome::no_answer) << size;
}

TEST_F(PaymentReplies, AChunkedReplyCountsWhenItsEndHasCome)
{
    std::string const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "X-Request-Id: {id}\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", approval_body().size());
    auto const chunk = head + size.data() + approval_body() + "\r\n";
    EXPECT_EQ(outcome_of(chunk + "0\r\n\r\n"), charge_outcome::approved);
    EXPECT_EQ(outcome_of(chunk + "0\r\nX-Request-Id: other\r\n\r\n"), charge_outcome::approved);
    EXPECT_EQ(outcome_of({chunk, after_reply::close}), charge_outcome::no_answer);
    EXPECT_EQ(outcome_of({head + "zz\r\n", after_reply::close}), charge_outcome::no_answer);
}

TEST_F(PaymentReplies, WhatIsNotHttpIsNoAnswer)
{
    for (auto const* bytes : {"garbage\r\n\r\n",
                              "HTTP/0.9 200\r\n\r\n",
                              "HTTP/1.1 abc OK\r\n\r\n",
                              "{\"outcome\":\"approved\"}",
                              "SSH-2.0-OpenSSH_9.2\r\n",
                              "\r\n\r\n\r\n"})
        EXPECT_EQ(outcome_of({bytes, after_reply::close}), charge_outcome::no_answer) << bytes;
}

TEST_F(PaymentReplies, AReplyBeyondTheLimitIsNoAnswer)
{
    std::string const large(70'000, ' ');
    EXPECT_EQ(outcome_of(http_reply(200, json, large + approval_body())),
              charge_outcome::no_answer);
    EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\nX-Padding: " + large + "\r\n" +
                         approval().substr(approval().find('\n') + 1)),
              charge_outcome::no_answer);
    std::string endless;
    while (endless.size() < 70'000)
        endless += "HTTP/1.1 102 Processing\r\n\r\n";
    EXPECT_EQ(outcome_of(endless + approval()), charge_outcome::no_answer);
}

TEST_F(PaymentReplies, AReplyWithoutTheRequestsIdIsNoAnswer)
{
    auto const with_id = [](std::string_view line) {
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + std::string{line} +
               "Content-Length: " + std::to_string(approval_body().size()) + "\r\n\r\n" +
               approval_body();
    };
    EXPECT_EQ(outcome_of(with_id("X-Request-Id: {id}\r\n")), charge_outcome::approved);
    for (auto const* line : {"",
                             "X-Request-Id:\r\n",
                             "X-Request-Id: another\r\n",
                             "X-Request-Id: {id}x\r\n",
                             "X-Request-Id: {id}\r\nX-Request-Id: {id}\r\n"})
        EXPECT_EQ(outcome_of(with_id(line)), charge_outcome::no_answer) << line;
}

TEST_F(PaymentReplies, ARecordMustAgreeWithItself)
{
    auto const found = [&](std::string const& body) {
        server_.reply({http_reply(200, json, body)});
        return client(1).find("k");
    };
    auto const record = found(R"({"payment_key":"k","state":"charged","calls":3,"charges":2,)"
                              R"("refunds":1,"charge_id":"charge-9","more":true})");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->state, payment_state::charged);
    EXPECT_EQ(record->calls, 3);
    EXPECT_EQ(record->charges, 2);
    EXPECT_EQ(record->refunds, 1);
    EXPECT_EQ(record->charge_id, "charge-9");
    EXPECT_EQ(
        found(R"({"payment_key":"k","state":"unknown","calls":0,"charges":0,"refunds":0})")->state,
        payment_state::unknown);
    for (auto const* body :
         {R"({"payment_key":"x","state":"unknown","calls":0,"charges":0,"refunds":0})",
          R"({"payment_key":"k","state":"perhaps","calls":0,"charges":0,"refunds":0})",
          R"({"payment_key":"k","state":"unknown","calls":-1,"charges":0,"refunds":0})",
          R"({"payment_key":"k","state":"unknown","calls":1,"charges":1,"refunds":0})",
          R"({"payment_key":"k","state":"charged","calls":1,"charges":1,"refunds":0})",
          R"({"payment_key":"k","state":"cancelled","calls":1,"charges":0,"refunds":1})",
          R"({"payment_key":"k","state":"cancelled","calls":1,"charges":1,"refunds":0})",
          R"({"payment_key":"k","state":"unknown","calls":"0","charges":0,"refunds":0})",
          R"({"calls":0,"charges":0,"refunds":0})",
          R"({})"})
        EXPECT_FALSE(found(body)) << body;
}

TEST_F(PaymentReplies, ACancellationIsBelievedOnlyWhenTheKeyIsClosed)
{
    auto const said = [&](std::string bytes) {
        server_.reply({std::move(bytes)});
        return client(1).cancel("k");
    };
    EXPECT_EQ(said(http_reply(200,
                              json,
                              R"({"payment_key":"k","state":"cancelled","calls":1,)"
                              R"("charges":1,"refunds":1})")),
              cancel_outcome::cancelled);
    EXPECT_EQ(said(http_reply(200,
                              json,
                              R"({"payment_key":"k","state":"charged","calls":1,)"
                              R"("charges":1,"refunds":0,"charge_id":"c"})")),
              cancel_outcome::no_answer);
    EXPECT_EQ(said(http_reply(200,
                              json,
                              R"({"payment_key":"x","state":"cancelled","calls":1,)"
                              R"("charges":1,"refunds":1})")),
              cancel_outcome::no_answer);
    EXPECT_EQ(said(http_reply(200, "text/plain", "cancelled")), cancel_outcome::no_answer);
    EXPECT_EQ(said(refusal(404, "not-found")), cancel_outcome::no_answer);
}

}  // namespace

}  // namespace tiebreak::test
