#include "unit_of_work/workspace.hpp"

#include <tiebreak/log.hpp>

#include <stdexcept>

namespace tiebreak::detail {

namespace {

bool is_pessimistic(lock_mode mode) noexcept
{
    return mode == lock_mode::pessimistic_read || mode == lock_mode::pessimistic_write ||
           mode == lock_mode::pessimistic_force_increment;
}

// How the database holds the rows of a request.
held held_by(lock_request const& lock) noexcept
{
    held as;
    if (lock.mode == lock_mode::pessimistic_read)
        as.how = sql::row_lock::share;
    else if (is_pessimistic(lock.mode))
        as.how = sql::row_lock::update;
    if (lock.wait.what == wait_limit::kind::skip)
        as.then = sql::if_held::skip;
    else if (lock.wait.what == wait_limit::kind::at_most && lock.wait.at_most.count() <= 0)
        as.then = sql::if_held::fail;
    return as;
}

bool needs_version(lock_mode mode) noexcept
{
    return mode == lock_mode::optimistic || mode == lock_mode::optimistic_force_increment ||
           mode == lock_mode::pessimistic_force_increment;
}

void check_lock(plan const& of, lock_request const& how)
{
    if (how.wait.what != wait_limit::kind::until_deadline && !is_pessimistic(how.mode)) [[unlikely]]
        throw std::logic_error(
            "a wait limit needs a pessimistic lock mode: the others take no lock "
            "when they are asked for");
    if (needs_version(how.mode) && of.form == version_form::none)
        throw std::logic_error("this lock mode needs an entity with a version; " +
                               std::string{of.entity} + " has none");
}

// Where a column of the key stands among the key's values.
std::size_t key_position(plan const& of, std::size_t column) noexcept
{
    return static_cast<std::size_t>(std::popcount(of.key & ((column_mask{1} << column) - 1)));
}

// A lock mode leaves marks that the flush acts on. True when it left any.
bool mark(entry& one, lock_mode mode) noexcept
{
    if (mode == lock_mode::optimistic)
        one.verify = true;
    else if (needs_version(mode))
        one.force_increment = true;
    else
        return false;
    return true;
}

}  // namespace

value copy_of(value of, arena& in)
{
    if (!of.holds_bytes())
        return of;
    auto const from = of.text();
    auto* to = static_cast<char*>(in.take(from.size() + 1, 1));
    if (!from.empty())
        std::memcpy(to, from.data(), from.size());
    return of.kind() == value_kind::text
               ? value{std::string_view{to, from.size()}}
               : value{std::span{reinterpret_cast<std::byte const*>(to), from.size()}};
}

void workspace::throw_failed() const
{
    throw std::logic_error("this unit of work has failed and refuses further work: let the error "
                           "leave the callable, or roll back to a savepoint taken before it");
}

void workspace::begin_now()
{
    begin_writing();
    if (holds_first_flush_)
        hold_rows();
}

void workspace::begin_with_first_write()
{
    struct limited {
        sql::connection& on;
        bool is_limited;

        ~limited()
        {
            if (is_limited)
                on.limit_lock_waits(sql::connection::no_limit);
        }
    } const until_end{connection(), first_write_wait_ != sql::connection::no_limit};

    if (until_end.is_limited)
        until_end.on.limit_lock_waits(first_write_wait_);
    until_end.on.begin(sql::begin_mode::write, level_);
    first_write_(*this, first_write_with_);
}

// Opens the transaction in which a lock is taken; for its scope, waits end as the request says.
class workspace::locking {
public:
    locking(workspace& in, lock_request const& lock) : on_(in.connection())
    {
        if (lock.wait.what == wait_limit::kind::skip &&
            !on_.speaks().supports(capability::skip_locked))
            throw error(errc::unsupported,
                        "this engine cannot pass over locked rows (capability skip_locked)");
        if (lock.wait.what == wait_limit::kind::at_most)
            on_.limit_lock_waits(lock.wait.at_most);
        try {
            in.begin_other_write();
        } catch (...) {
            on_.limit_lock_waits(sql::connection::no_limit);
            throw;
        }
    }

    locking(locking const&) = delete;
    locking& operator=(locking const&) = delete;

