// Transactions, waiting and the state of one SQLite connection.
#include "sqlite/connection.hpp"

#include "sqlite/dialect.hpp"
#include "sqlite/errors.hpp"
#include "sqlite/opening.hpp"
#include "sqlite/statement.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tiebreak::sqlite {

namespace {

using std::chrono::steady_clock;

// How long opening may wait for other processes that open, recover or change the log mode.
constexpr std::chrono::seconds opening_wait{10};

// Steps of the engine between two looks at the deadline: some 0.1 ms of work.
constexpr int steps_between_looks = 4000;

// Sleeps while a program that does not know the gate holds the lock: doubled each time.
constexpr std::chrono::microseconds sleep_first{20};
constexpr int sleep_doublings_max = 6;

[[nodiscard]] std::chrono::microseconds sleep_of(int times) noexcept
{
    auto const longest = sleep_first * (1 << std::min(times, sleep_doublings_max));
    thread_local std::uint32_t noise =
        static_cast<std::uint32_t>(steady_clock::now().time_since_epoch().count() | 1);
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^= noise << 5;
    // half to all of it: sleepers that keep step would miss the same gaps
    return longest / 2 + std::chrono::microseconds(noise % (longest.count() / 2 + 1));
}

int step_once(statement_handle const& what) noexcept
{
    int const code = sqlite3_step(what.get());
    sqlite3_reset(what.get());
    return code;
}

}  // namespace

connection::connection(options const& how)
    : how_(how), handle_(open_handle(how)), in_memory_(is_in_memory(how))
{
    sqlite3_busy_handler(handle(), on_busy, this);
    sqlite3_progress_handler(handle(), steps_between_looks, on_progress, this);
    deadline_ = steady_clock::now() + opening_wait;
    try {
        if (!in_memory_)
            open_file();
        apply_settings(handle(), how_);
        begin_ = sqlite::prepare(handle(), "BEGIN");
        begin_immediate_ = sqlite::prepare(handle(), "BEGIN IMMEDIATE");
        commit_ = sqlite::prepare(handle(), "COMMIT");
        rollback_ = sqlite::prepare(handle(), "ROLLBACK");
        take_snapshot_ = sqlite::prepare(handle(), "SELECT 1 FROM sqlite_schema LIMIT 1");
    } catch (error const& e) {
        report_wait();
        throw e.seen_in(phase::connecting);
    }
    report_wait();
    deadline_ = sql::deadline::max();
}

connection::~connection()
{
    if (!left_behind_)
        return;
    for (auto* each : {&begin_, &begin_immediate_, &commit_, &rollback_, &take_snapshot_})
        static_cast<void>(each->release());
    static_cast<void>(handle_.release());
}

void connection::left_behind() noexcept
{
    left_behind_ = true;
    state_ = state::unusable;
    if (gate_)
        gate_->abandon();
}

void connection::open_file()
{
    ask(handle(), "PRAGMA schema_version");  // reads the head of the file
    if (how_.gate)
        gate_ = std::make_unique<gate>(sqlite3_db_filename(handle(), "main"), how_.watcher);
    if (has_write_ahead_log(handle()))
        return;  // without a turn: a reader does not wait for writers, not even to open
    take_turn(phase::connecting);
    for (int times = 0;; ++times) {
        try {
            use_write_ahead_log(handle());
            break;
        } catch (error const& e) {
            // changing the mode does not wait for others by itself
            if (e.code() != errc::unavailable || steady_clock::now() >= deadline_)
                throw;
            std::this_thread::sleep_for(sleep_of(times));
        }
    }
    give_turn();
}

sql::dialect const& connection::speaks() const noexcept
{
    return dialect_of(in_memory_);
}

std::unique_ptr<sql::statement> connection::prepare(std::string_view text, sql::taken_key)
{
    return std::make_unique<statement>(*this, text);
}

void connection::begin(sql::begin_mode mode, isolation)
{
    // one writer, and snapshots for readers: every level is kept
    if (state_ != state::idle) [[unlikely]]
        refuse("a transaction is begun inside another");
    if (mode == sql::begin_mode::write)
        begin_write();
    else
        begin_read();
}

void connection::begin_write()
{
    struct restored_deadline {
        sql::deadline& of;
        sql::deadline to;

        ~restored_deadline() { of = to; }
    } const restored{deadline_, deadline_};

    if (lock_wait_ != no_limit) [[unlikely]]
        deadline_ = std::min(deadline_, steady_clock::now() + lock_wait_);
    if (gate_)
        take_turn(phase::in_transaction);
    int const code = step_once(begin_immediate_);
    report_wait();
    if (code != SQLITE_DONE) [[unlikely]] {
        error const why = failed(code, phase::in_transaction);
        give_turn();
        throw why;
    }
    state_ = state::writing;
}

