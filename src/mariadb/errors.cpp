// The literal table of error numbers.
#include "mariadb/errors.hpp"

#include <algorithm>
#include <array>
#include <errmsg.h>
#include <mysqld_error.h>
#include <string>

namespace tiebreak::mariadb {

namespace {

constexpr auto aborted = errc::transaction_aborted;
constexpr auto exists = errc::already_exists;
constexpr auto failure = errc::backend_failure;
constexpr auto late = errc::deadline_exceeded;
constexpr auto locked = errc::lock_timeout;
constexpr auto unavailable = errc::unavailable;
constexpr auto unknown = errc::commit_unknown;
constexpr auto unsupported = errc::unsupported;
constexpr auto violated = errc::constraint_violated;

constexpr bool open = false;  // the transaction after the error
constexpr bool gone = true;

constexpr char const* taken_text = "a unique or primary key is already taken";
constexpr char const* reference_text = "a reference to another row was violated";
constexpr char const* missing_text = "a value that must be present is missing";
constexpr char const* range_text = "a value is outside of the range of its column or type";
constexpr char const* value_text = "a value does not fit the type of its column";
constexpr char const* read_only_text = "the database server accepts no writes";
constexpr char const* crowded_text = "the database server accepts no further connections";
constexpr char const* login_text = "the database server refused user or password";
constexpr char const* permission_text = "the database user lacks a permission";
constexpr char const* schema_text = "the database has no such table or column";
constexpr char const* statement_text = "the database refused a statement";
constexpr char const* reach_text = "the database server cannot be reached";
constexpr char const* lost_text = "the connection to the database was lost";
constexpr char const* closing_text = "the database server ended the connection";
constexpr char const* memory_text = "the database server lacks memory or other resources";
constexpr char const* damaged_text = "the database reported damage or an error of its storage";
constexpr char const* changed_text = "the tables changed meanwhile";
constexpr char const* copy_text =
    "the database cannot change this table in the way that was asked for";
constexpr char const* large_text = "a value or a statement is larger than the server accepts";
constexpr char const* client_text = "the database client library was used wrongly";

// A server's error before the commit leaves nothing behind; where the number can also come from
// the commit itself, or the connection is over, nobody knows: `unknown`.
constexpr std::array table{
    // number, connecting, in the transaction, on its own, COMMIT sent, transaction, sentence
    meaning{ER_LOCK_DEADLOCK,
            unavailable,
            aborted,
            aborted,
            aborted,
            gone,
            "two transactions waited for each other, this one was rolled back"},
    meaning{ER_CHECKREAD,
            unavailable,
            aborted,
            aborted,
            aborted,
            gone,
            "the data changed after the transaction had read it"},
    meaning{ER_LOCK_WAIT_TIMEOUT,
            unavailable,
            locked,
            locked,
            locked,
            open,
            "another transaction did not give way in time"},
    meaning{ER_LOCK_ABORTED,
            unavailable,
            aborted,
            aborted,
            aborted,
            open,
            "the wait for a lock was ended by a higher priority"},
    meaning{ER_LOCK_TABLE_FULL,
            unavailable,
            failure,
            failure,
            unknown,
            gone,
            "the transaction holds more locks than the server has room for"},
    meaning{ER_QUERY_INTERRUPTED,
            unavailable,
            failure,
            failure,
            unknown,
            open,
            "the statement was ended from outside"},
    meaning{ER_STATEMENT_TIMEOUT,
            unavailable,
            late,
            late,
            unknown,
            open,
            "the time for the statement was used up"},

    meaning{ER_DUP_ENTRY, failure, exists, exists, exists, open, taken_text},
    meaning{ER_DUP_ENTRY_WITH_KEY_NAME, failure, exists, exists, exists, open, taken_text},
    meaning{ER_DUP_KEY, failure, exists, exists, exists, open, taken_text},
    meaning{ER_DUP_UNIQUE, failure, exists, exists, exists, open, taken_text},
    meaning{ER_DUP_UNKNOWN_IN_INDEX, failure, exists, exists, exists, open, taken_text},
    meaning{ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO,
            failure,
            exists,
            exists,
            exists,
            open,
            taken_text},
    meaning{ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO,
            failure,
            exists,
            exists,
            exists,
            open,
            taken_text},
    meaning{ER_NO_REFERENCED_ROW, failure, violated, violated, violated, open, reference_text},
    meaning{ER_ROW_IS_REFERENCED, failure, violated, violated, violated, open, reference_text},
    meaning{ER_ROW_IS_REFERENCED_2, failure, violated, violated, violated, open, reference_text},
    meaning{ER_NO_REFERENCED_ROW_2, failure, violated, violated, violated, open, reference_text},
    meaning{
        ER_CONSTRAINT_FAILED, failure, violated, violated, violated, open, "a check was violated"},
    meaning{ER_SIGNAL_EXCEPTION,
            failure,
            violated,
            violated,
            violated,
            open,
            "a rule of the database was violated"},
    meaning{ER_BAD_NULL_ERROR, failure, violated, violated, violated, open, missing_text},
    meaning{ER_INVALID_USE_OF_NULL, failure, violated, violated, violated, open, missing_text},
    meaning{ER_NO_DEFAULT_FOR_FIELD, failure, violated, violated, violated, open, missing_text},
    meaning{ER_WARN_DATA_OUT_OF_RANGE, failure, violated, violated, violated, open, range_text},
    meaning{ER_DATA_OUT_OF_RANGE, failure, violated, violated, violated, open, range_text},
    meaning{ER_DATETIME_FUNCTION_OVERFLOW, failure, violated, violated, violated, open, range_text},
    meaning{ER_DIVISION_BY_ZERO,
            failure,
            violated,
            violated,
            violated,
            open,
            "a number was divided by zero"},
    meaning{WARN_DATA_TRUNCATED, failure, violated, violated, violated, open, value_text},
    meaning{ER_TRUNCATED_WRONG_VALUE, failure, violated, violated, violated, open, value_text},
    meaning{ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
            failure,
            violated,
            violated,
            violated,
            open,
            value_text},
    meaning{ER_WRONG_VALUE_FOR_TYPE, failure, violated, violated, violated, open, value_text},
    meaning{ER_DATA_TOO_LONG,
            failure,
            violated,
            violated,
            violated,
            open,
            "a text or blob is too long for its column"},
    meaning{167, failure, failure, failure, failure, open, "the table has no further keys to give"},
    meaning{ER_AUTOINC_READ_FAILED,
            failure,
            failure,
            failure,
            failure,
            open,
            "the table has no further keys to give"},

    meaning{ER_OPTION_PREVENTS_STATEMENT,
            unavailable,
            unavailable,
            unavailable,
            unavailable,
            open,
            read_only_text},
    meaning{ER_READ_ONLY_MODE,
            unavailable,
            unavailable,
            unavailable,
            unavailable,
            open,
            read_only_text},
    meaning{ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION,
            failure,
            failure,
            failure,
            failure,
            open,
            "nothing can be written in a reading transaction"},
    meaning{ER_OPEN_AS_READONLY, failure, failure, failure, failure, open, "a table is read-only"},
    meaning{ER_CANT_UPDATE_WITH_READLOCK,
            failure,
            failure,
            failure,
            failure,
            open,
            "the tables are locked against writes"},

    meaning{ER_CON_COUNT_ERROR, unavailable, unavailable, unavailable, unknown, gone, crowded_text},
    meaning{ER_TOO_MANY_USER_CONNECTIONS,
            unavailable,
            unavailable,
            unavailable,
            unknown,
            gone,
            crowded_text},
    meaning{ER_USER_LIMIT_REACHED,
            unavailable,
            unavailable,
            unavailable,
            unavailable,
            open,
            "the limits of the database user are used up"},
    meaning{ER_HOST_IS_BLOCKED,
            unavailable,
            unavailable,
            unavailable,
            unknown,
            gone,
            "the database server has blocked this machine after failed connections"},
    meaning{ER_HOST_NOT_PRIVILEGED,
            failure,
            failure,
            failure,
            unknown,
            gone,
            "the database server does not accept this machine"},
    meaning{ER_ACCESS_DENIED_ERROR, failure, failure, failure, unknown, open, login_text},
    meaning{
        ER_ACCESS_DENIED_NO_PASSWORD_ERROR, failure, failure, failure, unknown, open, login_text},
    meaning{ER_MUST_CHANGE_PASSWORD,
            failure,
            failure,
            failure,
            unknown,
            open,
            "the password of the database user has expired"},
    meaning{ER_MUST_CHANGE_PASSWORD_LOGIN,
            failure,
            failure,
            failure,
            unknown,
            open,
            "the password of the database user has expired"},
    meaning{ER_DBACCESS_DENIED_ERROR,
            failure,
            failure,
            failure,
            unknown,
            open,
            "the database user has no access to the database"},
    meaning{ER_BAD_DB_ERROR,
            failure,
            failure,
            failure,
            unknown,
            open,
            "the server has no database of this name"},
    meaning{ER_TABLEACCESS_DENIED_ERROR, failure, failure, failure, failure, open, permission_text},
    meaning{
        ER_COLUMNACCESS_DENIED_ERROR, failure, failure, failure, failure, open, permission_text},
    meaning{
        ER_SPECIFIC_ACCESS_DENIED_ERROR, failure, failure, failure, failure, open, permission_text},

    meaning{ER_NO_SUCH_TABLE, failure, failure, failure, failure, open, schema_text},
    meaning{ER_BAD_TABLE_ERROR, failure, failure, failure, failure, open, schema_text},
    meaning{ER_BAD_FIELD_ERROR, failure, failure, failure, failure, open, schema_text},
    meaning{ER_PARSE_ERROR,
            failure,
            failure,
            failure,
            failure,
            open,
            "the database does not understand a statement"},
    meaning{ER_ALTER_OPERATION_NOT_SUPPORTED,
            failure,
            unsupported,
            unsupported,
            unsupported,
            open,
            copy_text},
    meaning{ER_ALTER_OPERATION_NOT_SUPPORTED_REASON,
            failure,
            unsupported,
            unsupported,
            unsupported,
            open,
            copy_text},
    meaning{ER_WRONG_ARGUMENTS, failure, failure, failure, failure, open, statement_text},
    meaning{ER_UNSUPPORTED_PS, failure, failure, failure, failure, open, statement_text},
    meaning{ER_SP_DOES_NOT_EXIST,
            failure,
            failure,
            failure,
            failure,
            open,
            "the database has no such savepoint, function or procedure"},
    meaning{ER_TABLE_EXISTS_ERROR,
            failure,
            failure,
            failure,
            failure,
            open,
            "a table of this name exists already"},
    meaning{ER_MAX_PREPARED_STMT_COUNT_REACHED,
            failure,
            failure,
            failure,
            failure,
            open,
            "the server keeps as many prepared statements as it may"},
    meaning{ER_NEED_REPREPARE, failure, aborted, aborted, aborted, open, changed_text},
    meaning{ER_UNKNOWN_STMT_HANDLER, failure, aborted, aborted, aborted, open, changed_text},
    meaning{ER_TABLE_DEF_CHANGED, failure, aborted, aborted, aborted, open, changed_text},

    meaning{ER_DISK_FULL, unavailable, failure, failure, unknown, open, "the disk is full"},
    meaning{ER_RECORD_FILE_FULL,
            unavailable,
            failure,
            failure,
            unknown,
            open,
            "a table or the disk is full"},
    meaning{ER_OUTOFMEMORY, unavailable, failure, failure, unknown, open, memory_text},
    meaning{ER_OUT_OF_RESOURCES, unavailable, failure, failure, unknown, open, memory_text},
    meaning{ER_GET_ERRNO, failure, failure, unknown, unknown, open, damaged_text},
    meaning{ER_KEY_NOT_FOUND, failure, failure, unknown, unknown, open, damaged_text},
    meaning{ER_NOT_KEYFILE, failure, failure, unknown, unknown, open, damaged_text},
    meaning{ER_CRASHED_ON_USAGE, failure, failure, unknown, unknown, open, damaged_text},
    meaning{ER_ERROR_ON_WRITE, failure, failure, unknown, unknown, open, damaged_text},
    meaning{126, failure, failure, unknown, unknown, open, damaged_text},
    meaning{145, failure, failure, unknown, unknown, open, damaged_text},

    // 6 of 24 commits that a cluster answered so were there after all
    meaning{ER_ERROR_DURING_COMMIT,
            failure,
            failure,
            unknown,
            unknown,
            gone,
            "the database failed in the middle of a commit"},
    meaning{ER_WARNING_NOT_COMPLETE_ROLLBACK,
            failure,
            failure,
            failure,
            failure,
            gone,
            "a table without transactions was written, which cannot be rolled back"},
    meaning{ER_UNKNOWN_COM_ERROR,
            unavailable,
            unavailable,
            unavailable,
            unknown,
            open,
            "the node of the cluster does not accept work"},

    meaning{ER_SERVER_SHUTDOWN, unavailable, unavailable, unknown, unknown, gone, closing_text},
    meaning{ER_CONNECTION_KILLED, unavailable, unavailable, unknown, unknown, gone, closing_text},
    meaning{ER_ABORTING_CONNECTION, unavailable, unavailable, unknown, unknown, gone, closing_text},
    meaning{ER_NET_PACKET_TOO_LARGE, failure, failure, failure, unknown, gone, large_text},
    meaning{
        ER_NET_READ_ERROR_FROM_PIPE, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{ER_NET_FCNTL_ERROR, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{
        ER_NET_PACKETS_OUT_OF_ORDER, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{ER_NET_UNCOMPRESS_ERROR, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{ER_NET_READ_ERROR, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{ER_NET_READ_INTERRUPTED, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{ER_NET_ERROR_ON_WRITE, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{ER_NET_WRITE_INTERRUPTED, unavailable, unavailable, unknown, unknown, gone, lost_text},

    // the client library's own
    meaning{CR_SOCKET_CREATE_ERROR, unavailable, unavailable, unknown, unknown, gone, reach_text},
    meaning{CR_CONNECTION_ERROR, unavailable, unavailable, unknown, unknown, gone, reach_text},
    meaning{CR_CONN_HOST_ERROR, unavailable, unavailable, unknown, unknown, gone, reach_text},
    meaning{CR_UNKNOWN_HOST,
            unavailable,
            unavailable,
            unknown,
            unknown,
            gone,
            "the name of the database server is not known"},
    meaning{CR_SERVER_GONE_ERROR, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{CR_SERVER_HANDSHAKE_ERR, unavailable, unavailable, unknown, unknown, gone, reach_text},
    meaning{CR_SERVER_LOST, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{CR_SERVER_LOST_EXTENDED, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{CR_ERR_NET_READ, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{CR_ERR_NET_WRITE, unavailable, unavailable, unknown, unknown, gone, lost_text},
    meaning{CR_NET_PACKET_TOO_LARGE, failure, failure, unknown, unknown, gone, large_text},
    meaning{CR_MALFORMED_PACKET,
            failure,
            unavailable,
            unknown,
            unknown,
            gone,
            "the database server sent what cannot be understood"},
    meaning{CR_SSL_CONNECTION_ERROR,
            failure,
            unavailable,
            unknown,
            unknown,
            gone,
            "an encrypted connection to the database could not be made"},
    meaning{CR_AUTH_PLUGIN_CANNOT_LOAD,
            failure,
            failure,
            unknown,
            unknown,
            gone,
            "the server asks for a way of login that is not installed here"},
    meaning{CR_AUTH_PLUGIN_ERR, failure, failure, unknown, unknown, gone, login_text},
    meaning{CR_NEW_STMT_METADATA, failure, aborted, unknown, unknown, open, changed_text},
    meaning{CR_COMMANDS_OUT_OF_SYNC, failure, failure, unknown, unknown, gone, client_text},
    meaning{CR_OUT_OF_MEMORY, failure, failure, unknown, unknown, gone, client_text},

    // every other number
    meaning{ER_UNKNOWN_ERROR, failure, failure, failure, unknown, open, statement_text},
};

}  // namespace

std::span<meaning const> meanings() noexcept
{
    return table;
}

meaning const& meaning_of(unsigned int code) noexcept
{
    auto const* found = std::ranges::find(table, code, &meaning::code);
    return found == table.end() ? table.back() : *found;
}

error make_error(unsigned int code, moment when, std::string_view spoken)
{
    meaning const& row = meaning_of(code);
    errc what = row.in_transaction;
    phase seen = phase::in_transaction;
    switch (when) {
    case moment::in_transaction: break;
    case moment::connecting:
        what = row.connecting;
        seen = phase::connecting;
        break;
    case moment::alone:
        what = row.alone;
        seen = what == errc::commit_unknown ? phase::commit_sent : phase::in_transaction;
        break;
    case moment::committing:
        what = row.committing;
        seen = phase::commit_sent;
        break;
    }
    auto const* sentence = row.sentence;
    if (code == ER_TRUNCATED_WRONG_VALUE &&
        spoken.find(version_exhausted_mark) != std::string_view::npos) {
        what = errc::version_exhausted;
        sentence = "the version of a row is at its maximum";
    }
    return error(what, sentence, "MariaDB " + std::to_string(code) + ": " + std::string(spoken))
        .seen_in(seen);
}

}  // namespace tiebreak::mariadb
