// Work outside of units: one statement, or a small transaction, on a connection of its own, tried
// again by the database's policy.
#pragma once

#include "database/core.hpp"

namespace tiebreak::detail {

enum class purpose : std::uint8_t { reading, writing, writing_in_several_statements };

// On a database: one statement on its own, or a small transaction, tried again by its policy.
template <class F>
auto run_alone(database_core& core, purpose why, F&& run)
{
    core.refuse_second_connection();
    held_workspace held(core);
    auto& space = held.get();
    auto const& policy = core.options().retry;
    auto const started = std::chrono::steady_clock::now();
    for (int attempt = 1;; ++attempt) {
        try {
            space.connection().set_deadline(deadline_after(started, policy));
            if (why != purpose::writing_in_several_statements)
                return run(space.statements());
            space.connection().begin(sql::begin_mode::write, isolation::engine_default);
            auto const result = run(space.statements());
            space.connection().commit();
            return result;
        } catch (error const& failure) {
            space.rollback();
            retry_or_throw(core, space, failure, attempt, started, policy);
        }
    }
}

}  // namespace tiebreak::detail
