// What a well-behaved client gets: routes, parameters, bodies, keep-alive, pipelining.
#include "service/http/object_reader.hpp"
#include "service/http/problem.hpp"
#include "service/http/server.hpp"
#include "service/raw_client.hpp"

#include <gtest/gtest.h>

#include <semaphore>

namespace tiebreak::test {

namespace {

using namespace service::http;

router routes()
{
    router made;
    made.add(request_method::get,
             "/things/{name}",
             [](request& asked) {
                 return json(200, json_object{}.add("name", asked.parameter("name")));
             },
             {.where = service::http::runs::in_place});
    made.add(request_method::post, "/things", [](request& asked) {
        auto const name =
            read_body(asked, [](object_reader& in) { return in.text("name", {.bytes_min = 1}); });
        return json(201, json_object{}.add("name", name)).set("Location", "/things/1");
    });
    return made;
}

class Serving : public testing::Test {
protected:
    server running{routes(), {}};
    raw_client client{running.port()};
};

TEST_F(Serving, AnswersWithDecodedPathParameters)
{
    auto const answer = client.ask("GET /things/a%20b%2Fc HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, R"({"name":"a b/c"})");
    EXPECT_EQ(answer->header("Content-Type"), "application/json");
    EXPECT_EQ(answer->header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer->header("Cache-Control"), "no-store");
    EXPECT_FALSE(answer->header("X-Request-Id").empty());
    EXPECT_FALSE(answer->has("Server"));
    EXPECT_FALSE(answer->has("Connection"));
}

TEST(ServingBegins, NobodyIsAnsweredBeforeThePortWasTold)
{
    std::binary_semaphore answering{0};
    std::string name;  // guarded by that order alone
    router made;
    made.add(request_method::get,
             "/name",
             [&](request&) {
                 answering.release();
                 return json(200, json_object{}.add("name", name));
             },
             {.where = service::http::runs::in_place});
    std::optional<raw_client> early;
    std::vector<std::uint16_t> told;
    server const running(std::move(made), {.listening = [&](std::uint16_t port) {
                             told.push_back(port);
                             early.emplace(port);
                             EXPECT_TRUE(early->send("GET /name HTTP/1.1\r\nHost: x\r\n\r\n"));
                             EXPECT_FALSE(answering.try_acquire_for(std::chrono::milliseconds{50}));
                             name = "at " + std::to_string(port);
                         }});
    EXPECT_EQ(told, std::vector{running.port()});
    ASSERT_TRUE(early);
    auto const answer = early->receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"name":"at )" + std::to_string(running.port()) + R"("})");
}

TEST(ServingBegins, WhatIsThrownWhenThePortIsToldEndsTheStart)
{
    EXPECT_THROW(
        server(routes(),
               {.listening = [](std::uint16_t) { throw std::runtime_error("not wanted"); }}),
        std::runtime_error);
}

TEST_F(Serving, AnswersABodyOnAWorkThread)
{
    auto const answer = client.ask("POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n"
                                   "Content-Type: application/json\r\n\r\n{\"name\":\"a\"}");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->header("Location"), "/things/1");
}

TEST_F(Serving, AnswersEveryRequestOfAPipelineInOrder)
{
    client.send("GET /things/1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /things HTTP/1.1\r\nHost: x\r\n"
                "Content-Length: 12\r\nContent-Type: application/json\r\n\r\n{\"name\":\"2\"}"
                "GET /things/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (auto const* const name : {"1", "2", "3"}) {
        auto const answer = client.receive();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->body, R"({"name":")" + std::string{name} + R"("})");
    }
    EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(Serving, NamesEveryMemberThatIsWrong)
{
    auto const answer = client.ask("POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 23\r\n"
                                   "Content-Type: application/json\r\n\r\n"
                                   "{\"name\":1,\"a/b\":[\"\xC3\xA4\"]}");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 400);
    EXPECT_EQ(answer->slug(), "invalid-request");
    EXPECT_NE(answer->body.find(R"({"pointer":"/name","detail":"must be a text, not a whole )"),
              std::string::npos);
    EXPECT_NE(answer->body.find(R"({"pointer":"/a~1b","detail":"is not known here"})"),
              std::string::npos);
}

}  // namespace

}  // namespace tiebreak::test
