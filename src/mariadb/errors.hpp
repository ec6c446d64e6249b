// What the error numbers of MariaDB and its client mean to the library: one literal table.
#pragma once

#include <tiebreak/error.hpp>

#include <span>
#include <string_view>

struct st_mysql;

namespace tiebreak::mariadb {

// What a statement is made to say when the version of a row is at its maximum: a cast of this text
// to a number, which strict mode refuses and quotes.
constexpr std::string_view version_exhausted_mark = "tiebreak: version exhausted";

// Where a statement was when it failed; decides before the number does.
enum class moment : std::uint8_t {
    connecting,
    in_transaction,  // also: a statement that only reads
    alone,           // a writing statement that commits on its own
    committing,      // COMMIT was sent
};

// One row of the table. SQLSTATE is no help: 1205 and 1020 both say HY000.
struct meaning {
    unsigned int code;
    errc connecting;
    errc in_transaction;
    errc alone;
    errc committing;
    bool rolls_back;       // the server has already rolled back all of the transaction
    char const* sentence;  // safe for clients
};

[[nodiscard]] std::span<meaning const> meanings() noexcept;

// The row of a number. One that is not listed is taken for the last row: a failure, in doubt when
// it came after COMMIT was sent.
[[nodiscard]] meaning const& meaning_of(unsigned int code) noexcept;

// The error for a number; `spoken` is what the server or the client library said.
[[nodiscard]] error make_error(unsigned int code, moment when, std::string_view spoken);

}  // namespace tiebreak::mariadb
