/// \file
/// An answer for the commit whose reply was lost.
///
/// A connection can break after COMMIT was sent and before the answer came. Then nobody knows
/// whether the unit was committed, and running it again might do everything twice. With
/// `transact_options{.certainty = commit_token}`, or with the same among the database's options,
/// the unit writes a token as its first statement. When the answer is lost, a new connection
/// inserts the same token as a tombstone:
///
/// | the tombstone is         | because                                | so the unit    |
/// |--------------------------|----------------------------------------|----------------|
/// | refused, key is taken    | the old unit's token was committed     | was committed  |
/// | accepted                 | the old unit's token can never be      | never will be  |
/// | waiting                  | the old transaction is not over yet    | is waited for  |
///
/// A plain SELECT would not do: a token that is absent may still be on its way. Tokens are rows of
/// `tiebreak_commits` (see `install`), and are purged by `purge_commit_tokens`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace tiebreak {

class database;

/// What `transact` does about a commit whose answer was lost.
enum class commit_certainty : std::uint8_t {
    as_answered,  ///< throws `commit_unknown`; costs nothing
    by_token,     ///< finds out; costs one statement in every unit that writes
};

/// For `transact_options::certainty` and `database_options::certainty`.
inline constexpr auto commit_token = commit_certainty::by_token;

/// What became of a unit.
enum class commit_fate : std::uint8_t {
    committed,
    never,  ///< it was not committed, and can not be any more
};

/// Finds out what became of the unit with this token, for example of a process that has died since;
/// a unit that still runs is waited for. Afterwards the answer is final. One or two statements on a
/// connection of its own; not inside a running unit of this database.
/// \throws error `commit_unknown`: no answer within `wait`; ask again later
/// \throws error `backend_failure`: `install` was not run here, and the like
/// \throws std::invalid_argument: the token is empty or longer than 200 bytes
[[nodiscard]] commit_fate resolve_commit(database& on,
                                         std::string_view token,
                                         std::chrono::milliseconds wait = std::chrono::seconds{10});

/// Removes tokens that were written longer ago, by the database's clock; answers how many. Must be
/// longer than any transaction can live and any client remembers its token: at least one hour, else
/// std::invalid_argument.
std::int64_t purge_commit_tokens(database& in,
                                 std::chrono::seconds older_than = std::chrono::hours{24 * 7});

}  // namespace tiebreak
