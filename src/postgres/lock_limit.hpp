// The server's lock_timeout: what it is in this session, what it should be before a statement, and
// the SQL in between. Sends nothing itself.
//
// A limit that was asked for holds exactly, and for the transaction alone. One that follows from
// the deadline only has to end waits shortly before it, so that they can be told from slow work:
// it is set for the session and kept while it is near enough, so that units that follow each other
// with the same deadline send nothing.
#pragma once

#include <chrono>
#include <string>

namespace tiebreak::postgres {

class lock_limit {
public:
    using milliseconds = std::chrono::milliseconds;

    static constexpr milliseconds none = milliseconds::max();

    // `none` leaves the deadline alone; 0 is as short as the server can.
    void ask_for(milliseconds to) noexcept;

    [[nodiscard]] milliseconds asked_for() const noexcept { return asked_; }

    // Before a statement inside the transaction, or `alone` in one of its own; `left` is the time
    // to the deadline. Empty: nothing has to be sent.
    [[nodiscard]] std::string before_statement(milliseconds left, bool alone, bool writes);

    // What the server does to settings at the ends of a transaction.
    void begun() noexcept;
    void committed() noexcept;
    void rolled_back() noexcept;
    void went_back_to_savepoint() noexcept;

private:
    [[nodiscard]] bool is_near_enough(milliseconds left, bool writes) const noexcept;
    [[nodiscard]] bool is_as_asked(milliseconds left) const noexcept;

    milliseconds asked_ = none;
    milliseconds session_ = none;   // in force outside of transactions
    milliseconds before_ = none;    // `session_` when the transaction began
    milliseconds in_force_ = none;  // now
    milliseconds local_for_ = none;
    bool is_local_ = false;  // set for this transaction only, for `local_for_`
};

}  // namespace tiebreak::postgres
