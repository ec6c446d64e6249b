// What a database object holds: its options and a bounded pool of workspaces, each with a
// connection of its own.
#pragma once

#include <tiebreak/database.hpp>

#include "database/connect_pace.hpp"
#include "database/url.hpp"
#include "unit_of_work/workspace.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tiebreak::detail {

class database_core {
public:
    explicit database_core(parsed_url url);
    database_core(database_core const&) = delete;
    database_core& operator=(database_core const&) = delete;
    ~database_core();

    // A free workspace, waited for if need be; `make_ready` comes before its first use. Throws
    // `unavailable`.
    [[nodiscard]] workspace& take()
    {
        if (auto* const hot = hot_.exchange(nullptr)) [[likely]]
            return *hot;
        return take_slowly();
    }

    // Connects it, or replaces a connection that died while it was idle, before anything begins
    // on it. Waits until `until` at most. Throws `unavailable`.
    void make_ready(workspace& taken, sql::deadline until) const
    {
        if (!taken.connected() || !taken.connection().alive()) [[unlikely]]
            reconnect(taken, until);
    }

    void give(workspace& back) noexcept
    {
        workspace* none = nullptr;
        if (waiting_.load() == 0 && hot_.compare_exchange_strong(none, &back)) [[likely]] {
            if (waiting_.load() != 0)
                hand_over();
            return;
        }
        give_slowly(back);
    }

    // The innermost running unit of this thread on this database, or null.
    [[nodiscard]] workspace* running_here() const noexcept
    {
        for (auto* one = running; one != nullptr; one = one->outer)
            if (one->core() == this)
                return one;
        return nullptr;
    }

    // Refuses a second connection beside a running unit: it would wait for itself.
    void refuse_second_connection() const;

    // Opens a connection for the workspace, until `until` at most.
    void reconnect(workspace& space, sql::deadline until) const
    {
        space.connect(pace_.connect([&] { return engine_->open(until); }, until));
    }

    [[nodiscard]] pool_use use() const;

    [[nodiscard]] sql::engine const& engine() const noexcept { return *engine_; }

    [[nodiscard]] parsed_url const& url() const noexcept { return url_; }

    [[nodiscard]] database_options const& options() const noexcept { return url_.options; }

    [[nodiscard]] sql::dialect const& speaks() const noexcept { return engine_->speaks(); }

    // True when every unit begins its transaction at once: in memory there is nobody to block.
    [[nodiscard]] bool begins_at_once() const noexcept { return begins_at_once_; }

    static constinit thread_local workspace* running;  // the innermost unit of this thread

private:
    [[nodiscard]] workspace& take_slowly();
    void give_slowly(workspace& back) noexcept;
    void hand_over() noexcept;

    parsed_url url_;
    std::unique_ptr<sql::engine> engine_;
    bool begins_at_once_;
    mutable connect_pace pace_{};
    std::atomic<int> waiting_{0};
    std::atomic<workspace*> hot_{nullptr};  // one free workspace, taken without the mutex
    mutable std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<workspace*> idle_;
    std::vector<std::unique_ptr<workspace>> all_;
};

// Holds a workspace for a scope.
class held_workspace {
public:
    explicit held_workspace(database_core& of) : core_(of), space_(&of.take()) {}

    held_workspace(held_workspace const&) = delete;
    held_workspace& operator=(held_workspace const&) = delete;

    ~held_workspace()
    {
        if (space_ == nullptr)
            return;
        space_->rollback();
        core_.give(*space_);
    }

    // With a live connection that gives up at `until`.
    [[nodiscard]] workspace& ready(sql::deadline until)
    {
        core_.make_ready(*space_, until);
        space_->connection().set_deadline(until);
        return *space_;
    }

    // As `ready` left it, or not connected.
    [[nodiscard]] workspace& get() noexcept { return *space_; }

    // From now on the caller gives it back.
    [[nodiscard]] workspace& keep() noexcept { return *std::exchange(space_, nullptr); }

private:
    database_core& core_;
    workspace* space_;
};

// The core behind the public object.
[[nodiscard]] database_core& core_of(database const& db) noexcept;

// The time at which a unit begins, at most 10 ms early when its deadline is a second or more away:
// reading the exact clock would cost as much as a tenth of the whole unit's own work.
[[nodiscard]] std::chrono::steady_clock::time_point start_of(retry_policy const& policy) noexcept;

// When the caller's time is used up.
[[nodiscard]] sql::deadline deadline_after(std::chrono::steady_clock::time_point start,
                                           retry_policy const& policy) noexcept;

// Sleeps out a pause of the retry policy and tells the observer.
void pause(std::chrono::microseconds how_long, observer* watcher);

// A number for jitter. Not for secrets.
[[nodiscard]] std::uint64_t random_number() noexcept;

// What becomes of a failed attempt: returns if there shall be another, after the pause and with a
// live connection, else throws what the caller gets. `explain` may add to an error that ends them.
void retry_or_throw(database_core const& core,
                    workspace& space,
                    attempt_series& attempts,
                    error failure,
                    std::function<error(error const&)> const& explain = {});

}  // namespace tiebreak::detail
