// Finding out about a COMMIT that was not answered and is not followed by another attempt.
#pragma once

#include <tiebreak/database.hpp>
#include <tiebreak/error.hpp>

#include "database/unit_guard.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace tiebreak::detail {

// Runs units whose guard writes the key's row and nothing else. Returns when the guard threw
// `Taken`: then the key's row tells what became of the COMMIT. Otherwise the guard could write, so
// the old transaction is over without it, and `why` is thrown; an unanswered COMMIT as
// `unavailable`. Throws `commit_unknown` when it cannot be found out within the policy's deadline,
// at least 5 s: whoever waited so long wants to know.
template <typename Taken>
void resolve_lost_commit(database& in, retry_policy policy, unit_guard& guard, error const& why)
{
    policy.attempts_max = 0;
    policy.deadline = std::max(policy.deadline, std::chrono::milliseconds{5'000});
    try {
        transact_options const how{.retry = policy};
        transaction unit(in, how, &guard);
        for (;;) {
            try {
                static_cast<void>(unit.start());
                unit.hear_first();
                break;
            } catch (Taken const&) {
                return;
            } catch (...) {
                unit.failed();
            }
        }
    } catch (error const& unresolved) {
        throw error(errc::commit_unknown,
                    "the answer to a commit was lost, and what became of it could not be found "
                    "out: repeat with the same key",
                    std::string{unresolved.server_message()})
            .seen_in(phase::commit_sent);
    }
    if (why.code() != errc::commit_unknown)
        throw why;
    throw error(errc::unavailable,
                "the connection was lost during COMMIT; surely nothing was committed",
                std::string{why.server_message()});
}

}  // namespace tiebreak::detail
