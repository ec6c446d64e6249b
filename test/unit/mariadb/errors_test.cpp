// The table of error numbers: each row as it is written.
#include "mariadb/errors.hpp"
#include "support/meant_code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <errmsg.h>
#include <mysqld_error.h>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace tiebreak::mariadb {

void PrintTo(meaning const& row, std::ostream* out)
{
    *out << row.code << " " << row.sentence;
}

namespace {

// What each code means, written down a second time: while connecting, in the transaction, on its
// own, after COMMIT was sent.
struct meant_codes {
    errc connecting;
    errc in_transaction;
    errc alone;
    errc committing;
    std::vector<unsigned int> codes;
};

std::vector<meant_codes> const& all_meant()
{
    using enum errc;
    static std::vector<meant_codes> const all{
        {unavailable,
         transaction_aborted,
         transaction_aborted,
         transaction_aborted,
         {ER_LOCK_DEADLOCK, ER_CHECKREAD, ER_LOCK_ABORTED}},
        {unavailable, lock_timeout, lock_timeout, lock_timeout, {ER_LOCK_WAIT_TIMEOUT}},
        {unavailable,
         backend_failure,
         backend_failure,
         commit_unknown,
         {ER_LOCK_TABLE_FULL,
          ER_QUERY_INTERRUPTED,
          ER_DISK_FULL,
          ER_RECORD_FILE_FULL,
          ER_OUTOFMEMORY,
          ER_OUT_OF_RESOURCES}},
        {unavailable, deadline_exceeded, deadline_exceeded, commit_unknown, {ER_STATEMENT_TIMEOUT}},
        {backend_failure,
         already_exists,
         already_exists,
         already_exists,
         {ER_DUP_ENTRY,
          ER_DUP_ENTRY_WITH_KEY_NAME,
          ER_DUP_KEY,
          ER_DUP_UNIQUE,
          ER_DUP_UNKNOWN_IN_INDEX,
          ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO,
          ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO}},
        {backend_failure,
         constraint_violated,
         constraint_violated,
         constraint_violated,
         {ER_NO_REFERENCED_ROW,
          ER_ROW_IS_REFERENCED,
          ER_ROW_IS_REFERENCED_2,
          ER_NO_REFERENCED_ROW_2,
          ER_CONSTRAINT_FAILED,
          ER_SIGNAL_EXCEPTION,
          ER_BAD_NULL_ERROR,
          ER_INVALID_USE_OF_NULL,
          ER_NO_DEFAULT_FOR_FIELD,
          ER_WARN_DATA_OUT_OF_RANGE,
          ER_DATA_OUT_OF_RANGE,
          ER_DATETIME_FUNCTION_OVERFLOW,
          ER_DIVISION_BY_ZERO,
          WARN_DATA_TRUNCATED,
          ER_TRUNCATED_WRONG_VALUE,
          ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
          ER_WRONG_VALUE_FOR_TYPE,
          ER_DATA_TOO_LONG}},
        {backend_failure,
         backend_failure,
         backend_failure,
         backend_failure,
         {167,
          ER_AUTOINC_READ_FAILED,
          ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION,
          ER_OPEN_AS_READONLY,
          ER_CANT_UPDATE_WITH_READLOCK,
          ER_TABLEACCESS_DENIED_ERROR,
          ER_COLUMNACCESS_DENIED_ERROR,
          ER_SPECIFIC_ACCESS_DENIED_ERROR,
          ER_NO_SUCH_TABLE,
          ER_BAD_TABLE_ERROR,
          ER_BAD_FIELD_ERROR,
          ER_PARSE_ERROR,
          ER_WRONG_ARGUMENTS,
          ER_UNSUPPORTED_PS,
          ER_SP_DOES_NOT_EXIST,
          ER_TABLE_EXISTS_ERROR,
          ER_MAX_PREPARED_STMT_COUNT_REACHED,
          ER_WARNING_NOT_COMPLETE_ROLLBACK}},
        {unavailable,
         unavailable,
         unavailable,
         unavailable,
         {ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE, ER_USER_LIMIT_REACHED}},
        {unavailable,
         unavailable,
         unavailable,
         commit_unknown,
         {ER_CON_COUNT_ERROR,
          ER_TOO_MANY_USER_CONNECTIONS,
          ER_HOST_IS_BLOCKED,
          ER_UNKNOWN_COM_ERROR}},
        {backend_failure,
         backend_failure,
         backend_failure,
         commit_unknown,
         {ER_HOST_NOT_PRIVILEGED,
          ER_ACCESS_DENIED_ERROR,
          ER_ACCESS_DENIED_NO_PASSWORD_ERROR,
          ER_MUST_CHANGE_PASSWORD,
          ER_MUST_CHANGE_PASSWORD_LOGIN,
          ER_DBACCESS_DENIED_ERROR,
          ER_BAD_DB_ERROR,
          ER_NET_PACKET_TOO_LARGE,
          ER_UNKNOWN_ERROR}},
        {backend_failure,
         unsupported,
         unsupported,
         unsupported,
         {ER_ALTER_OPERATION_NOT_SUPPORTED, ER_ALTER_OPERATION_NOT_SUPPORTED_REASON}},
        {backend_failure,
         transaction_aborted,
         transaction_aborted,
         transaction_aborted,
         {ER_NEED_REPREPARE, ER_UNKNOWN_STMT_HANDLER, ER_TABLE_DEF_CHANGED}},
        {backend_failure,
         backend_failure,
         commit_unknown,
         commit_unknown,
         {ER_GET_ERRNO,
          ER_KEY_NOT_FOUND,
          ER_NOT_KEYFILE,
          ER_CRASHED_ON_USAGE,
          ER_ERROR_ON_WRITE,
          126,
          145,
          ER_ERROR_DURING_COMMIT,
          CR_NET_PACKET_TOO_LARGE,
          CR_AUTH_PLUGIN_CANNOT_LOAD,
          CR_AUTH_PLUGIN_ERR,
          CR_COMMANDS_OUT_OF_SYNC,
          CR_OUT_OF_MEMORY}},
        {unavailable,
         unavailable,
         commit_unknown,
         commit_unknown,
         {ER_SERVER_SHUTDOWN,          ER_CONNECTION_KILLED,     ER_ABORTING_CONNECTION,
          ER_NET_READ_ERROR_FROM_PIPE, ER_NET_FCNTL_ERROR,       ER_NET_PACKETS_OUT_OF_ORDER,
          ER_NET_UNCOMPRESS_ERROR,     ER_NET_READ_ERROR,        ER_NET_READ_INTERRUPTED,
          ER_NET_ERROR_ON_WRITE,       ER_NET_WRITE_INTERRUPTED, CR_SOCKET_CREATE_ERROR,
          CR_CONNECTION_ERROR,         CR_CONN_HOST_ERROR,       CR_UNKNOWN_HOST,
          CR_SERVER_GONE_ERROR,        CR_SERVER_HANDSHAKE_ERR,  CR_SERVER_LOST,
          CR_SERVER_LOST_EXTENDED,     CR_ERR_NET_READ,          CR_ERR_NET_WRITE}},
        {backend_failure,
         unavailable,
         commit_unknown,
         commit_unknown,
         {CR_MALFORMED_PACKET, CR_SSL_CONNECTION_ERROR}},
        {backend_failure,
         transaction_aborted,
         commit_unknown,
         commit_unknown,
         {CR_NEW_STMT_METADATA}},
    };
    return all;
}

class EveryMariaError : public testing::TestWithParam<meaning> {};

TEST_P(EveryMariaError, IsTranslatedToWhatItMeans)
{
    auto const& row = GetParam();
    auto const meant = test::line_that_names(row.code, all_meant());
    auto const in = [&](moment when) { return make_error(row.code, when, "spoken"); };
    EXPECT_EQ(in(moment::connecting).code(), meant.connecting);
    EXPECT_EQ(in(moment::connecting).when(), phase::connecting);
    EXPECT_EQ(in(moment::in_transaction).code(), meant.in_transaction);
    EXPECT_EQ(in(moment::in_transaction).when(), phase::in_transaction);
    EXPECT_EQ(in(moment::alone).code(), meant.alone);
    EXPECT_EQ(in(moment::committing).code(), meant.committing);
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

TEST(MariaError, EachThatIsToHaveARowHasOne)
{
    for (auto const& line : all_meant())
        for (auto const code : line.codes)
            EXPECT_EQ(std::ranges::count(meanings(), code, &meaning::code), 1) << code;
}

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

TEST(MariaError, OfTheMarkedCastIsAnExhaustedVersion)
{
    auto const marked =
        "Truncated incorrect INTEGER value: '" + std::string{version_exhausted_mark} + "'";
    for (auto const when : {moment::in_transaction, moment::alone}) {
        EXPECT_EQ(make_error(ER_TRUNCATED_WRONG_VALUE, when, marked).code(),
                  errc::version_exhausted);
        EXPECT_EQ(make_error(ER_TRUNCATED_WRONG_VALUE, when, "'x'").code(),
                  errc::constraint_violated);
        EXPECT_EQ(make_error(ER_DUP_ENTRY, when, marked).code(), errc::already_exists);
    }
}

TEST(MariaError, AfterTheseTheServerHasRolledBackAndGoesOn)
{
    std::vector<unsigned int> rolled_back;
    for (auto const& row : meanings())
        if (row.rolls_back && row.in_transaction == errc::transaction_aborted)
            rolled_back.push_back(row.code);
    EXPECT_EQ(rolled_back, (std::vector<unsigned int>{ER_LOCK_DEADLOCK, ER_CHECKREAD}));
}

TEST(MariaError, AfterTheseNothingOfTheTransactionIsLeft)
{
    std::set<unsigned int> rolled_back;
    for (auto const& row : meanings())
        if (row.rolls_back)
            rolled_back.insert(row.code);
    EXPECT_EQ(rolled_back,
              (std::set<unsigned int>{ER_LOCK_DEADLOCK,
                                      ER_CHECKREAD,
                                      ER_LOCK_TABLE_FULL,
                                      ER_CON_COUNT_ERROR,
                                      ER_TOO_MANY_USER_CONNECTIONS,
                                      ER_HOST_IS_BLOCKED,
                                      ER_HOST_NOT_PRIVILEGED,
                                      ER_ERROR_DURING_COMMIT,
                                      ER_WARNING_NOT_COMPLETE_ROLLBACK,
                                      ER_SERVER_SHUTDOWN,
                                      ER_CONNECTION_KILLED,
                                      ER_ABORTING_CONNECTION,
                                      ER_NET_PACKET_TOO_LARGE,
                                      ER_NET_READ_ERROR_FROM_PIPE,
                                      ER_NET_FCNTL_ERROR,
                                      ER_NET_PACKETS_OUT_OF_ORDER,
                                      ER_NET_UNCOMPRESS_ERROR,
                                      ER_NET_READ_ERROR,
                                      ER_NET_READ_INTERRUPTED,
                                      ER_NET_ERROR_ON_WRITE,
                                      ER_NET_WRITE_INTERRUPTED,
                                      CR_SOCKET_CREATE_ERROR,
                                      CR_CONNECTION_ERROR,
                                      CR_CONN_HOST_ERROR,
                                      CR_UNKNOWN_HOST,
                                      CR_SERVER_GONE_ERROR,
                                      CR_SERVER_HANDSHAKE_ERR,
                                      CR_SERVER_LOST,
                                      CR_SERVER_LOST_EXTENDED,
                                      CR_ERR_NET_READ,
                                      CR_ERR_NET_WRITE,
                                      CR_NET_PACKET_TOO_LARGE,
                                      CR_MALFORMED_PACKET,
                                      CR_SSL_CONNECTION_ERROR,
                                      CR_AUTH_PLUGIN_CANNOT_LOAD,
                                      CR_AUTH_PLUGIN_ERR,
                                      CR_COMMANDS_OUT_OF_SYNC,
                                      CR_OUT_OF_MEMORY}));
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
