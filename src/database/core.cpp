#include "database/core.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <thread>
#include <time.h>
#include <utility>

namespace tiebreak::detail {

constinit thread_local workspace* database_core::running = nullptr;

database_core::database_core(parsed_url url)
    : url_(std::move(url)),
      engine_(engine_of(url_.parts, url_.options.watcher)),
      begins_at_once_(!engine_->speaks().supports(capability::several_processes))
{
    if (begins_at_once_)
        url_.options.connections_max = 1;  // the database is its connection
    held_workspace first(*this);           // connects, so that what is wrong shows now
    static_cast<void>(first.ready(sql::deadline::max()));  // the driver's own limit holds
}

database_core::~database_core() = default;

void database_core::refuse_second_connection() const
{
    if (running_here() == nullptr)
        return;
    throw std::logic_error("a unit of work runs on this thread and database: use it (for example "
                           "repository(work)); a second connection would wait for it");
}

workspace& database_core::take_slowly()
{
    auto const start = std::chrono::steady_clock::now();
    auto const until = start + options().connection_wait;
    std::unique_lock lock(mutex_);
    ++waiting_;

    struct leaving {
        std::atomic<int>& waiting;

        ~leaving() { --waiting; }
    } const leaves{waiting_};

    auto* const watcher = options().watcher;
    bool waited = false;
    auto const tell = [&] {
        if (waited && watcher != nullptr)
            watcher->waited(wait_kind::connection,
                            std::chrono::duration_cast<std::chrono::microseconds>(
                                std::chrono::steady_clock::now() - start));
    };
    for (;;) {
        workspace* free = hot_.exchange(nullptr);
        if (free == nullptr && !idle_.empty()) {
            free = idle_.back();
            idle_.pop_back();
        }
        if (free == nullptr && all_.size() < static_cast<std::size_t>(options().connections_max)) {
            all_.push_back(
                std::make_unique<workspace>(*this, options().table_prefix, options().watcher));
            free = all_.back().get();
        }
        if (free != nullptr) {
            tell();
            return *free;
        }
        if (!std::exchange(waited, true) && watcher != nullptr)
            watcher->waiting(wait_kind::connection);
        if (freed_.wait_until(lock, until) == std::cv_status::timeout && idle_.empty()) {
            tell();
            throw error(errc::unavailable,
                        "no connection became free in time: allow more "
                        "connections (pool=) or shorter units of work");
        }
    }
}

pool_use database_core::use() const
{
    std::lock_guard const lock(mutex_);
    auto const open = static_cast<int>(all_.size());
    int const free = static_cast<int>(idle_.size()) + (hot_.load() != nullptr ? 1 : 0);
    return {.open = open,
            .busy = std::max(open - free, 0),
            .waiting = waiting_.load(),
            .most = options().connections_max};
}

void database_core::give_slowly(workspace& back) noexcept
{
    {
        std::lock_guard const lock(mutex_);
        idle_.push_back(&back);
    }
    freed_.notify_one();
}

void database_core::hand_over() noexcept
{
    if (auto* const free = hot_.exchange(nullptr))
        give_slowly(*free);
}

std::chrono::steady_clock::time_point start_of(retry_policy const& policy) noexcept
{
    using std::chrono::steady_clock;
    bool const exactly = policy.deadline.count() != 0 && policy.deadline < std::chrono::seconds{1};
    timespec tick{};  // the kernel's last, on the clock that steady_clock reads
    if (exactly || clock_gettime(CLOCK_MONOTONIC_COARSE, &tick) != 0)
        return steady_clock::now();
    return steady_clock::time_point{std::chrono::seconds{tick.tv_sec} +
                                    std::chrono::nanoseconds{tick.tv_nsec}};
}

sql::deadline deadline_after(std::chrono::steady_clock::time_point start,
                             retry_policy const& policy) noexcept
{
    return policy.deadline.count() == 0 ? sql::deadline::max() : start + policy.deadline;
}

void pause(std::chrono::microseconds how_long, observer* watcher)
{
    if (how_long.count() <= 0)
        return;
    if (watcher != nullptr)
        watcher->waiting(wait_kind::pause);
    std::this_thread::sleep_for(how_long);
    if (watcher != nullptr)
        watcher->waited(wait_kind::pause, how_long);
}

std::uint64_t random_number() noexcept
{
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return generator();
}

namespace {

// Gives the workspace a live connection. An in-memory database is its connection: while that one
// lives it is kept.
void renew_connection(database_core const& core,
                      workspace& space,
                      retry_decision::action how,
                      sql::deadline until)
{
    if (how == retry_decision::action::reconnect_and_rerun && space.connected() &&
        !(core.begins_at_once() && space.connection().alive()))
        space.disconnect();
    if (!space.connected())
        core.reconnect(space, until);
}

// Whether it was this series' own time that was up in the middle of an attempt; not that of a call
// to another database. Some waits end a little before it: a twentieth, or a millisecond.
bool is_out_of_time(error const& failure,
                    std::chrono::microseconds elapsed,
                    retry_policy const& policy) noexcept
{
    auto const limit = policy.deadline;
    return failure.code() == errc::deadline_exceeded && failure.last() == nullptr &&
           limit.count() != 0 && elapsed >= limit - limit / 20 - std::chrono::milliseconds{1};
}

[[noreturn]] void give_up(errc report, error const& failure, int attempts, observer* watcher)
{
    if (watcher != nullptr)
        watcher->gave_up(report, attempts);
    if (report == failure.code())
        throw failure;
    throw error(report, attempts, failure);
}

}  // namespace

void retry_or_throw(database_core const& core,
                    workspace& space,
                    attempt_series& attempts,
                    error failure,
                    std::function<error(error const&)> const& explain)
{
    auto const& policy = attempts.policy;
    auto* const watcher = core.options().watcher;
    for (int number = attempts.begun;; ++number) {
        auto const elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now() - attempts.started);
        auto const decision = decide(failure, number, elapsed, policy, random_number());
        if (decision.then == retry_decision::action::give_up) {
            if (attempts.earlier && decision.report == errc::deadline_exceeded &&
                is_out_of_time(failure, elapsed, policy))
                give_up(decision.report, *attempts.earlier, number, watcher);
            give_up(decision.report, explain ? explain(failure) : failure, number, watcher);
        }
        if (watcher != nullptr)
            watcher->retried(failure.code(), number);
        attempts.earlier = failure;
        pause(decision.pause, watcher);
        try {
            return renew_connection(
                core, space, decision.then, deadline_after(attempts.started, policy));
        } catch (error const& unreachable) {
            failure = unreachable;  // counts as an attempt, so that the policy ends it
        }
    }
}

}  // namespace tiebreak::detail
