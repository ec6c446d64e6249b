// The table of error numbers: each row as it is written.
#include "mariadb/errors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <errmsg.h>
#include <mysqld_error.h>
#include <ostream>
#include <set>
#include <vector>

namespace tiebreak::mariadb {

void PrintTo(meaning const& row, std::ostream* out)
{
    *out << row.code << " " << row.sentence;
}

namespace {

class EveryMariaError : public testing::TestWithParam<meaning> {};

TEST_P(EveryMariaError, IsTranslatedByItsOwnRow)
{
    auto const& row = GetParam();
    auto const in = [&](moment when) { return make_error(row.code, when, "spoken"); };
    EXPECT_EQ(in(moment::connecting).code(), row.connecting);
    EXPECT_EQ(in(moment::connecting).when(), phase::connecting);
    EXPECT_EQ(in(moment::in_transaction).code(), row.in_transaction);
    EXPECT_EQ(in(moment::in_transaction).when(), phase::in_transaction);
    EXPECT_EQ(in(moment::alone).code(), row.alone);
    EXPECT_EQ(in(moment::committing).code(), row.committing);
    EXPECT_EQ(in(moment::committing).when(), phase::commit_sent);
    auto const e = in(moment::committing);
    EXPECT_STREQ(e.what(), row.sentence);
    EXPECT_EQ(e.server_message(), "MariaDB " + std::to_string(row.code) + ": spoken");
}

TEST_P(EveryMariaError, IsInDoubtOnlyWhereACommitWasSent)
{
    auto const& row = GetParam();
    EXPECT_NE(row.connecting, errc::commit_unknown);
    EXPECT_NE(row.in_transaction, errc::commit_unknown);
    if (row.alone != errc::commit_unknown) {
        EXPECT_EQ(row.alone, row.in_transaction);
        EXPECT_EQ(make_error(row.code, moment::alone, "").when(), phase::in_transaction);
    } else {
        EXPECT_EQ(row.committing, errc::commit_unknown) << "COMMIT is in doubt whenever this is";
        EXPECT_EQ(make_error(row.code, moment::alone, "").when(), phase::commit_sent);
    }
    if (row.committing != errc::commit_unknown) {
        EXPECT_EQ(row.committing, row.in_transaction);
    }
}

TEST_P(EveryMariaError, HasASentenceForPeople)
{
    std::string_view const sentence = GetParam().sentence;
    EXPECT_GT(sentence.size(), 15U);
    EXPECT_EQ(sentence.find("ER_"), std::string_view::npos);
    EXPECT_NE(sentence.back(), '.');
}

INSTANTIATE_TEST_SUITE_P(Table,
                         EveryMariaError,
                         testing::ValuesIn(meanings().begin(), meanings().end()),
                         [](auto const& of) { return "Code" + std::to_string(of.param.code); });

TEST(MariaError, NoneHasTwoRows)
{
    std::set<unsigned int> seen;
    for (auto const& row : meanings())
        EXPECT_TRUE(seen.insert(row.code).second) << row.code;
}

TEST(MariaError, OneWithoutARowIsAFailureAndInDoubtAfterCommit)
{
    EXPECT_EQ(make_error(9999, moment::connecting, "").code(), errc::backend_failure);
    EXPECT_EQ(make_error(9999, moment::in_transaction, "").code(), errc::backend_failure);
    EXPECT_EQ(make_error(9999, moment::alone, "").code(), errc::backend_failure);
    EXPECT_EQ(make_error(9999, moment::committing, "").code(), errc::commit_unknown);
}

TEST(MariaError, AfterTheseTheServerHasRolledBackAndGoesOn)
{
    std::vector<unsigned int> rolled_back;
    for (auto const& row : meanings())
        if (row.rolls_back && row.in_transaction == errc::transaction_aborted)
            rolled_back.push_back(row.code);
    EXPECT_EQ(rolled_back, (std::vector<unsigned int>{ER_LOCK_DEADLOCK, ER_CHECKREAD}));
}

TEST(MariaError, ALostConnectionIsInDoubtOnlyAfterAWriteOrCommit)
{
    for (unsigned int const code : {CR_SERVER_GONE_ERROR,
                                    CR_SERVER_LOST,
                                    ER_CONNECTION_KILLED,
                                    ER_SERVER_SHUTDOWN,
                                    ER_NET_READ_INTERRUPTED}) {
        EXPECT_EQ(make_error(code, moment::in_transaction, "").code(), errc::unavailable) << code;
        EXPECT_EQ(make_error(code, moment::alone, "").code(), errc::commit_unknown) << code;
        EXPECT_EQ(make_error(code, moment::committing, "").code(), errc::commit_unknown) << code;
    }
}

TEST(MariaError, AStatementThatWasEndedIsInDoubtOnlyWhileCommitting)
{
    for (unsigned int const code : {ER_QUERY_INTERRUPTED, ER_STATEMENT_TIMEOUT}) {
        EXPECT_NE(make_error(code, moment::alone, "").code(), errc::commit_unknown) << code;
        EXPECT_EQ(make_error(code, moment::committing, "").code(), errc::commit_unknown) << code;
    }
}

}  // namespace
}  // namespace tiebreak::mariadb
