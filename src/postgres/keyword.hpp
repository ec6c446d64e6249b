// The little that must be known of a statement's text before it runs.
#pragma once

#include <cstdint>
#include <string_view>

namespace tiebreak::postgres {

enum class text_kind : std::uint8_t {
    nothing,      // blanks and comments only
    reads,        // surely writes nothing and holds no row
    forgets,      // DEALLOCATE, DISCARD: prepared statements may be gone after it
    may_write,    // everything else
    savepoint,    // SAVEPOINT, RELEASE, ROLLBACK TO
    transaction,  // begins or ends a transaction
    copy,         // speaks another protocol
};

// Looks at words outside of literals, quoted names and comments. A function that is not known to
// read only makes a statement one that may write.
[[nodiscard]] text_kind kind_of(std::string_view text);

}  // namespace tiebreak::postgres
