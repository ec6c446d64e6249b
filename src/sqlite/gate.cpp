// Who takes the turn, and when; see gate.hpp.
#include "sqlite/gate.hpp"

#include <tiebreak/log.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <system_error>

namespace tiebreak::sqlite {

namespace {

using namespace std::chrono_literals;

// A slice is long against a hand-over (a wake of another process, some 50 µs), so that handing over
// costs little, and short against what a person or another writer notices.
constexpr auto slice = 1ms;

// Who is back within this time is in a loop of writes. One late return is forgiven: it is mostly
// the scheduler's, who runs the writer just woken first.
constexpr auto at_once = 50us;
constexpr int late_returns_forgiven = 1;

// The longest sleep in the queue: what a lost wake can cost. Who wakes by itself loses its place
// among the sleepers, which the kernel wakes in order, so this is longer than a round of many slow
// writers. A dead head of the queue is noticed earlier, by the next writer that leaves.
constexpr auto nap_max = 100ms;

// How long a newcomer lets somebody pass who was woken before it and may still wait for a
// processor. If that one died, this is what it costs.
constexpr auto courtesy = 20ms;

// A fallback is worth one record for each database, not one for each connection of a pool.
void log_once(std::string const& database_path, std::string_view why) noexcept
{
    try {
        static std::mutex mutex;
        static std::set<std::string> told;
        std::lock_guard const guard(mutex);
        if (!told.insert(database_path).second)
            return;
        std::array const fields{log_field{"database", database_path}, log_field{"why", why}};
        log(log_level::warning, "gate_not_in_use", fields);
    } catch (...) {
        return;  // a missing record is no reason to fail
    }
}

}  // namespace

gate::gate(std::string database_path, observer* watcher)
    : database_path_(std::move(database_path)), watcher_(watcher)
{
    open();
}

void gate::open() noexcept
{
    try {
        file_ = std::make_unique<sidecar>(database_path_);
    } catch (std::exception const& e) {
        give_up(e.what());
    }
}

void gate::give_up(std::string_view why) noexcept
{
    file_.reset();
    try {
        why_not_ = why;
    } catch (...) {
        why_not_.clear();
    }
    log_once(database_path_, why);
}

void gate::begin_wait(clock::time_point now, sql::deadline& wait_began) const noexcept
{
    if (wait_began != sql::deadline{})
        return;
    wait_began = now;
    if (watcher_ != nullptr)
        watcher_->waiting(wait_kind::turn);
}

bool gate::slice_over(clock::time_point now) const noexcept
{
    return now - slice_began_ >= slice;
}

gate::answer gate::enter(sql::deadline until, sql::deadline& wait_began) noexcept
{
    if (!file_)
        return answer::entered;
    auto const now = clock::now();
    late_returns_ =
        now - left_ < at_once ? 0 : std::min(late_returns_ + 1, late_returns_forgiven + 1);
    bool const over = slice_over(now);
    if (over && (file_->taken(place::queue) || (queued_ && file_->queue_reserved())))
        return queue_up(until, wait_began);
    switch (file_->try_lock(place::turn)) {
    case sidecar::answer::yes:
        if (over) {
            slice_began_ = now;
            queued_ = false;
        }
        inside_ = true;
        return answer::entered;
    case sidecar::answer::no: return queue_up(until, wait_began);
    case sidecar::answer::failed: give_up("the file cannot be locked"); break;
    }
    return answer::entered;
}

gate::answer gate::queue_up(sql::deadline until, sql::deadline& wait_began) noexcept
{
    queued_ = true;
    let_the_woken_pass(until, wait_began);
    while (file_) {
        auto got = wait_for(place::queue, nap_max, until, wait_began);
        if (got == sidecar::answer::yes) {
            if (file_->queue_reserved())
                file_->reserve_queue(false);
            // a holder within its slice does not ring: look again after one slice
            got = wait_for(place::turn, slice, until, wait_began);
            step_forward();
        }
        if (got == sidecar::answer::yes) {
            slice_began_ = clock::now();
            inside_ = true;
            return answer::entered;
        }
        if (got == sidecar::answer::failed) {
            give_up("the file cannot be locked");
            return answer::entered;
        }
        if (!file_->replaced())
            return answer::late;
        file_.reset();
        open();
    }
    return answer::entered;
}

// On a busy machine a woken writer may wait for a processor while one that has just left is back
// already: without this, two would pass the turn to and fro before the eyes of all others.
void gate::let_the_woken_pass(sql::deadline until, sql::deadline& wait_began) noexcept
{
    auto const seen = file_->bell(place::queue);
    if (!file_->queue_reserved())
        return;
    auto const now = clock::now();
    begin_wait(now, wait_began);
    if (now < until)
        file_->wait(place::queue, seen, std::min<clock::duration>(courtesy, until - now));
}

// Leaves the head of the queue to whoever has slept longest.
void gate::step_forward() noexcept
{
    file_->reserve_queue(true);  // before the ring: the woken one takes the mark away
    file_->unlock(place::queue);
    if (!file_->ring(place::queue))
        file_->reserve_queue(false);
}

// `no` when the deadline passed or the file was replaced.
sidecar::answer gate::wait_for(place where,
                               clock::duration nap,
                               sql::deadline until,
                               sql::deadline& wait_began) noexcept
{
    for (;;) {
        auto const seen = file_->bell(where);
        auto const got = file_->try_lock(where);
        if (got != sidecar::answer::no)
            return got;
        auto const now = clock::now();
        begin_wait(now, wait_began);
        if (now >= until)
            return got;
        bool const rung = file_->wait(where, seen, std::min(nap, until - now));
        if (!rung && file_->replaced())
            return sidecar::answer::no;
    }
}

void gate::leave() noexcept
{
    if (!inside_)
        return;
    inside_ = false;
    file_->unlock(place::turn);
    left_ = clock::now();
    if (late_returns_ <= late_returns_forgiven && !slice_over(left_))
        return;
    if (file_->taken(place::queue))
        file_->ring(place::turn);
    else
        file_->wake(place::queue);  // in case its head died, and nobody has taken its place
}

void gate::met_stranger() noexcept
{
    if (!file_ || inside_ || !file_->replaced())
        return;
    file_.reset();
    open();
}

void gate::abandon() noexcept
{
    if (file_)
        file_->abandon();
}

}  // namespace tiebreak::sqlite