    ~locking() { on_.limit_lock_waits(sql::connection::no_limit); }

private:
    sql::connection& on_;
};

// A unit that was begun pessimistic holds what it reads, where rows can be held.
lock_request workspace::asked(lock_request const& lock) const noexcept
{
    return holds_rows_ && lock.mode == lock_mode::none ? lock_request{lock_mode::pessimistic_write}
                                                       : lock;
}

void workspace::before_commit()
{
    if (failed_)
        std::rethrow_exception(failure_);
    flush(true);
}

void workspace::commit()
{
    if (connection().in_transaction()) [[likely]]
        connection().commit();
    else
        connection().rollback();
}

void workspace::rollback() noexcept
{
    // also when the engine has rolled back by itself: only this makes the connection usable again
    if (session_)
        connection().rollback();
}

void workspace::reset() noexcept
{
    for (auto const& one : rows_.entries())
        one.of->destroy(one.object);
    rows_.clear();
    memory_.release();
    removals_.clear();
    plan_of_flush_.clear();
    if (!after_commit_.empty())
        after_commit_.clear();
    begin_first_ = false;
    first_write_ = nullptr;
    holds_rows_ = false;
    holds_first_flush_ = false;
    first_flush_ = progress::ahead;
    pending_ = false;
    savepoints_ = 0;
    open_savepoints_.clear();
    if (failed_)
        revive();
}

error workspace::lost(entry const& one)
{
    auto what = conflict_of(*one.of, prefix_, key_of(one), expected_of(one));
    if (one.of->form == version_form::none)
        what.kind = conflict_kind::gone;
    report_loss(watcher_, what);
    return {one.from_outside ? errc::precondition_failed : errc::stale_version, std::move(what)};
}

// --- tracking ---------------------------------------------------------------------------------

void workspace::copy_bytes(value* row, column_mask mask)
{
    each_column(mask, [&](std::size_t i) { row[i] = copy_of(row[i], memory_); });
}

void workspace::take_snapshot(entry& one, column_mask mask)
{
    if (mask == one.of->all) {
        one.of->encode(one.object, mask, one.snapshot);
    } else {
        one.of->encode(one.object, mask, key_.data());
        value const* next = key_.data();
        each_column(mask, [&](std::size_t i) { one.snapshot[i] = *next++; });
    }
    copy_bytes(one.snapshot, mask & one.of->borrowing);
}

entry& workspace::track(plan const& of, value const* row)
{
    auto* object = memory_.take(of.size, of.align);
    auto* snapshot =
        static_cast<value*>(memory_.take(of.columns.size() * sizeof(value), alignof(value)));
    of.construct(object);
    auto& one = rows_.push(of, object, snapshot, row_state::forgotten);
    decode_row(of, object, of.all, row);
    take_snapshot(one, of.all);
    one.state = row_state::loaded;
    rows_.index(one);
    return one;
}

entry& workspace::entry_of(void* row)
{
    for (auto& one : rows_.entries())
        if (one.object == row && one.state != row_state::forgotten)
            return one;
    throw std::invalid_argument("this object does not belong to the unit of work");
}

value const* workspace::key_of(entry const& one)
{
    auto* next = key_.data();
    each_column(one.of->key, [&](std::size_t i) { *next++ = one.snapshot[i]; });
    return key_.data();
}

// The database has shown a row that is tracked already: is it still the one that was loaded?
void workspace::compare(entry& one, value const* row)
{
    plan const& of = *one.of;
    if (of.form != version_form::none) {
        auto const now = row[of.version_column];
        if (now.is_null())
            throw_undecodable(of, of.version_column, now);
        if (now.integer() != version_of(one))
            throw lost(one);
        return;
    }
    auto* fresh = memory_.take(of.size, of.align);
    of.construct(fresh);

    struct destroyed {
        plan const& of;
        void* object;

        ~destroyed() { of.destroy(object); }
    } const destroyed_at_end{of, fresh};

    decode_row(of, fresh, of.all, row);
    if (of.changed(fresh, one.snapshot) == 0)
        return;
    if (changed_columns(one) != 0)
        throw lost(one);
    decode_row(of, one.object, of.all, row);
    take_snapshot(one, of.all);
}

void* workspace::found_row(plan const& of, std::span<value const> row, lock_request const& lock)
{
    if (row.empty())
        return nullptr;
    auto const known = rows_.find(
        of, identity_map::hash_row(of, row.data()), [&](std::size_t i) { return row[i]; });
    if (known == identity_map::none) {
        auto& one = track(of, row.data());
        pending_ = mark(one, lock.mode) || pending_;
        return one.object;
    }
    auto& one = rows_.entries()[known];
    if (one.state == row_state::removed)
        return nullptr;
    if (of.form != version_form::none || is_pessimistic(lock.mode))
        compare(one, row.data());
    pending_ = mark(one, lock.mode) || pending_;
    return one.object;
}

void* workspace::lock_entry(entry& one, lock_request const& how)
{
    check_lock(*one.of, how);
    if (is_pessimistic(how.mode)) {
        locking const taking(*this, how);
        if (one.state == row_state::loaded) {
            auto as = held_by(how);
            if (as.then == sql::if_held::skip)
                as.then = sql::if_held::fail;  // this row is meant, and no other
            auto& statement = session_->find_holding(*one.of, one.of->key, as);
            sql::reading const until_end(statement);
            auto const* key = key_of(one);
            auto const row = statement.first({key, one.of->key_size});
            if (row.empty())
                throw lost(one);
            compare(one, row.data());
        }
    }
    pending_ = mark(one, how.mode) || pending_;
    return one.object;
}

// --- reading ----------------------------------------------------------------------------------

std::size_t workspace::find_entry(plan const& of, value const* key) const noexcept
{
    return rows_.find(of, identity_map::hash_key(of, key), [&](std::size_t column) {
        return of.key_size == 1 ? key[0] : key[key_position(of, column)];
    });
}

void* workspace::find(plan const& of, value const* key, lock_request const& lock)
{
    check_lock(of, lock);
    auto const known = rows_.empty() ? identity_map::none : find_entry(of, key);
    if (known != identity_map::none) {
        auto& one = rows_.entries()[known];
        if (one.state == row_state::removed)
            return nullptr;
        return lock.mode == lock_mode::none ? one.object : lock_entry(one, lock);
    }
    if (lock.mode == lock_mode::none && !holds_rows_) [[likely]] {
        auto& statement = session_->find(of);
        sql::reading const until_end(statement);
        auto const row = statement.first({key, of.key_size});
        return row.empty() ? nullptr : track(of, row.data()).object;
    }
    return find_locking(of, of.key, {key, of.key_size}, asked(lock));
}

void* workspace::find_locking(plan const& of,
                              column_mask by,
                              std::span<value const> values,
                              lock_request const& lock)
{
    std::optional<locking> taking;
    if (is_pessimistic(lock.mode))
        taking.emplace(*this, lock);
    auto& statement =
        taking ? session_->find_holding(of, by, held_by(lock)) : session_->find_by(of, by);
    sql::reading const until_end(statement);
    return found_row(of, statement.first(values), lock);
}

void* workspace::find_by(plan const& of, std::size_t column, value is, lock_request const& lock)
{
    check_lock(of, lock);
    flush_if_touched(of);
    return find_locking(of, column_mask{1} << column, {&is, 1}, asked(lock));
}

void workspace::select(query const& what, void* to, void (*found)(void* to, void* row))
{
    plan const& of = *what.of;
    check_lock(of, what.lock);
    auto const lock = asked(what.lock);
    flush_if_touched(of);
    std::optional<locking> taking;
    if (is_pessimistic(lock.mode))
        taking.emplace(*this, lock);
    auto out = session_->text();
    render_query(out, what, wanted::rows, held_by(lock));
    auto& statement = session_->prepared(out.text());
    sql::reading const until_end(statement);
    for (auto row = statement.first(out.parameters()); !row.empty(); row = statement.next())
        if (auto* object = found_row(of, row, lock))
            found(to, object);
}

std::int64_t workspace::count(query const& what)
{
    flush_if_touched(*what.of);
    return count_rows(*session_, what);
}

bool workspace::exists(query const& what)
{
    flush_if_touched(*what.of);
    return any_row(*session_, what);
}

// --- changing ---------------------------------------------------------------------------------

void* workspace::add(plan const& of, void* from)
{
    if (of.generated) {
        value key;
        of.encode(from, of.key, &key);
        if (key.integer() != 0)
            throw std::invalid_argument("a new row of " + std::string{of.entity} +
                                        " has a key already: the database makes it");
    }
    auto* object = memory_.take(of.size, of.align);
    auto const count = of.columns.size();
    auto* snapshot = static_cast<value*>(memory_.take(count * sizeof(value), alignof(value)));
    std::uninitialized_value_construct_n(snapshot, count);
    of.move_construct(object, from);
    auto& one = rows_.push(of, object, snapshot, row_state::added);
    pending_ = true;
    if (!of.generated) {
        take_snapshot(one, of.key);
        rows_.index(one);
    }
    return object;
}

void* workspace::insert(plan const& of, void* from)
{
    flush();
    auto* object = add(of, from);
    begin_writing();
    insert(rows_.entries().back(), false);
    return object;
}

void workspace::remove(void* row)
{
    auto& one = entry_of(row);
    if (one.state == row_state::added) {
        one.state = row_state::forgotten;
        one.indexed = false;
    } else if (one.state == row_state::loaded) {
        one.state = row_state::removed;
        removals_.push_back(static_cast<std::uint32_t>(&one - rows_.entries().data()));
        pending_ = true;
    }
}

void workspace::lock(void* row, lock_request const& how)
{
    lock_entry(entry_of(row), how);
}

}  // namespace tiebreak::detail
