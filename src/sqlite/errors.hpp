// What SQLite's result codes mean to the library: one literal table, one row a code.
#pragma once

#include <tiebreak/error.hpp>

#include <span>
#include <string_view>

struct sqlite3;

namespace tiebreak::sqlite {

// One row of the table. `committing` holds when the engine gave the transaction up in the middle
// of COMMIT: only where the commit record may already stand in the log is it `commit_unknown`.
struct meaning {
    int code;
    errc connecting;
    errc in_transaction;
    errc committing;
    char const* sentence;  // safe for clients
};

[[nodiscard]] std::span<meaning const> meanings() noexcept;

// The row of an extended code, else of its primary code, else of SQLITE_ERROR.
[[nodiscard]] meaning const& meaning_of(int extended_code) noexcept;

// The error for a result code; `spoken` is what the engine said.
[[nodiscard]] error make_error(int code, phase when, std::string_view spoken);

// The same, with what `of` says about its last call.
[[nodiscard]] error last_error(sqlite3* of, int code, phase when);

// Why a file could not be opened, from the system's error number; never an empty sentence.
[[nodiscard]] error opening_error(sqlite3* of, int code, std::string_view path);

}  // namespace tiebreak::sqlite
