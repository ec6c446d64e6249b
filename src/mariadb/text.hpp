// What can be seen of a statement before it runs: its first word, whether it might write, and
// whether it would wait.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tiebreak::mariadb {

enum class statement_kind : std::uint8_t {
    reads,        // surely writes nothing and holds no row
    changes,      // INSERT, UPDATE, DELETE, REPLACE: the server counts their rows
    writes,       // anything else that might write, as CALL or SELECT … FOR UPDATE
    defines,      // would commit an open transaction: CREATE, ALTER, DROP, LOCK …
    savepoint,    // SAVEPOINT, RELEASE
    rolls_back,   // ROLLBACK TO …
    transaction,  // BEGIN, COMMIT, ROLLBACK …: not by a statement
    none,         // blanks and comments only
};

// Looks at words outside of quotes and comments. What it does not know is taken to write; a
// function that writes cannot be seen.
[[nodiscard]] statement_kind kind_of(std::string_view text);

// It ends with NOWAIT or SKIP LOCKED: the server lets it wait for no row.
[[nodiscard]] bool says_not_to_wait(std::string_view text);

}  // namespace tiebreak::mariadb
