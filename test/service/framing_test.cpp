// Malformed and smuggling requests over the wire: a problem document, the connection closed, and
// nothing executed, neither the request itself nor what was hidden behind it.
#include "service/counted_routes.hpp"
#include "service/http/server.hpp"
#include "service/raw_client.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace tiebreak::test {

namespace {

using namespace service::http;

struct wire_case {
    char const* name;
    std::string bytes;
    int status = 400;
    std::string slug = "malformed-request";

    friend void PrintTo(wire_case const& of, std::ostream* out) { *out << of.name; }
};

std::string const hidden = get("/things/hidden");

std::string smuggle(std::string const& fields, std::string const& body)
{
    return "POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + fields +
           "\r\n" + body + hidden;
}

std::vector<wire_case> wire_cases()
{
    std::string const body = R"({"name":"a"})";
    return {
        {"LengthThenChunked",
         smuggle("Content-Length: 12\r\nTransfer-Encoding: chunked\r\n", body)},
        {"ChunkedThenLength",
         smuggle("Transfer-Encoding: chunked\r\nContent-Length: 12\r\n", body)},
        {"LengthOfWholeChunks",
         "POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
         "Content-Length: 22\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n" +
             body + "\r\n0\r\n\r\n"},
        {"TwoLengths", smuggle("Content-Length: 12\r\nContent-Length: 0\r\n", body)},
        {"TwoEqualLengths", smuggle("Content-Length: 12\r\nContent-Length: 12\r\n", body)},
        {"LengthList", smuggle("Content-Length: 12, 12\r\n", body)},
        {"ChunkedHiddenByFold", smuggle("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
        {"ChunkedWithSpaceBeforeColon", smuggle("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
        {"ChunkedMisspelled", smuggle("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
        {"ChunkedByTab", smuggle("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n")},
        {"FieldAfterBareLf", smuggle("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
        {"BareLfThroughout", "GET /things/a HTTP/1.1\nHost: a\n\n" + hidden},
        {"ChunkSizeNegative", smuggle("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n")},
        {"ChunkSizeWithSpace", smuggle("Transfer-Encoding: chunked\r\n", "0 \r\n\r\n")},
        {"ChunkWithoutCrLf", smuggle("Transfer-Encoding: chunked\r\n", "1\r\nxx0\r\n\r\n")},
        {"ChunkEndsWithLf", smuggle("Transfer-Encoding: chunked\r\n", "1\nx\n0\n\n")},
        {"ObsFold", "GET /things/a HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"},
        {"NoHost", "GET /things/a HTTP/1.1\r\n\r\n"},
        {"TwoHosts", "GET /things/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        {"AbsoluteFormOfAnotherHost", "GET http://b/things/a HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"WrongUtf8InPath", "GET /things/\xFF HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version-not-supported"},
        {"TlsHello", std::string{"\x16\x03\x01\x00\xA5\x01\x00\x00\xA1\x03\x03", 11}},
        {"Megabyte",
         get("/things/a", "X: " + std::string(1024 * 1024, 'x') + "\r\n"),
         431,
         "header-too-large"},
        {"LongUrl", get("/things/" + std::string(64 * 1024, 'x')), 414, "url-too-long"},
        {"OtherExpectation", get("/things/a", "Expect: tea\r\n"), 417, "expectation-failed"},
    };
}

class Framing : public testing::TestWithParam<wire_case> {
protected:
    counted_routes counted;
    server running{counted.routes(), {}};
};

TEST_P(Framing, IsRefusedClosedAndNothingRuns)
{
    auto const& wanted = GetParam();
    {
        raw_client client(running.port());
        auto const answer = client.ask(wanted.bytes);
        ASSERT_TRUE(answer) << "no answer";
        EXPECT_EQ(answer->status, wanted.status);
        EXPECT_EQ(answer->slug(), wanted.slug);
        EXPECT_EQ(answer->header("Connection"), "close");
        EXPECT_FALSE(answer->header("X-Request-Id").empty());
        EXPECT_TRUE(client.is_closed_by_peer());
    }
    running.drain();
    running.wait();
    EXPECT_EQ(counted.ran, 0);
}

INSTANTIATE_TEST_SUITE_P(, Framing, testing::ValuesIn(wire_cases()), [](auto const& one) {
    return one.param.name;
});

class Requests : public testing::Test {
protected:
    raw_response ask(std::string const& bytes)
    {
        auto answer = client.ask(bytes);
        EXPECT_TRUE(answer) << "no answer to " << bytes.substr(0, 200);
        return answer.value_or(raw_response{});
    }

    counted_routes counted;
    server running{counted.routes(), {}};
    raw_client client{running.port()};
};

TEST_F(Requests, ThatAreWrongInContentAreRefusedAndTheConnectionGoesOn)
{
    struct {
        std::string bytes;
        int status;
        std::string slug;
    } const all[] = {
        {get("/nothing"), 404, "not-found"},
        {get("/things"), 405, "method-not-allowed"},
        {get("/things/%ff"), 404, "not-found"},
        {get("/things/a", "Content-Length: 1\r\n") + "x", 400, "invalid-request"},
        {"BREW /things HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method-not-allowed"},
        {"TRACE /things HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method-not-allowed"},
        {post(""), 400, "invalid-request"},
        {post("{"), 400, "invalid-request"},
        {post("[]"), 400, "invalid-request"},
        {post(R"({"name":"a","name":"b"})"), 400, "invalid-request"},
        {post("{\"name\":\"\xFF\"}"), 400, "invalid-request"},
        {post(R"({"name":18446744073709551616})"), 400, "invalid-request"},
        {post(std::string(10'000, '[') + std::string(10'000, ']')), 400, "invalid-request"},
        {post(R"({"name":"a","x":1})"), 400, "invalid-request"},
        {post("x", "Content-Encoding: gzip\r\n"), 415, "unsupported-media-type"},
        {"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
         415,
         "unsupported-media-type"},
        {"POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n"
         "{}",
         415,
         "unsupported-media-type"},
        {"POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json; charset=latin1\r\n"
         "Content-Length: 2\r\n\r\n{}",
         415,
         "unsupported-media-type"},
    };

    for (auto const& one : all) {
        auto const answer = ask(one.bytes);
        EXPECT_EQ(answer.status, one.status) << one.bytes.substr(0, 200);
        EXPECT_EQ(answer.slug(), one.slug) << one.bytes.substr(0, 200);
        EXPECT_FALSE(answer.has("Connection"));
    }
    EXPECT_EQ(counted.ran, 0);
    EXPECT_EQ(ask(get("/things/a")).status, 200);
    EXPECT_EQ(ask(get("/things")).header("Allow"), "POST, OPTIONS");
}

TEST_F(Requests, MaySayUtf8)
{
    EXPECT_EQ(ask("POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: Application/JSON ; "
                  "charset=\"UTF-8\"\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "6\r\n{\"name\r\n6\r\n\":\"a\"}\r\n0\r\n\r\n")
                  .status,
              201);
}

TEST_F(Requests, AreAnsweredForHeadAndOptionsWithoutRoutes)
{
    client.send("HEAD /things/a HTTP/1.1\r\nHost: a\r\n\r\n");
    auto const head = client.receive(true);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->header("Content-Length"), "12");
    client.send("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.receive(true).value_or(raw_response{}).status, 404);
    auto const options = ask("OPTIONS /things/a HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.header("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").header("Allow"),
              "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(ask("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
    EXPECT_EQ(ask(get("/things/b")).body, R"({"name":"b"})");
}

TEST_F(Requests, OfHttp10AreAnsweredAndClosed)
{
    auto const answer = ask("GET /things/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(Requests, KeepTheirIdWhenItIsSane)
{
    EXPECT_EQ(ask(get("/things/a", "X-Request-Id: my-Id_1.2\r\n")).header("X-Request-Id"),
              "my-Id_1.2");
    for (auto const* const id : {"", "a b", "a\"b", "a=b"}) {
        auto const given = std::string{"X-Request-Id: "} + id + "\r\n";
        EXPECT_EQ(ask(get("/things/a", given)).header("X-Request-Id").size(), 16) << id;
    }
    auto const two = ask(get("/things/a", "X-Request-Id: a\r\nX-Request-Id: b\r\n"));
    EXPECT_EQ(two.header("X-Request-Id").size(), 16);
    EXPECT_EQ(ask(get("/things/a", "X-Request-Id: " + std::string(65, 'a') + "\r\n"))
                  .header("X-Request-Id")
                  .size(),
              16);
}

TEST_F(Requests, ThatEndInTheMiddleAreNotRun)
{
    auto const whole = post(R"({"name":"a"})");
    client.send(std::string_view{whole}.substr(0, whole.size() - 1));
    client.finish();
    auto const answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->slug(), "malformed-request");
    EXPECT_TRUE(client.is_closed_by_peer());
    EXPECT_EQ(counted.ran, 0);
}

TEST_F(Requests, AreAnsweredAfterTheClientEndedItsSide)
{
    client.send(get("/things/a") + get("/things/b"));
    client.finish();
    EXPECT_EQ(client.receive().value_or(raw_response{}).body, R"({"name":"a"})");
    EXPECT_EQ(client.receive().value_or(raw_response{}).body, R"({"name":"b"})");
    EXPECT_TRUE(client.is_closed_by_peer());
}

}  // namespace

}  // namespace tiebreak::test
