// Work outside of units: one statement, or a small transaction, on a connection of its own, tried
// again by the database's policy.
#pragma once

#include "database/commit_token.hpp"
#include "database/core.hpp"

#include <chrono>
#include <string>

namespace tiebreak::detail {

enum class purpose : std::uint8_t { reading, writing, writing_in_several_statements };

// A small transaction, with a commit token if `certain`.
template <class F>
auto run_as_unit(database_core& core, workspace& space, bool certain, sql::deadline until, F&& run)
{
    space.connection().begin(sql::begin_mode::write, isolation::engine_default);
    std::string token;
    if (certain) {
        token = random_token();
        write_token(space.statements(), token);
    }
    auto result = run(space.statements());
    if (!certain)
        space.connection().commit();
    else if (auto const never = commit_surely(core, space, token, until))
        throw error(*never);
    return result;
}

// On a database: one statement on its own, or a small transaction, tried again by its policy.
template <class F>
auto run_alone(database_core& core, purpose why, F&& run)
{
    core.refuse_second_connection();
    held_workspace held(core);
    attempt_series attempts{core.options().retry, std::chrono::steady_clock::now()};
    auto const until = deadline_after(attempts.started, attempts.policy);
    bool const certain =
        why != purpose::reading && core.options().certainty == commit_certainty::by_token;
    for (;;) {
        ++attempts.begun;
        try {
            auto& space = held.ready(until);
            if (why == purpose::writing_in_several_statements || certain)
                return run_as_unit(core, space, certain, until, run);
            return run(space.statements());
        } catch (error const& failure) {
            held.get().rollback();
            retry_or_throw(core, held.get(), attempts, failure);
        }
    }
}

}  // namespace tiebreak::detail
