// What PostgreSQL's SQLSTATEs mean to the library: one literal table, one row a code or a class.
#pragma once

#include <tiebreak/error.hpp>

#include <span>
#include <string>
#include <string_view>

struct pg_conn;
struct pg_result;

namespace tiebreak::postgres {

// What a statement is made to say when the version of a row is at its maximum: a cast of this text
// to a number, which the server refuses and quotes.
constexpr std::string_view version_exhausted_mark = "tiebreak: version exhausted";

// One row of the table. `code` is a SQLSTATE, its class (two characters), empty for a connection
// that was lost without a word, or "*" for all that has no row. `committing` holds for an ERROR
// that the server sent while COMMIT (or a statement that commits on its own) was under way: the
// transaction was surely rolled back, unless the row says `commit_unknown`.
struct meaning {
    std::string_view code;
    errc connecting;
    errc in_transaction;
    errc committing;
    char const* sentence;  // safe for clients
};

[[nodiscard]] std::span<meaning const> meanings() noexcept;

// The row of a code, else of its class, else "*".
[[nodiscard]] meaning const& meaning_of(std::string_view code) noexcept;

// The error for a code; `spoken` is what the server said.
[[nodiscard]] error make_error(std::string_view code, phase when, std::string_view spoken);

// The error of a failed result. A server that ends the session (FATAL, PANIC) while COMMIT is under
// way says nothing definite about it.
[[nodiscard]] error make_error(pg_result const* failed, phase when);

// The error of a connection that could not be made. libpq gives no SQLSTATE here except inside the
// text, which needs PQERRORS_VERBOSE.
[[nodiscard]] error connecting_error(pg_conn const* failed, bool while_encrypting);

[[nodiscard]] std::string_view code_of(pg_result const* failed) noexcept;

// True when the server has ended the session with it.
[[nodiscard]] bool ends_session(pg_result const* failed) noexcept;

// True for a session that the server ended because it idled: what was sent then had not arrived.
[[nodiscard]] bool is_end_of_idling(std::string_view code) noexcept;

// The error of a session that ended; `code` is the server's last word, if it had one.
[[nodiscard]] error lost_error(std::string_view code, phase when, std::string_view spoken);

// True when a prepared statement is not valid any more, and would be if prepared anew.
[[nodiscard]] bool is_stale_plan(pg_result const* failed) noexcept;

// What `is_stale_plan` means inside a transaction.
[[nodiscard]] error stale_plan_error(pg_result const* failed);

}  // namespace tiebreak::postgres
