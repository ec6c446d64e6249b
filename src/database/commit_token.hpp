// The commit token's two sides: written first by a unit, and asked for when an answer was lost.
#pragma once

#include <tiebreak/commit_token.hpp>

#include "database/core.hpp"

#include <string>
#include <string_view>

namespace tiebreak::detail {

// Throws std::invalid_argument when it cannot be a token.
void check_token(std::string_view token);

// 32 hexadecimal digits that nobody else has.
[[nodiscard]] std::string random_token();

// Writes the token in the transaction that was just begun. Throws already_exists when a unit with
// this token was committed, or given up as never committed.
void write_token(session& on, std::string_view token);

// As `resolve_commit`.
[[nodiscard]] commit_fate
resolve_token(database_core const& core, std::string_view token, sql::deadline until);

}  // namespace tiebreak::detail
