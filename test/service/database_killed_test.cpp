// `tiebreak serve` and a database server that is killed under it and comes back.
#include "service/listening_process.hpp"
#include "service/member_makers.hpp"
#include "support/fault_proxy.hpp"
#include "support/private_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tiebreak::test {

namespace {

constexpr int threads = 4;
constexpr int pool = threads + 4;  // connections that `serve` has at most

std::vector<std::string> serve(std::string const& url)
{
    return {"serve", "--db", url, "--threads", std::to_string(threads), "--no-access-log"};
}

class DatabaseKilled : public engine_test {};

TEST_P(DatabaseKilled, IsMissedAtOnceAndServesAgainWithoutALossWhenItIsBack)
{
    private_server server(GetParam().name);
    ASSERT_FALSE(server.url().empty());
    listening_process running(serve(server.url()));
    member_makers clients(running.port(), 8);
    clients.wait_for_made(50);
    server.kill();
    // More than could have begun before it was missed.
    clients.wait_for_refused(500);
    EXPECT_EQ(ask(running.port(), "GET", "/healthz").status(), 200);
    EXPECT_EQ(ask(running.port(), "GET", "/readyz").status(), 503);
    EXPECT_EQ(ask(running.port(), "GET", "/status").text("database"), "away");
    server.start();
    clients.wait_for_made(50);
    EXPECT_EQ(ask(running.port(), "GET", "/readyz").status(), 200);
    clients.stop();
    EXPECT_EQ(running.end(), 0);
    database after(server.url());
    auto const rows = member_ids(after);
    auto const told = clients.acknowledged();
    EXPECT_TRUE(std::ranges::includes(rows, told)) << rows.size() << " rows, " << told.size();
}

TEST_P(DatabaseKilled, IsNotStormedWithConnectsWhileItIsAway)
{
    using clock = std::chrono::steady_clock;
    fault_proxy link(port_of(fresh().url()));
    listening_process running(serve(link.through(fresh().url())));
    member_makers clients(running.port(), 8);
    clients.wait_for_made(50);
    auto const began = clock::now();
    link.refuse();
    clients.wait_for_refused(3'000);
    auto const connects = link.refused();
    auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
    // Each connection once, then the pauses grow from 10 to 160 ms.
    EXPECT_LE(connects, pool + 6 + took.count() / 160) << took.count() << " ms";
    link.accept_again();
    clients.wait_for_made(50);
    clients.stop();
    EXPECT_EQ(running.end(), 0);
    EXPECT_TRUE(std::ranges::includes(member_ids(db()), clients.acknowledged()));
}

TIEBREAK_ON_SERVERS(DatabaseKilled);

}  // namespace

}  // namespace tiebreak::test
