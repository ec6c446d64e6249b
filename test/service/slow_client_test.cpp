// Clients that are slow on purpose: each wait for them ends, and they do not slow down others.
#include "service/counted_routes.hpp"
#include "service/http/server.hpp"
#include "service/raw_client.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <sys/socket.h>
#include <vector>

namespace tiebreak::test {

namespace {

using namespace service::http;
using std::chrono::milliseconds;

class SlowClient : public testing::Test {
protected:
    void serve(limits const& within)
    {
        running = std::make_unique<server>(counted.routes(), server_options{.limits = within});
    }

    [[nodiscard]] raw_client connect() const { return raw_client(running->port()); }

    counted_routes counted;
    std::unique_ptr<server> running;
};

TEST_F(SlowClient, ThatDoesNotFinishItsHeadGets408)
{
    serve({.head_time = milliseconds{100}});
    auto client = connect();
    client.send("GET /things/a HTTP/1.1\r\nHost: a\r\n");
    auto const answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408);
    EXPECT_EQ(answer->slug(), "request-timeout");
    EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(SlowClient, GetsNoMoreTimeByDripping)
{
    serve({.head_time = milliseconds{300}});
    auto client = connect();
    client.send("GET /things/a HTTP/1.1\r\n");
    bool is_open = true;
    for (int i = 0; i < 10'000 && is_open; ++i) {
        is_open = client.send("X: y\r\n");
        // As often as the server can read it: each byte would renew a limit that is not absolute.
        auto other = connect();
        EXPECT_TRUE(other.ask(get("/things/b")));
    }
    auto const answer = client.receive();
    EXPECT_TRUE(!answer || answer->status == 408 || answer->status == 431);
    EXPECT_EQ(running->is_draining(), false);
}

TEST_F(SlowClient, ThatDoesNotFinishItsBodyGets408AndNothingRuns)
{
    serve({.body_time = milliseconds{100}});
    auto client = connect();
    auto const whole = post(R"({"name":"a"})");
    client.send(std::string_view{whole}.substr(0, whole.size() - 1));
    auto const answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->slug(), "request-timeout");
    EXPECT_TRUE(client.is_closed_by_peer());
    EXPECT_EQ(counted.ran, 0);
}

TEST_F(SlowClient, ThatIsIdleIsClosedWithoutAnAnswer)
{
    serve({.idle_time = milliseconds{100}});
    auto silent = connect();
    auto served = connect();
    EXPECT_TRUE(served.ask(get("/things/a")));
    EXPECT_TRUE(silent.is_closed_by_peer());
    EXPECT_TRUE(served.is_closed_by_peer());
}

TEST_F(SlowClient, ThatDoesNotReadItsAnswersIsClosed)
{
    serve({.write_time = milliseconds{100}});
    auto client = connect();
    int const small = 4096;
    ::setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    std::string const request = get("/things/" + std::string(7000, 'a'));
    bool is_open = true;
    for (int i = 0; i < 100'000 && is_open; ++i)
        is_open = client.send(request);
    EXPECT_FALSE(is_open) << "the server went on writing for a reader that does not read";
}

TEST_F(SlowClient, LeavesTheOthersServed)
{
    serve({});
    std::vector<raw_client> slow;
    for (int i = 0; i < 500; ++i) {
        slow.push_back(connect());
        slow.back().send("GET /things/a HTTP/1.1\r\nHost: ");
    }
    auto healthy = connect();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(healthy.ask(get("/things/a")).value_or(raw_response{}).status, 200);
    EXPECT_EQ(counted.ran, 100);
}

}  // namespace

}  // namespace tiebreak::test
