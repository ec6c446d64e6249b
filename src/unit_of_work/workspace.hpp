// What a unit of work needs while it runs, kept by a pool from unit to unit: a session, the rows it
// tracks, their memory, and the state of the unit that runs in it now.
//
// state     use            fail(e)   before_commit      commit          rollback   reset
// idle      -              -         -                  -               -          idle
// running   running        failed    running or failed  idle or failed  idle       idle
// failed    logic_error    failed    throws e           -               idle       idle
#pragma once

#include <tiebreak/observer.hpp>
#include <tiebreak/unit_of_work.hpp>

#include "entity/reads.hpp"
#include "entity/row.hpp"
#include "entity/session.hpp"
#include "unit_of_work/identity_map.hpp"

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace tiebreak::detail {

class database_core;

// In which order a flush writes rows: any fixed order that all processes share.
[[nodiscard]] bool comes_before(entry const& a, entry const& b) noexcept;

// Its bytes are copied too.
[[nodiscard]] value copy_of(value of, arena& in);

class workspace {
public:
    workspace(database_core const& of, std::string const& prefix, observer* watcher)
        : core_(&of), prefix_(prefix), watcher_(watcher)
    {
    }

    workspace(workspace const&) = delete;
    workspace& operator=(workspace const&) = delete;

    ~workspace() { reset(); }

    // --- the connection -------------------------------------------------------------------------
    [[nodiscard]] bool connected() const noexcept { return session_.has_value(); }

    void connect(std::unique_ptr<sql::connection> to) { session_.emplace(std::move(to), prefix_); }

    void disconnect() noexcept { session_.reset(); }

    [[nodiscard]] session& statements() noexcept { return *session_; }

    [[nodiscard]] sql::connection& connection() noexcept { return session_->connection(); }

    [[nodiscard]] database_core const* core() const noexcept { return core_; }

    [[nodiscard]] observer* watcher() const noexcept { return watcher_; }

    [[nodiscard]] std::string const& prefix() const noexcept { return prefix_; }

    // --- the unit -------------------------------------------------------------------------------
    // `at_first_statement`: begin the transaction before anything is read. `hold_rows`: on an
    // engine with row locks, take them on whatever is read.
    void
    start(sql::deadline until, isolation level, bool at_first_statement, bool hold_rows) noexcept
    {
        holds_rows_ = hold_rows && connection().speaks().supports(capability::row_locks);
        deadline_ = until;
        level_ = level;
        begin_first_ = at_first_statement;
        connection().set_deadline(until);
    }

    // After a lost attempt and before `reset`: keeps which rows the first flush was to write or
    // verify, for later attempts, until they are forgotten. What is known stays when it was not
    // that flush that lost.
    void remember_first_flush();
    void forget_first_flush() noexcept;
    // For the attempt that was started: its first statement holds those rows. Where rows cannot be
    // held, the transaction for writing begins then.
    void hold_first_flush() noexcept;

    // Runs one operation of the unit: refuses when it has failed, and marks it failed on an error.
    template <class F>
    auto guarded(F&& operation)
    {
        if (failed_) [[unlikely]]
            throw_failed();
        try {
            if (begin_first_) [[unlikely]]
                begin_now();
            return operation();
        } catch (...) {
            fail(std::current_exception());
            throw;
        }
    }

    void require_usable() const
    {
        if (failed_)
            throw_failed();
    }

    void fail(std::exception_ptr why) noexcept
    {
        if (!failed_)
            failure_ = std::move(why);
        failed_ = true;
    }

    [[nodiscard]] bool failed() const noexcept { return failed_; }

    void revive() noexcept
    {
        failed_ = false;
        failure_ = nullptr;
    }

    // Opens the transaction if it is not open.
    void begin_writing()
    {
        begin_first_ = false;
        if (connection().in_transaction())
            return;
        if (first_write_ != nullptr) [[unlikely]]
            return begin_with_first_write();
        connection().begin(sql::begin_mode::write, level_);
    }

    // The same before something is written beside the changes of tracked objects, or held.
    void begin_other_write()
    {
        begin_writing();
        first_flush_ = progress::over;
    }

    // Runs `write(*this, with)` right after the transaction of this unit has begun; it and the
    // beginning wait for locks no longer than `wait`. `with` outlives the unit.
    void write_first(void (*write)(workspace&, void*),
                     void* with,
                     std::chrono::milliseconds wait = sql::connection::no_limit) noexcept
    {
        first_write_ = write;
        first_write_with_ = with;
        first_write_wait_ = wait;
    }

    // Writes what changed for the last time; throws the unit's failure if it has failed.
    void before_commit();
    // After `before_commit`.
    void commit();
    // Ends unit and transaction without writing.
    void rollback() noexcept;
    // Forgets rows and state; the transaction must be over.
    void reset() noexcept;

    // --- rows -----------------------------------------------------------------------------------
    [[nodiscard]] void* find(plan const& of, value const* key, lock_request const& lock);
    [[nodiscard]] void*
    find_by(plan const& of, std::size_t column, value is, lock_request const& lock);
    void select(query const& what, void* to, void (*found)(void* to, void* row));
    [[nodiscard]] std::int64_t count(query const& what);
    [[nodiscard]] bool exists(query const& what);
    [[nodiscard]] void* add(plan const& of, void* from);
    [[nodiscard]] void* insert(plan const& of, void* from);
    void remove(void* row);
    [[nodiscard]] void* merge(plan const& of, void* from);
    [[nodiscard]] void*
    merge(plan const& of, void const* original, void const* mine, merge_policy how);
    void lock(void* row, lock_request const& how);

    // Writes what changed. `last`: nobody will look at the objects afterwards.
    void flush(bool last = false);
    // Flushes if a row of this entity has a change that a query would miss.
    void flush_if_touched(plan const& of);
    // Before and after a statement that writes rows of this entity beside the tracked objects: the
    // row with this key, or any when it is null. Before: what is tracked must be what the table
    // has, else a change of somebody else would be taken for this unit's own. After: it is read
    // again. A statement for each tracked row.
    void verify_known(plan const& of, value const* key);
    void refresh(plan const& of, value const* key);

    void run_after_commit(queued_call then) { after_commit_.push_back(std::move(then)); }

    [[nodiscard]] std::vector<queued_call> take_after_commit() noexcept
    {
        return std::exchange(after_commit_, {});
    }

    [[nodiscard]] bool has_after_commit() const noexcept { return !after_commit_.empty(); }

    // Rows as they were, for savepoints.
    struct memento {
        std::vector<entry> entries;
        std::vector<std::uint32_t> removals;
        std::vector<value const*> snapshots;  // one copy for each entry
        std::size_t after_commit = 0;
    };

    [[nodiscard]] memento remember();
    void restore(memento const& before);

    // Savepoints by number; when one ends, those begun after it have ended, too.
    [[nodiscard]] int begin_savepoint()
    {
        open_savepoints_.push_back(++savepoints_);
        return savepoints_;
    }

    [[nodiscard]] bool is_open_savepoint(int number) const noexcept
    {
        return std::ranges::find(open_savepoints_, number) != open_savepoints_.end();
    }

    void end_savepoint(int number) noexcept
    {
        std::erase_if(open_savepoints_, [=](int open) { return open >= number; });
    }

    // After the rollback and before `reset`: the failure, told with what became of the rows.
    [[nodiscard]] error explained(error const& failure, conflict_detail how);

    workspace* outer = nullptr;     // the unit that runs on this thread around this one
    void const* options = nullptr;  // of the transact that runs here; the layer above knows them

private:
    class flush_steps;
    class locking;

    // A row that the flush will write or verify.
    struct planned {
        std::uint32_t position;
        column_mask changed;
        bool bump;
        bool postponed;
    };

    enum class progress : std::uint8_t { ahead, running, over };

    struct row_to_hold {
        plan const* of;
        std::vector<value> key;
        sql::row_lock as;
    };

    [[noreturn]] void throw_failed() const;
    void begin_now();
    void begin_with_first_write();
    void hold_rows();

    [[nodiscard]] std::size_t find_entry(plan const& of, value const* key) const noexcept;
    template <class F>
    void each_known(plan const& of, value const* key, F f);
    entry& track(plan const& of, value const* row);
    [[nodiscard]] void*
    found_row(plan const& of, std::span<value const> row, lock_request const& lock);
    void* lock_entry(entry& one, lock_request const& how);
    [[nodiscard]] lock_request asked(lock_request const& lock) const noexcept;
    [[nodiscard]] void* find_locking(plan const& of,
                                     column_mask by,
                                     std::span<value const> values,
                                     lock_request const& lock);
    void compare(entry& one, value const* row);
    entry& entry_of(void* row);
    void copy_bytes(value* row, column_mask mask);
    void take_snapshot(entry& one, column_mask mask);
    void set_version(entry& one, value to);

    [[nodiscard]] std::int64_t version_of(entry const& one) const noexcept
    {
        return one.snapshot[one.of->version_column].integer();
    }

    [[nodiscard]] std::optional<std::int64_t> expected_of(entry const& one) const noexcept
    {
        return one.of->version != 0 ? std::optional{version_of(one)} : std::nullopt;
    }

    value const* key_of(entry const& one);

    [[nodiscard]] column_mask changed_columns(entry const& one) const;
    [[nodiscard]] bool points_to_added(entry const& one, column_mask changed);
    void update(entry& one, column_mask changed, bool bump, bool last);
    [[nodiscard]] sql::step prepare_update(entry& one, column_mask changed, bool bump);
    void finish_update(entry& one, column_mask changed, bool bump, std::int64_t rows, bool last);
    void verify(entry& one, sql::row_lock as);
    [[noreturn]] void throw_first_lost(std::span<planned const> among);
    void insert(entry& one, bool last);
    void erase(entry& one);
    void read_version(entry& one);
    // Tells observer and log of a lost check and makes the error of it.
    [[nodiscard]] error lost(entry const& one);
    void compare_fields(entry const& one, std::span<value const> theirs, conflict& into);
    [[nodiscard]] std::optional<conflict> find_change(entry& one,
                                                      std::optional<std::int64_t> expected);
    [[nodiscard]] std::optional<conflict> find_rival(entry& one);
    [[nodiscard]] std::optional<conflict> find_rival(entry& one, column_mask by);
    [[nodiscard]] bool
    is_own(entry const& one, column_mask by, std::span<value const> wanted, value const* row);
    [[nodiscard]] std::optional<conflict> find_obstacle(entry& one);
    [[nodiscard]] entry* find_named(conflict const& what);
    [[nodiscard]] std::vector<conflict> find_conflicts(error const& failure, bool all);
    [[nodiscard]] bool plan_flush();  // true when there are rows to insert

    void begin_flush()
    {
        begin_writing();
        if (first_flush_ == progress::ahead)
            first_flush_ = progress::running;
    }

    void flush_many(bool last);
    void write_planned(bool postponed, bool last);
    void run_updates(std::span<planned const> updates, bool last);

    database_core const* core_;
    std::string const& prefix_;
    observer* watcher_;
    std::optional<session> session_;

    identity_map rows_;
    arena memory_;
    std::vector<std::uint32_t> removals_;  // entries to delete, in the order of the calls
    std::vector<queued_call> after_commit_;

    sql::deadline deadline_{};
    isolation level_ = isolation::engine_default;
    void (*first_write_)(workspace&, void*) = nullptr;
    void* first_write_with_ = nullptr;
    std::chrono::milliseconds first_write_wait_ = sql::connection::no_limit;
    bool begin_first_ = false;
    bool holds_rows_ = false;
    bool holds_first_flush_ = false;
    progress first_flush_ = progress::ahead;  // over, too, when something else came before it
    bool failed_ = false;
    bool pending_ = false;  // something was added, removed or locked since the last flush
    int savepoints_ = 0;
    std::vector<int> open_savepoints_;
    std::exception_ptr failure_;

    std::array<value, 130> parameters_;  // of the statement being run: every column twice
    std::array<value, 64> key_;

    std::vector<planned> plan_of_flush_;

    std::vector<row_to_hold> rows_to_hold_;  // outlive their attempt, as does their memory
    arena memory_of_rows_to_hold_;
};

}  // namespace tiebreak::detail
