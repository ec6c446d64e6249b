// A session that runs in a thread of its own and takes a step when it is told to.
#pragma once

#include "session.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace tiebreak::test {

// What the actors of one runner share with it: one lock for all states, and a number that counts
// their changes.
struct switchboard {
    std::mutex mutex{};
    std::condition_variable changed{};
    std::uint64_t changes = 0;

    // With the mutex held.
    void note_change()
    {
        ++changes;
        changed.notify_all();
    }
};

// Hears from the library when a session begins to wait for the turn to write. Lives as long as the
// session's database.
class turn_listener final : public observer {
public:
    explicit turn_listener(switchboard& board) noexcept : board_(board) {}

    void waiting(wait_kind kind) noexcept override { note(kind, true); }

    void waited(wait_kind kind, std::chrono::microseconds) noexcept override { note(kind, false); }

    // With the board's mutex held.
    [[nodiscard]] bool waits() const noexcept { return waits_; }

    [[nodiscard]] bool has_waited() const noexcept { return has_waited_; }

    void forget() noexcept { has_waited_ = false; }

private:
    void note(wait_kind kind, bool waits) noexcept
    {
        if (kind != wait_kind::turn)
            return;
        std::scoped_lock const hold(board_.mutex);
        waits_ = waits;
        has_waited_ = true;
        board_.note_change();
    }

    switchboard& board_;
    bool waits_ = false;
    bool has_waited_ = false;
};

enum class pose : std::uint8_t {
    resting,  // between steps
    moving,   // in a step, or held up in one
    over,     // committed or failed
};

[[nodiscard]] std::string_view name_of(pose of) noexcept;

// One run of a session. All but the constructor and `join` with the board's mutex held.
class actor {
public:
    actor(session const& plays, database& on, turn_listener& ear, switchboard& board);
    actor(actor const&) = delete;
    actor& operator=(actor const&) = delete;
    ~actor();

    // Lets the next step run; only when resting.
    void go();
    // The next step, and each after it, throws instead of running.
    void cancel();

    [[nodiscard]] pose now() const noexcept { return pose_; }

    // The step that runs, or else the next.
    [[nodiscard]] std::size_t at() const noexcept { return at_; }

    // How many steps have ended, with the one that ended the session.
    [[nodiscard]] std::size_t taken() const noexcept { return at_ + (pose_ == pose::over ? 1 : 0); }

    // Between the first step and the last of a unit of work: it may hold what others want.
    [[nodiscard]] bool rests_in_unit() const noexcept
    {
        return pose_ == pose::resting &&
               (is_cut_in_unit_ || (at_ > 0 && plays_.where().what == place_of_steps::kind::unit));
    }

    [[nodiscard]] turn_listener const& ear() const noexcept { return ear_; }

    [[nodiscard]] session const& plays() const noexcept { return plays_; }

    // When over.
    [[nodiscard]] session_outcome const& outcome() const noexcept { return outcome_; }

    void join();

private:
    struct cancelled {};

    void run() noexcept;
    void run_steps(stage& on);
    void pause(stage::inside where);
    void await_go();

    session const& plays_;
    database& db_;
    turn_listener& ear_;
    switchboard& board_;
    session_outcome outcome_;
    pose pose_ = pose::moving;
    std::size_t at_ = 0;
    bool may_go_ = false;
    bool cancelled_ = false;
    bool is_cut_in_unit_ = false;  // rests in the midst of a body, and of a unit
    std::thread thread_;
};

}  // namespace tiebreak::test
