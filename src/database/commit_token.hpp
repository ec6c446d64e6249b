// The commit token's two sides: written first by a unit, and asked for when an answer was lost.
#pragma once

#include <tiebreak/commit_token.hpp>

#include "database/core.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
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

// Where a unit was when its COMMIT was sent.
struct lost_session {
    std::int64_t number = 0;  // see sql::connection::session_number
    std::chrono::steady_clock::time_point committing_since{};
};

// As `resolve_commit`. A session that is named, and waits for the COMMIT that will not reach it any
// more, is ended: nobody waits for it.
[[nodiscard]] commit_fate resolve_token(database_core const& core,
                                        std::string_view token,
                                        sql::deadline until,
                                        lost_session const& of = {});

// Commits what runs in the workspace with this token. When the answer is lost it finds out what
// became of the commit, and leaves the workspace without a connection: whoever needs one next makes
// it. May take some seconds beyond `until`, the unit's own: whoever waited so long wants to know.
// Answers nothing when it is committed, else why it surely never will be: the token is used up.
// Throws commit_unknown when that could not be found out, and whatever failed before COMMIT.
[[nodiscard]] std::optional<error> commit_surely(database_core const& core,
                                                 workspace& space,
                                                 std::string_view token,
                                                 sql::deadline until);

}  // namespace tiebreak::detail
