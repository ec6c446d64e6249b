// The table of result codes, and the sentences for a file that cannot be opened.
#include "sqlite/errors.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace tiebreak::sqlite {

namespace {

constexpr auto aborted = errc::transaction_aborted;
constexpr auto exists = errc::already_exists;
constexpr auto exhausted = errc::version_exhausted;
constexpr auto failure = errc::backend_failure;
constexpr auto late = errc::deadline_exceeded;
constexpr auto locked = errc::lock_timeout;
constexpr auto unavailable = errc::unavailable;
constexpr auto unknown = errc::commit_unknown;
constexpr auto unsafe = errc::unsafe_settings;
constexpr auto violated = errc::constraint_violated;

constexpr char const* busy_text = "another writer did not give way in time";
constexpr char const* disk_text = "the disk or the file system reported an error";
constexpr char const* read_only_text = "the database file is read-only";
constexpr char const* damaged_text = "the database file is damaged";
constexpr char const* open_text = "the database file cannot be opened";
constexpr char const* taken_text = "a unique or primary key is already taken";
constexpr char const* memory_text = "there is not enough memory";
constexpr char const* log_text = "the shared index of the write-ahead log cannot be used";
constexpr char const* gone_text = "the transaction was rolled back by the database";

// COMMIT writes the frames of the log, flushes them, then extends the shared index, in this order.
// A failed write leaves no commit record; a failed flush, a failure of the shared index or of
// memory may leave one that a later recovery would find: those rows say `unknown`.
constexpr std::array table{
    // code, connecting, in the transaction, in the middle of COMMIT
    meaning{SQLITE_ERROR, failure, failure, failure, "the database refused a statement"},
    meaning{SQLITE_ERROR_MISSING_COLLSEQ,
            failure,
            failure,
            failure,
            "the database uses a collating sequence that is not known here"},
    meaning{
        SQLITE_ERROR_SNAPSHOT, aborted, aborted, aborted, "the snapshot is no longer available"},
    meaning{SQLITE_INTERNAL, failure, failure, unknown, "the database engine failed"},
    meaning{SQLITE_PERM, failure, failure, failure, "the database file refused access"},
    meaning{SQLITE_ABORT, aborted, aborted, aborted, gone_text},
    meaning{SQLITE_ABORT_ROLLBACK, aborted, aborted, aborted, gone_text},
    meaning{SQLITE_BUSY, unavailable, locked, locked, busy_text},
    meaning{SQLITE_BUSY_RECOVERY,
            unavailable,
            locked,
            locked,
            "another process is recovering the database"},
    meaning{SQLITE_BUSY_SNAPSHOT,
            unavailable,
            aborted,
            aborted,
            "the data changed after the transaction had read it"},
    meaning{SQLITE_BUSY_TIMEOUT, unavailable, locked, locked, busy_text},
    meaning{SQLITE_LOCKED,
            failure,
            failure,
            failure,
            "a statement of the same connection is in the way"},
    meaning{SQLITE_LOCKED_SHAREDCACHE,
            unsafe,
            unsafe,
            unsafe,
            "the database is opened with a shared cache, which is not supported"},
    meaning{SQLITE_LOCKED_VTAB,
            failure,
            failure,
            failure,
            "a statement of the same connection is in the way"},
    meaning{SQLITE_NOMEM, failure, failure, unknown, memory_text},
    meaning{SQLITE_READONLY, unsafe, failure, failure, read_only_text},
    meaning{SQLITE_READONLY_RECOVERY, unsafe, failure, failure, read_only_text},
    meaning{SQLITE_READONLY_CANTLOCK, unsafe, failure, failure, read_only_text},
    meaning{SQLITE_READONLY_ROLLBACK, unsafe, failure, failure, read_only_text},
    meaning{SQLITE_READONLY_DBMOVED,
            failure,
            failure,
            failure,
            "the database file was moved or removed while it was in use"},
    meaning{SQLITE_READONLY_CANTINIT, unsafe, failure, failure, read_only_text},
    meaning{SQLITE_READONLY_DIRECTORY,
            unsafe,
            failure,
            failure,
            "the directory of the database file is read-only"},
    meaning{SQLITE_INTERRUPT, late, late, late, "the time for the statement was used up"},
    meaning{SQLITE_IOERR, failure, failure, unknown, disk_text},
    meaning{SQLITE_IOERR_READ, failure, failure, failure, disk_text},
    meaning{SQLITE_IOERR_SHORT_READ, failure, failure, failure, disk_text},
    meaning{SQLITE_IOERR_WRITE,
            failure,
            failure,
            failure,
            "the disk or the file system refused a write"},
    meaning{SQLITE_IOERR_FSYNC,
            failure,
            failure,
            unknown,
            "the disk or the file system failed to flush"},
    meaning{SQLITE_IOERR_DIR_FSYNC,
            failure,
            failure,
            unknown,
            "the disk or the file system failed to flush"},
    meaning{SQLITE_IOERR_TRUNCATE, failure, failure, unknown, disk_text},
    meaning{SQLITE_IOERR_SHMOPEN, failure, failure, failure, log_text},
    meaning{SQLITE_IOERR_SHMSIZE, failure, failure, unknown, log_text},
    meaning{SQLITE_IOERR_SHMLOCK, failure, failure, unknown, log_text},
    meaning{SQLITE_IOERR_SHMMAP, failure, failure, unknown, log_text},
    meaning{SQLITE_IOERR_NOMEM, failure, failure, unknown, memory_text},
    meaning{SQLITE_IOERR_CORRUPTFS, failure, failure, unknown, "the file system is damaged"},
    meaning{SQLITE_CORRUPT, failure, failure, failure, damaged_text},
    meaning{SQLITE_CORRUPT_VTAB, failure, failure, failure, damaged_text},
    meaning{SQLITE_CORRUPT_SEQUENCE, failure, failure, failure, damaged_text},
    meaning{SQLITE_CORRUPT_INDEX,
            failure,
            failure,
            failure,
            "an index of the database file is damaged"},
    meaning{SQLITE_FULL, failure, failure, failure, "the disk or the database is full"},
    meaning{SQLITE_CANTOPEN, unavailable, failure, failure, open_text},
    meaning{SQLITE_CANTOPEN_ISDIR,
            unavailable,
            failure,
            failure,
            "the path of the database is a directory"},
    meaning{SQLITE_CANTOPEN_FULLPATH, unavailable, failure, failure, open_text},
    meaning{SQLITE_CANTOPEN_SYMLINK, unavailable, failure, failure, open_text},
    meaning{SQLITE_PROTOCOL,
            unavailable,
            unavailable,
            unavailable,
            "the locks of the database could not be had"},
    meaning{SQLITE_SCHEMA, aborted, aborted, aborted, "the tables changed meanwhile"},
    meaning{SQLITE_TOOBIG, failure, failure, failure, "a value or a statement is too large"},
    meaning{SQLITE_CONSTRAINT, violated, violated, violated, "a constraint was violated"},
    meaning{SQLITE_CONSTRAINT_CHECK, violated, violated, violated, "a check was violated"},
    meaning{SQLITE_CONSTRAINT_FOREIGNKEY,
            violated,
            violated,
            violated,
            "a reference to another row was violated"},
    meaning{SQLITE_CONSTRAINT_FUNCTION,
            exhausted,
            exhausted,
            exhausted,
            "the version of a row is at its maximum"},
    meaning{SQLITE_CONSTRAINT_NOTNULL,
            violated,
            violated,
            violated,
            "a value that must be present is missing"},
    meaning{SQLITE_CONSTRAINT_PRIMARYKEY, exists, exists, exists, taken_text},
    meaning{SQLITE_CONSTRAINT_TRIGGER,
            violated,
            violated,
            violated,
            "a rule of the database was violated"},
    meaning{SQLITE_CONSTRAINT_UNIQUE, exists, exists, exists, taken_text},
    meaning{SQLITE_CONSTRAINT_ROWID, exists, exists, exists, taken_text},
    meaning{SQLITE_CONSTRAINT_DATATYPE,
            violated,
            violated,
            violated,
            "a value does not fit the type of its column"},
    meaning{SQLITE_MISMATCH,
            violated,
            violated,
            violated,
            "a value does not fit the type of its column"},
    meaning{SQLITE_MISUSE, failure, failure, failure, "the database engine was used wrongly"},
    meaning{SQLITE_NOLFS,
            failure,
            failure,
            failure,
            "the file system does not allow files of this size"},
    meaning{SQLITE_AUTH, failure, failure, failure, "the database refused a statement"},
    meaning{
        SQLITE_RANGE, failure, failure, failure, "a statement has another number of parameters"},
    meaning{SQLITE_NOTADB, failure, failure, failure, "the database file is not a SQLite database"},
};

[[nodiscard]] meaning const* row_of(int code) noexcept
{
    auto const* found = std::ranges::find(table, code, &meaning::code);
    return found == table.end() ? nullptr : found;
}

[[nodiscard]] std::string said(int code, std::string_view spoken)
{
    return "SQLite " + std::to_string(code) + ": " + std::string(spoken);
}

// CANTOPEN says nothing about the cause; the system's error number does.
[[nodiscard]] char const* why_not_opened(int system_error, std::filesystem::path const& path)
{
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        return "the path of the database is a directory";
    auto const parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    switch (system_error) {
    case EACCES:
    case EPERM: return "there is no permission to open the database file";
    case ENOENT:
    case ENOTDIR:
        return std::filesystem::is_directory(parent, ignored)
                   ? "there is no database file at this path"
                   : "the directory of the database file does not exist";
    case EROFS: return "the file system of the database file is read-only";
    case ENAMETOOLONG: return "the path of the database file is too long";
    case EMFILE:
    case ENFILE: return "too many files are open";
    default: return open_text;
    }
}

}  // namespace

std::span<meaning const> meanings() noexcept
{
    return table;
}

meaning const& meaning_of(int extended_code) noexcept
{
    if (auto const* exact = row_of(extended_code))
        return *exact;
    if (auto const* primary = row_of(extended_code & 0xff))
        return *primary;
    return table.front();
}

error make_error(int code, phase when, std::string_view spoken)
{
    meaning const& row = meaning_of(code);
    errc const what = when == phase::connecting       ? row.connecting
                      : when == phase::in_transaction ? row.in_transaction
                                                      : row.committing;
    return error(what, row.sentence, said(code, spoken)).seen_in(when);
}

error last_error(sqlite3* of, int code, phase when)
{
    return make_error(code, when, of == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(of));
}

error opening_error(sqlite3* of, int code, std::string_view path)
{
    auto const spoken =
        std::string(path) + ": " + (of == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(of));
    if ((code & 0xff) != SQLITE_CANTOPEN || of == nullptr)
        return make_error(code, phase::connecting, spoken);
    auto const* sentence = why_not_opened(sqlite3_system_errno(of), std::filesystem::path(path));
    return error(meaning_of(code).connecting, sentence, said(code, spoken))
        .seen_in(phase::connecting);
}

}  // namespace tiebreak::sqlite
