/// \file
/// Gives a table that is in use the version that Tiebreak checks, while old programs, which know
/// nothing of it, go on writing.
///
/// | the table has                         | what is done, in this order                          |
/// |---------------------------------------|------------------------------------------------------|
/// | no such column                        | one `ADD COLUMN … NOT NULL DEFAULT 1`                |
/// | a nullable integer, without a default | default 1, so that new rows have it (1); fill; NOT
/// NULL | | a nullable integer with a default     | fill with that default; NOT NULL | | an integer
/// NOT NULL without a default | default 1                                            | | an integer
/// NOT NULL with a default    | nothing                                              | | anything
/// else of that name            | refused, unchanged                                   |
///
/// (1) On SQLite together with NOT NULL, in the transaction that also fills what came meanwhile:
/// there one writer at a time makes that one step without a gap.
///
/// Every step stands on what the catalogue says when it begins, so after a kill at any point the
/// same call goes on where the last one was; two at the same time do no harm. No step waits for
/// the table for longer than `lock_wait`, because everybody else would queue up behind it: it steps
/// back and tries again, until `patience` is used up.
#pragma once

#include <tiebreak/database.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::schema {

/// How a table gets its version.
struct add_version_options {
    /// The column; a new one is made for the member type `tiebreak::version`, with 64 bits.
    std::string column = "version";
    /// Also makes a trigger that raises the version in every update that did not raise it itself:
    /// for programs that know nothing of it. Checked writes raise it, so nothing is added to them.
    bool guard = false;
    /// Columns that the guard leaves alone: an update that changes only these (and at least one)
    /// is not raised. What the mapping calls `unversioned`.
    std::vector<std::string> unversioned{};
    /// How long one try may wait for the table's lock, during which other statements may queue up
    /// behind it. MariaDB counts whole seconds, rounded up.
    std::chrono::milliseconds lock_wait{1'000};
    /// How long tries are repeated while nothing gets on; then `lock_timeout`.
    std::chrono::milliseconds patience{60'000};
    /// Only MariaDB, where some tables (for example with a FULLTEXT index) can only be changed by a
    /// copy: lets writers wait for as long as that takes. Such a table is refused without it.
    bool allow_blocking = false;
};

/// What is being done.
enum class version_step : std::uint8_t {
    add_column,
    set_default,
    fill,          ///< rows that hold NULL
    set_not_null,  ///< on SQLite together with the default
    make_guard,
};

/// Told of what happens. Whatever it throws ends the work at a point from which the same call goes
/// on; so may a program that was interrupted.
class version_watcher {
public:
    version_watcher() = default;
    version_watcher(version_watcher const&) = delete;
    version_watcher& operator=(version_watcher const&) = delete;
    virtual ~version_watcher() = default;

    /// A step begins.
    virtual void began(version_step) {}

    /// Between two batches of `fill`; `total` is how many rows held NULL at its beginning.
    virtual void filled(std::int64_t, std::int64_t) {}

    /// The table, or rows of it, are held by others: the next try comes after a pause.
    virtual void waits() {}
};

/// What `add_version` did.
struct added_version {
    std::vector<version_step> done{};  ///< nothing: all was right before
    std::int64_t rows_filled = 0;
    std::int64_t first = 1;  ///< the default: the version of a row that states none
    std::string guard{};     ///< the trigger's name, when one was asked for
};

/// Gives a table its version; see the head of this file.
/// \param table  as in a mapping: behind the table prefix of the database
/// \throws std::invalid_argument: an option is wrong, a name is empty or too long
/// \throws error `not_found`: no such table, or an `unversioned` column is not there;
///   `unsupported`: it is no table, or the column cannot be made a version (its type, generated,
///   part of a unique key); `unsafe_settings`: a table without transactions;
///   `lock_timeout`: the table was in use for longer than `patience`. Whatever was thrown, no step
///   is half done and the call can be repeated.
added_version add_version(database& in,
                          std::string_view table,
                          add_version_options const& options = {},
                          version_watcher* watcher = nullptr);

}  // namespace tiebreak::schema
