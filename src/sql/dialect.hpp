// The few places where the engines' SQL differs. Text only; no connection, no state.
#pragma once

#include <tiebreak/capability.hpp>
#include <tiebreak/field_type.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tiebreak::sql {

// What a column is for; MariaDB's types depend on it (a TEXT cannot be a key).
struct column_use {
    bool indexed = false;        // in a key, a unique constraint or a reference
    bool generated_key = false;  // the database makes it
};

// How a SELECT holds the rows it finds, until the end of the transaction.
enum class row_lock : std::uint8_t {
    none,
    share,   // nobody else changes them
    update,  // nobody else changes or holds them
};

// What a SELECT with a lock does about a row that somebody else holds.
enum class if_held : std::uint8_t {
    wait,  // as long as connection::limit_lock_waits and the deadline allow
    fail,  // lock_timeout at once
    skip,  // passes over it; needs capability::skip_locked
};

// Thread-safe: constant after construction, one object for each engine.
class dialect {
public:
    dialect() = default;
    dialect(dialect const&) = delete;
    dialect& operator=(dialect const&) = delete;
    virtual ~dialect() = default;

    [[nodiscard]] virtual std::string_view engine() const noexcept = 0;  // "sqlite"
    [[nodiscard]] virtual bool supports(capability what) const noexcept = 0;

    // Appends an identifier, quoted; quotes inside it are doubled.
    virtual void identifier(std::string& out, std::string_view name) const = 0;

    // Appends the placeholder of the parameter `number`, counted from 1.
    virtual void placeholder(std::string& out, std::size_t number) const = 0;

    // Appends the database's clock, as a value of a time column.
    virtual void now(std::string& out) const = 0;

    // Appends the greater of the two, neither of which is NULL.
    virtual void greatest(std::string& out, std::string_view a, std::string_view b) const = 0;

    // Appends what makes a time later by the parameter that follows, in microseconds; `time` is
    // an expression of a time column's type.
    virtual void
    later(std::string& out, std::string_view time, std::string_view microseconds) const = 0;

    // Appends the number after a version that nobody has looked at before the statement. At
    // `highest` the statement fails with version_exhausted.
    virtual void
    next_version(std::string& out, std::string_view version, std::int64_t highest) const = 0;

    // Appends what follows a SELECT, LIMIT included, that holds its rows. Nothing on an engine
    // whose transactions hold the whole database.
    virtual void hold(std::string& out, row_lock how, if_held then) const = 0;

    // Appends what follows the columns of INSERT INTO t(…) VALUES(…) so that a row whose primary
    // or unique key is taken is passed over (and counted as 0), while other errors still come.
    // `key` is a quoted column of the primary key.
    virtual void unless_taken(std::string& out, std::string_view key) const = 0;

    // Makes an UPDATE that is about to be sent together with COMMIT fail when it does not match
    // exactly one row. Nothing on an engine that hears its answer before it sends COMMIT.
    virtual void exactly_one(std::string&) const {}

    // Appends what follows INSERT INTO t(…) VALUES(…) so that `statement::insert` can answer
    // the key. `key` is quoted.
    virtual void answering_key(std::string& out, std::string_view key) const = 0;

    // Appends the type of a column, without NOT NULL. For a generated key this is the whole of its
    // declaration, PRIMARY KEY included ("INTEGER PRIMARY KEY AUTOINCREMENT"): the table then has
    // no primary key clause.
    virtual void type(std::string& out, column_type what, column_use use) const = 0;

    // Appends what follows the closing parenthesis of CREATE TABLE.
    virtual void table_options(std::string& out) const = 0;
};

}  // namespace tiebreak::sql
