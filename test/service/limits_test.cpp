// Limits over the wire: bodies, expectations, connections, the queue, requests a connection.
#include "service/counted_routes.hpp"
#include "service/http/metrics.hpp"
#include "service/http/server.hpp"
#include "service/raw_client.hpp"
#include "support/checks.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tiebreak::test {

namespace {

using namespace service::http;
using std::chrono::milliseconds;

class Limits : public testing::Test {
protected:
    void serve(limits const& within)
    {
        running = std::make_unique<server>(counted.routes(),
                                           server_options{.limits = within, .metrics = &seen});
    }

    void TearDown() override { counted.gate.open(); }

    [[nodiscard]] raw_client connect() const { return raw_client(running->port()); }

    counted_routes counted;
    metrics seen;
    std::unique_ptr<server> running;
};

TEST_F(Limits, ABodyOf100MegabytesIsRefusedBeforeItIsRead)
{
    serve({});
    auto client = connect();
    client.send("POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                "Content-Length: 104857600\r\n\r\n");
    std::string const part(1024 * 1024, 'x');
    for (int i = 0; i < 100 && client.send(part); ++i) {
    }
    auto const answer = client.receive();
    ASSERT_TRUE(answer) << "the answer must survive what the client still sent";
    EXPECT_EQ(answer->status, 413);
    EXPECT_EQ(answer->slug(), "body-too-large");
    EXPECT_EQ(answer->header("Connection"), "close");
    EXPECT_EQ(counted.ran, 0);
}

TEST_F(Limits, AChunkedBodyIsRefusedWhenItGrowsBeyond)
{
    serve({.body_bytes = 2048});
    auto client = connect();
    client.send("POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\n\r\n400\r\n" +
                std::string(1024, 'x') + "\r\n800\r\n" + std::string(2048, 'x') + "\r\n0\r\n\r\n");
    auto const answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->slug(), "body-too-large");
    EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(Limits, AllBodiesTogetherAreBounded)
{
    serve({.body_bytes = 4096, .body_bytes_total = 6000});
    auto const whole =
        post(R"({"name":")" + std::string(900, 'x') + "\"}" + std::string(3000, ' '));
    auto first = connect();
    first.send(std::string_view{whole}.substr(0, whole.size() - 1));
    while (seen.text().find("tiebreak_http_body_bytes 3910\n") == std::string::npos)
        std::this_thread::yield();
    auto second = connect();
    auto const refused = second.ask(whole);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->slug(), "overloaded");
    EXPECT_TRUE(second.is_closed_by_peer());
    EXPECT_EQ(first.ask(whole.substr(whole.size() - 1)).value_or(raw_response{}).status, 201);
    EXPECT_EQ(connect().ask(whole).value_or(raw_response{}).status, 201);
    EXPECT_EQ(counted.ran, 2);
}

TEST_F(Limits, AnExpectationIsAnsweredBeforeTheBodyIsSent)
{
    serve({});
    auto client = connect();
    std::string const body = R"({"name":"a"})";
    std::string const head = "POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n"
                             "Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n";
    client.send(head);
    auto const go_on = client.receive();
    ASSERT_TRUE(go_on);
    EXPECT_EQ(go_on->status, 100);
    client.send(body);
    auto const answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 201);

    for (auto const& [bytes, status] : std::vector<std::pair<std::string, int>>{
             {"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n"
              "Expect: 100-continue\r\n\r\n",
              404},
             {"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n"
              "Expect: 100-continue\r\n\r\n",
              415},
             {"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n"
              "Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n",
              413}}) {
        auto other = connect();
        auto const refused = other.ask(bytes);
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->status, status);
        EXPECT_TRUE(other.is_closed_by_peer());
    }
    EXPECT_EQ(counted.ran, 1);
}

