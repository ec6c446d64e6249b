// What operators see: the access log and the metrics.
#include "service/counted_routes.hpp"
#include "service/http/access_log.hpp"
#include "service/http/metrics.hpp"
#include "service/http/server.hpp"
#include "service/raw_client.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <unistd.h>

namespace tiebreak::test {

namespace {

using namespace service::http;

// A pipe whose other end is read to its end.
class read_pipe {
public:
    read_pipe()
    {
        if (::pipe(ends_.data()) != 0)
            throw std::runtime_error("no pipe");
    }

    read_pipe(read_pipe const&) = delete;
    read_pipe& operator=(read_pipe const&) = delete;

    ~read_pipe()
    {
        ::close(ends_[0]);
        if (ends_[1] >= 0)
            ::close(ends_[1]);
    }

    [[nodiscard]] int descriptor() const noexcept { return ends_[1]; }

    std::string everything()
    {
        ::close(std::exchange(ends_[1], -1));
        std::string all;
        std::array<char, 4096> part{};
        for (;;) {
            auto const size = ::read(ends_[0], part.data(), part.size());
            if (size <= 0)
                return all;
            all.append(part.data(), static_cast<std::size_t>(size));
        }
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

TEST(AccessLine, CannotBeForged)
{
    std::string line;
    append_line(line,
                {.method = "GET",
                 .route = "/a",
                 .status = 200,
                 .bytes = 5,
                 .took = std::chrono::microseconds{12'034},
                 .request_id = "a\" status=500",
                 .tenant = "x\n2026 info request\x1b[2J\\\xFF",
                 .peer = "::1"},
                std::chrono::system_clock::time_point{std::chrono::seconds{1}});
    EXPECT_EQ(line,
              "1970-01-01T00:00:01.000000Z info request method=\"GET\" route=\"/a\" status=200 "
              "bytes=5 ms=12.034 request_id=\"a\\\" status=500\" "
              "tenant=\"x\\x0a2026 info request\\x1b[2J\\\\\\xff\" peer=\"::1\"\n");
}

TEST(AccessLog, HasOneLineARequestAndNothingOfItsContent)
{
    read_pipe pipe;
    counted_routes counted;
    {
        auto routes = counted.routes();
        routes.add(request_method::post, "/mine", [](request& asked) {
            asked.tenant = "acme";
            return json(200, json_object{});
        });
        server running(std::move(routes), {.access_log = pipe.descriptor()});
        raw_client client(running.port());
        EXPECT_TRUE(client.ask(get("/things/secret1?token=secret2",
                                   "Authorization: Bearer secret3\r\nX-Request-Id: r1\r\n")));
        EXPECT_TRUE(client.ask("POST /mine HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n"
                               "Content-Type: application/json\r\n\r\n{\"a\":\"secret\"}"));
        EXPECT_TRUE(client.ask(get("/secret4")));
        EXPECT_TRUE(client.ask("secret5\r\n\r\n"));
    }
    auto const all = pipe.everything();
    EXPECT_EQ(all.find("secret"), std::string::npos) << all;
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 4) << all;
    EXPECT_NE(all.find(R"(method="GET" route="/things/{name}" status=200 bytes=18 ms=)"),
              std::string::npos)
        << all;
    EXPECT_NE(all.find(R"(request_id="r1" tenant="" peer="127.0.0.1")"), std::string::npos);
    EXPECT_NE(all.find(R"(route="/mine" status=200 bytes=2 )"), std::string::npos);
    EXPECT_NE(all.find(R"(tenant="acme")"), std::string::npos);
    EXPECT_NE(all.find(R"(method="GET" route="" status=404 )"), std::string::npos);
    EXPECT_NE(all.find(R"(method="" route="" status=400 )"), std::string::npos);
}

TEST(AccessLog, WhoseReaderHasGoneEndsNothing)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    ::close(ends[0]);
    {
        counted_routes counted;
        server running(counted.routes(), {.access_log = ends[1]});
        raw_client client(running.port());
        EXPECT_TRUE(client.ask(get("/things/a")));
    }
    ::close(ends[1]);
}

class Watching : public testing::Test {
protected:
    Watching()
    {
        auto routes = counted.routes();
        routes.add(request_method::get, "/metrics", [this](request&) {
            auto made = plain_text(200, seen.text());
            made.content_type = metrics_type;
            return made;
        });
        running = std::make_unique<server>(std::move(routes), server_options{.metrics = &seen});
        client.emplace(running->port());
    }

    raw_response ask(std::string const& bytes)
    {
        return client->ask(bytes).value_or(raw_response{});
    }

    counted_routes counted;
    metrics seen;
    std::unique_ptr<server> running;
    std::optional<raw_client> client;
};

TEST_F(Watching, MetricsCountByRouteMethodAndClass)
{
    ask(get("/things/a"));
    ask(get("/things/b"));
    ask(post("{"));
    ask(get("/nothing"));
    conflict what;
    what.entity = "coupon";
    seen.conflicted(what);
    seen.retried(errc::stale_version, 1);
    seen.waited(wait_kind::turn, std::chrono::microseconds{300});
    seen.resolved(true);
    auto const answer = ask(get("/metrics"));
    EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    for (auto const* const line :
         {R"(tiebreak_http_requests_total{method="GET",route="/things/{name}",status="2xx"} 2)",
          R"(tiebreak_http_requests_total{method="POST",route="/things",status="4xx"} 1)",
          R"(tiebreak_http_requests_total{method="other",route="none",status="4xx"} 1)",
          R"(tiebreak_http_request_seconds_count{method="GET",route="/things/{name}"} 2)",
          R"(tiebreak_conflicts_total{entity="coupon"} 1)",
          R"(tiebreak_retries_total{cause="stale_version"} 1)",
          R"(tiebreak_wait_seconds_count{kind="turn"} 1)",
          R"(tiebreak_commits_resolved_total{fate="committed"} 1)",
          "tiebreak_http_connections 1",
          "tiebreak_http_in_flight 1",
          "tiebreak_http_queue 0"})
        EXPECT_NE(answer.body.find(line), std::string::npos) << line << '\n' << answer.body;
    running.reset();  // a request is counted once its answer was sent
    EXPECT_EQ(seen.sums().requests, 5);
    EXPECT_EQ(seen.sums().conflicts, 1);
}

TEST_F(Watching, GaugesGoWithTheirServer)
{
    EXPECT_NE(seen.text().find("tiebreak_http_queue"), std::string::npos);
    running.reset();
    EXPECT_EQ(seen.text().find("tiebreak_http_queue"), std::string::npos);
}

}  // namespace

}  // namespace tiebreak::test
