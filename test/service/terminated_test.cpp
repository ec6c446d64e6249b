// `tiebreak serve` is told to end while clients ask: what it acknowledged is in the tables, and
// what is in the tables it acknowledged.
#include "service/listening_process.hpp"
#include "service/member_makers.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace tiebreak::test {

namespace {

class Terminated : public engine_test {};

TEST_P(Terminated, UnderLoadLosesNoAcknowledgedRequest)
{
    listening_process running({"serve", "--db", fresh().url(), "--no-access-log"});
    member_makers clients(running.port(), 8);
    clients.wait_for_made(100);
    running.send(SIGTERM);
    EXPECT_EQ(running.wait(), 0);
    clients.stop();
    EXPECT_EQ(member_ids(db()), clients.acknowledged());
    EXPECT_EQ(clients.refused(), 0);
}

TIEBREAK_ON_SHARED_ENGINES(Terminated);

}  // namespace

}  // namespace tiebreak::test