TEST_F(Limits, AFullQueueIsAnsweredAtOnce)
{
    serve({.work_threads = 1, .work_queue = 1});
    auto first = connect();
    first.send(get("/waits"));
    counted.gate.wait_for(1);
    auto second = connect();
    second.send(post(R"({"name":"second"})"));
    while (seen.text().find("tiebreak_http_queue 1\n") == std::string::npos)
        std::this_thread::yield();
    auto third = connect();
    auto const refused = third.ask(post(R"({"name":"third"})")).value_or(raw_response{});
    EXPECT_EQ(refused.slug(), "overloaded");
    EXPECT_FALSE(refused.header("Retry-After").empty());
    auto cheap = connect();
    EXPECT_EQ(cheap.ask(get("/things/a")).value_or(raw_response{}).status, 200)
        << "what runs in place needs no queue";
    counted.gate.open();
    EXPECT_EQ(first.receive().value_or(raw_response{}).status, 200);
    EXPECT_EQ(second.receive().value_or(raw_response{}).status, 201);
    EXPECT_GE(seen.sums().rejected, 1);
}

TEST_F(Limits, ARequestWhoseTimePassedInTheQueueIsNotRun)
{
    serve({.work_threads = 1, .request_time = milliseconds{50}});
    auto first = connect();
    first.send(get("/waits"));
    counted.gate.wait_for(1);
    auto second = connect();
    second.send(post(R"({"name":"late"})"));
    auto const sent = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - sent < milliseconds{200}) {
        auto other = connect();
        EXPECT_TRUE(other.ask(get("/things/a")));
    }
    counted.gate.open();
    auto const answer = second.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->slug(), "deadline-exceeded");
    EXPECT_FALSE(answer->header("Retry-After").empty());
    EXPECT_EQ(answer->body.find("late"), std::string::npos);
}

TEST_F(Limits, TheConnectionIdleLongestMakesRoom)
{
    serve({.connections = 2, .io_threads = 1});
    auto oldest = connect();
    EXPECT_TRUE(oldest.ask(get("/things/a")));
    auto newer = connect();
    EXPECT_TRUE(newer.ask(get("/things/b")));
    auto third = connect();
    EXPECT_EQ(third.ask(get("/things/c")).value_or(raw_response{}).status, 200);
    EXPECT_TRUE(oldest.is_closed_by_peer());
    EXPECT_EQ(newer.ask(get("/things/d")).value_or(raw_response{}).status, 200);
}

TEST_F(Limits, WhenNoConnectionIsIdleNewOnesAreTurnedAway)
{
    serve({.connections = 2, .io_threads = 1});
    auto first = connect();
    first.send(get("/waits"));
    auto second = connect();
    second.send(get("/waits"));
    counted.gate.wait_for(2);
    auto third = connect();
    auto const answer = third.ask(get("/things/a"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->slug(), "overloaded");
    EXPECT_FALSE(answer->header("Retry-After").empty());
    EXPECT_TRUE(third.is_closed_by_peer());
    counted.gate.open();
    EXPECT_EQ(first.receive().value_or(raw_response{}).status, 200);
    EXPECT_EQ(second.receive().value_or(raw_response{}).status, 200);
    EXPECT_EQ(counted.ran, 2);
}

TEST_F(Limits, TheLastRequestOfAConnectionSaysSo)
{
    serve({.requests_per_connection = 2});
    auto client = connect();
    auto const first = client.ask(get("/things/a"));
    ASSERT_TRUE(first);
    EXPECT_FALSE(first->has("Connection"));
    auto const second = client.ask(get("/things/a"));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->header("Connection"), "close");
    EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(Limits, OutOfTheirRangeAreRefusedByName)
{
    for (auto const& [wrong, name] :
         std::vector<std::pair<limits, std::string>>{{{.head_bytes = 10}, "head_bytes"},
                                                     {{.url_bytes = 100'000}, "url_bytes"},
                                                     {{.json_depth = 0}, "json_depth"},
                                                     {{.head_time = milliseconds{0}}, "head_time"},
                                                     {{.work_threads = 0}, "work_threads"}}) {
        try {
            serve(wrong);
            ADD_FAILURE() << name;
        } catch (std::invalid_argument const& failure) {
            EXPECT_TRUE(std::string_view{failure.what()}.starts_with(name)) << failure.what();
        }
    }
}

TEST_F(Limits, AnAddressThatIsTakenIsRefused)
{
    serve({});
    EXPECT_THROW(server(counted.routes(), {.port = running->port()}), std::system_error);
    EXPECT_THROW(server(counted.routes(), {.host = "no.such.host.invalid"}), std::invalid_argument);
}

}  // namespace

}  // namespace tiebreak::test
