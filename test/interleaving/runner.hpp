// Runs sessions step by step in one given order on a real engine.
//
// A step that is held up by another session does not hold up the runner: it goes on with the steps
// of the others, and the session takes the steps it owes as soon as it can. Nothing lasts for ever:
// when a session neither ends a step nor waits for one at rest for `patience`, or when all wait
// although no step is left, the order is given up and says how everybody stands.
#pragma once

#include "actor.hpp"
#include "standstill.hpp"
#include "support/engines.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::test {

// What became of one order.
struct order_run {
    std::vector<session_outcome> outcomes{};
    std::string steps{};  // as they were taken: "A read, B read, A write, B write (waits), …"
    int held_up = 0;      // steps that had to wait for another session
    std::string stuck{};  // how everybody stood when it was given up; empty: it ended
};

// Parameters of a URL by which orders are run faster: nothing in them is lost with the machine, so
// SQLite need not wait for the disk.
[[nodiscard]] std::string_view quick_parameters(std::string_view engine) noexcept;

class runner {
public:
    // For so many sessions at most; opens a database for each.
    runner(fresh_database const& on, std::string_view engine, std::size_t sessions);

    [[nodiscard]] std::size_t seats() const noexcept { return seats_.size(); }

    // `order` names a session for each step.
    [[nodiscard]] order_run run(std::vector<session> const& sessions,
                                std::vector<std::size_t> const& order);

private:
    struct seat {
        explicit seat(fresh_database const& on, std::string_view engine, switchboard& board);

        turn_listener ear;
        database db;
    };

    struct gave_up {};

    void take_turn(std::size_t who, order_run& into);
    void take_step(std::size_t who, order_run& into);
    void settle();
    void tell_who_rests(std::span<session_state const> all);
    [[nodiscard]] std::vector<session_state> states() const;
    [[nodiscard]] pose pose_of(std::size_t who);
    [[nodiscard]] bool all_are_over();
    [[nodiscard]] std::string how_all_stand();

    switchboard board_;
    std::deque<seat> seats_;
    std::unique_ptr<standstill> watch_;

    // of the order that runs
    std::vector<std::unique_ptr<actor>> actors_;
    std::vector<std::size_t> known_;  // how many steps of each the watch has been told of
    std::vector<std::size_t> owed_;   // steps that were due while their session was held up
};

}  // namespace tiebreak::test
