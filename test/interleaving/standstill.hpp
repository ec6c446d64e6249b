// Whether sessions that have not finished their steps wait for others, so that nothing will happen
// until another step is taken. No clock decides it: the engine is asked.
//
// | engine     | a session waits when                            | for whom                       |
// |------------|-------------------------------------------------|--------------------------------|
// | SQLite     | the library says that it waits for the turn     | the session that has the turn: |
// |            |                                                 | tried by another connection    |
// | PostgreSQL | pg_blocking_pids() of its backend names others  | those                          |
// | MariaDB    | its InnoDB transaction is in LOCK WAIT          | not told; deadlocks are found  |
// |            |                                                 | when the wait begins           |
#pragma once

#include "actor.hpp"
#include "support/engines.hpp"

#include <memory>
#include <span>
#include <vector>

namespace tiebreak::test {

// What is known of a session without asking its engine.
struct session_state {
    pose now = pose::moving;
    std::size_t taken = 0;  // steps ended, by their end or by the session's
    bool rests_in_unit = false;
    bool waits_for_turn = false;  // it has said so and has not said that it has it
    bool has_waited = false;      // in the step that it is in, or took last
};

class standstill {
public:
    standstill() = default;
    standstill(standstill const&) = delete;
    standstill& operator=(standstill const&) = delete;
    virtual ~standstill() = default;

    // Before the sessions of an order start: the first so many.
    virtual void start(std::size_t sessions) = 0;
    // Session `who` has come to rest or is over; called once for each step. Of several, those that
    // hold nothing come first.
    virtual void came_to_rest(std::size_t who, std::span<session_state const> all) = 0;
    // True when every session that moves waits for one that rests.
    [[nodiscard]] virtual bool nothing_moves(std::span<session_state const> all) = 0;

    // Whether sessions tell that they wait, so that the answer changes only when something is told;
    // else it has to be asked for again and again, at the price of a statement for each session.
    [[nodiscard]] virtual bool is_told() const noexcept { return false; }
};

// `sessions` has the database of each session, with one connection.
[[nodiscard]] std::unique_ptr<standstill>
watch(fresh_database const& on, std::string_view engine, std::vector<database*> sessions);

}  // namespace tiebreak::test
