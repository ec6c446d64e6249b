// What is sent so that waits for locks end in time; no server.
#include "postgres/lock_limit.hpp"

#include <gtest/gtest.h>

namespace tiebreak::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PostgresLockLimit : public testing::Test {
protected:
    [[nodiscard]] std::string in_transaction(milliseconds left)
    {
        return limit_.before_statement(left, false, true);
    }

    lock_limit limit_;
};

constexpr auto none = lock_limit::none;

TEST_F(PostgresLockLimit, NothingIsSentWhereNothingLimits)
{
    EXPECT_EQ(in_transaction(none), "");
    EXPECT_EQ(limit_.before_statement(none, true, true), "");
}

TEST_F(PostgresLockLimit, ADeadlineIsSetOnceForUnitsThatFollowEachOther)
{
    limit_.begun();
    EXPECT_EQ(in_transaction(seconds{10}), "SET lock_timeout = 9000");
    EXPECT_EQ(in_transaction(milliseconds{9999}), "");
    limit_.committed();
    limit_.begun();
    EXPECT_EQ(in_transaction(milliseconds{9998}), "");
    EXPECT_EQ(in_transaction(milliseconds{9474}), "");
    EXPECT_EQ(in_transaction(milliseconds{9473}), "SET lock_timeout = 8525")
        << "would end so shortly before the deadline that it could not be told";
    EXPECT_EQ(in_transaction(seconds{60}), "SET lock_timeout = 54000") << "would end too soon";
    EXPECT_EQ(in_transaction(none), "SET lock_timeout = 0");
}

TEST_F(PostgresLockLimit, ARollbackUndoesWhatWasSet)
{
    limit_.begun();
    EXPECT_NE(in_transaction(seconds{10}), "");
    limit_.rolled_back();
    limit_.begun();
    EXPECT_EQ(in_transaction(seconds{10}), "SET lock_timeout = 9000");
    limit_.committed();
    limit_.begun();
    limit_.rolled_back();
    limit_.begun();
    EXPECT_EQ(in_transaction(seconds{10}), "");
}

TEST_F(PostgresLockLimit, AReaderMayWaitLongerButNotShorter)
{
    EXPECT_EQ(limit_.before_statement(seconds{10}, true, false), "");
    EXPECT_EQ(limit_.before_statement(milliseconds{100}, true, true), "SET lock_timeout = 90");
    limit_.committed();
    EXPECT_EQ(limit_.before_statement(milliseconds{50}, true, false), "");
    EXPECT_EQ(limit_.before_statement(seconds{10}, true, false), "SET lock_timeout = 9000");
}

TEST_F(PostgresLockLimit, WhatWasAskedForHoldsExactlyAndForTheTransactionAlone)
{
    limit_.begun();
    EXPECT_NE(in_transaction(seconds{10}), "");
    limit_.ask_for(milliseconds{50});
    EXPECT_EQ(in_transaction(seconds{10}), "SET LOCAL lock_timeout = 50");
    EXPECT_EQ(in_transaction(seconds{9}), "");
    limit_.ask_for(milliseconds{0});
    EXPECT_EQ(in_transaction(seconds{9}), "SET LOCAL lock_timeout = 1");
    limit_.ask_for(seconds{60});
    EXPECT_EQ(in_transaction(seconds{9}), "SET LOCAL lock_timeout = 8100") << "the deadline first";
    EXPECT_EQ(in_transaction(milliseconds{8900}), "");
    EXPECT_EQ(in_transaction(seconds{8}), "SET LOCAL lock_timeout = 7200") << "it comes nearer";
    limit_.ask_for(seconds{2});
    EXPECT_EQ(in_transaction(seconds{7}), "SET LOCAL lock_timeout = 2000");
    EXPECT_EQ(in_transaction(seconds{3}), "");
    EXPECT_EQ(in_transaction(seconds{2}), "SET LOCAL lock_timeout = 1800");
    limit_.ask_for(none);
    EXPECT_EQ(in_transaction(seconds{1}), "SET LOCAL lock_timeout = 900");
    limit_.committed();
    limit_.begun();
    EXPECT_EQ(in_transaction(seconds{10}), "") << "the session's is as before";
}

TEST_F(PostgresLockLimit, AloneItIsSetWithTheStatement)
{
    limit_.ask_for(milliseconds{50});
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(limit_.before_statement(none, true, true),
                  "SELECT pg_catalog.set_config('lock_timeout', '50', true)");
}

TEST_F(PostgresLockLimit, AfterASavepointNothingIsTakenForGranted)
{
    limit_.begun();
    EXPECT_NE(in_transaction(seconds{10}), "");
    limit_.went_back_to_savepoint();
    EXPECT_EQ(in_transaction(seconds{10}), "SET lock_timeout = 9000");
    limit_.went_back_to_savepoint();
    limit_.committed();
    limit_.begun();
    EXPECT_EQ(in_transaction(seconds{10}), "SET lock_timeout = 9000");
    limit_.ask_for(milliseconds{50});
    EXPECT_EQ(in_transaction(seconds{10}), "SET LOCAL lock_timeout = 50");
    limit_.went_back_to_savepoint();
    EXPECT_EQ(in_transaction(seconds{10}), "SET LOCAL lock_timeout = 50");
}

TEST_F(PostgresLockLimit, WhatTheServerCannotStoreIsNoLimit)
{
    limit_.begun();
    EXPECT_EQ(in_transaction(std::chrono::hours{24 * 365}), "");
    limit_.ask_for(std::chrono::hours{24 * 365});
    EXPECT_EQ(in_transaction(none), "");
}

}  // namespace
}  // namespace tiebreak::postgres