void connection::begin_read()
{
    int code = step_once(begin_);
    if (code == SQLITE_DONE) {
        state_ = state::reading;
        code = step_once(take_snapshot_);
    }
    report_wait();
    if (code == SQLITE_DONE || code == SQLITE_ROW) [[likely]]
        return;
    error const why = failed(code, phase::in_transaction);
    rollback();
    throw why;
}

void connection::commit()
{
    if (!is_in(bits(state::reading) | bits(state::writing))) [[unlikely]]
        refuse("a commit without an open transaction");
    int const code = step_once(commit_);
    if (code != SQLITE_DONE) [[unlikely]] {
        error const why = failed(code, phase::commit_sent);
        synchronise();
        throw why;
    }
    state_ = state::idle;
    if (gate_)
        give_turn();
}

void connection::rollback() noexcept
{
    if (state_ == state::idle || state_ == state::unusable)
        return;
    if (state_ != state::lost) {
        step_once(rollback_);
        if (sqlite3_get_autocommit(handle()) == 0) {
            state_ = state::unusable;
            give_turn();
            return;
        }
    }
    state_ = state::idle;
    give_turn();
}

bool connection::in_transaction() const noexcept
{
    return is_in(bits(state::reading) | bits(state::writing));
}

bool connection::alive() noexcept
{
    if (state_ == state::unusable)
        return false;
    if (in_memory_)
        return true;
    // writing on into a file that was removed or replaced would lose every commit
    int moved = 0;
    int const code = sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return code != SQLITE_OK || moved == 0;
}

std::string connection::engine_version()
{
    return sqlite3_libversion();
}

void connection::start_alone()
{
    if (state_ == state::reading)
        throw std::logic_error("nothing can be written in a reading transaction");
    if (state_ != state::idle)
        refuse("a statement is run after its transaction has failed");
    take_turn(phase::in_transaction);
}

void connection::end_alone() noexcept
{
    report_wait();
    give_turn();
}

void connection::take_turn(phase when)
{
    if (!gate_)
        return;
    if (std::exchange(met_stranger_, false)) [[unlikely]]
        gate_->met_stranger();
    if (gate_->enter(deadline_, wait_began_) == gate::answer::entered)
        return;
    report_wait();
    throw make_error(SQLITE_BUSY, when, "no turn to write until the deadline");
}

void connection::give_turn() noexcept
{
    if (gate_)
        gate_->leave();
}

error connection::failed(int code, phase when)
{
    // an open transaction was surely not committed, whatever the code
    bool const open = sqlite3_get_autocommit(handle()) == 0;
    return last_error(handle(), code, open ? phase::in_transaction : when);
}

error connection::failed_alone(int code)
{
    bool const in_doubt = meaning_of(code).committing == errc::commit_unknown;
    return failed(code, in_doubt ? phase::commit_sent : phase::in_transaction);
}

void connection::synchronise() noexcept
{
    if (!in_transaction() || sqlite3_get_autocommit(handle()) == 0)
        return;
    state_ = state::lost;
    give_turn();
}

void connection::refuse(char const* what) const
{
    if (left_behind_)
        throw std::logic_error("a connection is used in a child of the process that opened it");
    if (state_ == state::unusable) {
        throw error(errc::unavailable, "the connection to the database is broken")
            .seen_in(phase::connecting);
    }
    throw std::logic_error(what);
}

int connection::on_busy(void* self, int times) noexcept
{
    auto& me = *static_cast<connection*>(self);
    auto const now = steady_clock::now();
    me.met_stranger_ = true;
    if (me.wait_began_ == sql::deadline{}) {
        me.wait_began_ = now;
        if (me.how_.watcher != nullptr)
            me.how_.watcher->waiting(wait_kind::turn);
    }
    if (now >= me.deadline_)
        return 0;
    std::this_thread::sleep_for(
        std::min<steady_clock::duration>(sleep_of(times), me.deadline_ - now));
    return 1;
}

int connection::on_progress(void* self) noexcept
{
    auto const& me = *static_cast<connection*>(self);
    return me.deadline_ != sql::deadline::max() && steady_clock::now() >= me.deadline_ ? 1 : 0;
}

void connection::report_wait() noexcept
{
    if (wait_began_ == sql::deadline{}) [[likely]]
        return;
    auto const waited = steady_clock::now() - wait_began_;
    wait_began_ = {};
    if (how_.watcher != nullptr) {
        how_.watcher->waited(wait_kind::turn,
                             std::chrono::duration_cast<std::chrono::microseconds>(waited));
    }
}

std::unique_ptr<sql::connection> open(options const& how)
{
    return std::make_unique<connection>(how);
}

}  // namespace tiebreak::sqlite
