// The end of a server: what was accepted is answered, what is idle is closed, nothing new begins;
// and by signals the same in a process of its own.
#include "service/counted_routes.hpp"
#include "service/http/server.hpp"
#include "service/raw_client.hpp"
#include "support/process.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tiebreak::test {

namespace {

using namespace service::http;
using std::chrono::milliseconds;

TEST(Drain, AnswersWhatIsRunningAndClosesWhatIsIdle)
{
    counted_routes counted;
    server running(counted.routes(), {});
    raw_client idle(running.port());
    EXPECT_TRUE(idle.ask(get("/things/a")));
    raw_client busy(running.port());
    busy.send(get("/waits"));
    counted.gate.wait_for(1);
    raw_client half(running.port());
    half.send("GET /things/b HTTP/1.1\r\n");
    EXPECT_TRUE(raw_client(running.port()).ask(get("/things/a")));

    running.drain();
    EXPECT_TRUE(idle.is_closed_by_peer());
    EXPECT_THROW(raw_client{running.port()}, std::runtime_error);
    half.send("Host: a\r\n\r\n");
    auto const late = half.receive();
    ASSERT_TRUE(late) << "its head had begun before the drain";
    EXPECT_EQ(late->status, 200);
    EXPECT_EQ(late->header("Connection"), "close");
    counted.gate.open();
    auto const answer = busy.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->header("Connection"), "close");
    EXPECT_TRUE(busy.is_closed_by_peer());
    EXPECT_TRUE(running.wait());
}

TEST(Drain, EndsAtItsLimitThoughAnswersAreOwed)
{
    counted_routes counted;
    server running(counted.routes(), {.limits = {.drain_time = milliseconds{50}}});
    raw_client busy(running.port());
    busy.send(get("/waits"));
    counted.gate.wait_for(1);
    running.drain();
    EXPECT_TRUE(busy.is_closed_by_peer());
    counted.gate.open();
    EXPECT_FALSE(running.wait());
}

TEST(Drain, OfAServerThatServesNobodyIsImmediate)
{
    counted_routes counted;
    server running(counted.routes(), {});
    running.drain();
    running.drain();
    EXPECT_TRUE(running.wait());
    EXPECT_TRUE(running.wait());
}

// The accept may end between the drain's begin and what the drain then does.
TEST(Drain, ThatMeetsAnAcceptEnds)
{
    counted_routes counted;
    for (int i = 0; i < 1000; ++i) {
        server running(counted.routes(), {.limits = {.io_threads = 1, .work_threads = 1}});
        {
            raw_client const comes_and_goes(running.port());
            running.drain();
        }
        EXPECT_TRUE(running.wait());
    }
}

// Clients ask until their connection ends; every request that was answered did run, and every one
// that ran was answered.
TEST(Drain, LosesNoAnswerUnderLoad)
{
    counted_routes counted;
    server running(counted.routes(), {});
    std::atomic<int> answered{0};
    std::atomic<int> warmed_up{0};
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i)
        clients.emplace_back([&] {
            raw_client client(running.port());
            for (;;) {
                auto const answer = client.ask(post(R"({"name":"a"})"));
                if (!answer)
                    return;
                EXPECT_EQ(answer->status, 201);
                if (++answered == 200)
                    warmed_up.notify_all();
                ++warmed_up;
                if (answer->header("Connection") == "close")
                    return;
            }
        });
    while (warmed_up < 200)
        std::this_thread::yield();
    running.drain();
    clients.clear();
    EXPECT_TRUE(running.wait());
    EXPECT_EQ(counted.ran, answered);
}

class Signals : public testing::Test {
protected:
    // A process that serves until a signal ends it; exits 0 when it was drained.
    child_process serve()
    {
        return child_process([this] {
            counted_routes counted;
            server running(counted.routes(), {.handles_signals = true});
            *port_ = running.port();
            return running.wait() ? 0 : 1;
        });
    }

    [[nodiscard]] std::uint16_t port() const
    {
        while (*port_ == 0)
            std::this_thread::yield();
        return *port_;
    }

    shared_value<std::atomic<std::uint16_t>> port_{};
};

TEST_F(Signals, TheFirstDrains)
{
    auto child = serve();
    raw_client client(port());
    EXPECT_TRUE(client.ask(get("/things/a")));
    child.send(SIGTERM);
    EXPECT_TRUE(client.is_closed_by_peer());
    EXPECT_EQ(child.wait(), 0);
}

TEST_F(Signals, TheSecondEndsAtOnce)
{
    auto child = serve();
    raw_client client(port());
    client.send(get("/waits"));
    raw_client other(port());
    EXPECT_TRUE(other.ask(get("/things/a")));
    child.send(SIGTERM);
    EXPECT_TRUE(other.is_closed_by_peer());
    child.send(SIGINT);
    EXPECT_EQ(child.wait(), 128 + SIGINT);
}

}  // namespace

}  // namespace tiebreak::test
