/// \file
/// A unit of work: loads rows, notices what was changed, and writes it checked, all or nothing.
///
/// A unit is handed to the callable of `database::transact` and lives for one attempt. It keeps one
/// object for each row (the identity map); the objects it gives out belong to it and die with it.
///
/// | call                     | statements                        | after an error          |
/// |--------------------------|-----------------------------------|-------------------------|
/// | `find`, `find_by`        | 1, or 0 when the row is loaded    | the unit has failed     |
/// | changing a loaded object | 0; 1 at the flush, of the changed columns only | -          |
/// | `add`                    | 0; 1 at the flush                 | -                       |
/// | `insert`                 | the flush of the checked rows, + 1| the unit has failed     |
/// | `remove`                 | 0; 1 at the flush                 | -                       |
/// | `flush`                  | 1 for each changed row, 0 if none | the unit has failed     |
///
/// A unit that has failed refuses further work with `std::logic_error`, and does not commit even if
/// the error was caught; only rolling back to a `savepoint` taken before the error revives it.
///
/// The order of a flush is: checked updates and verifications together, by table and key; then
/// inserts, in the order added; then checked deletes. An update that points to a row added in the
/// same unit comes after that insert. So two units that touch the same rows queue instead of
/// deadlocking, and a loser finds out before it has written anything else.
///
/// Reads take no lock and run outside the transaction, each a snapshot of its own; the transaction
/// begins at the first write. Pessimistic units, units with an isolation of repeatable_read or
/// above, units that lost three times (see `database::transact`), and all units on an in-memory
/// database begin it at their first statement.
///
/// Not thread-safe: a unit belongs to the thread that runs the callable.
#pragma once

#include <tiebreak/conflict.hpp>
#include <tiebreak/detail/queued_call.hpp>
#include <tiebreak/field.hpp>
#include <tiebreak/lock_mode.hpp>
#include <tiebreak/row.hpp>
#include <tiebreak/savepoint.hpp>
#include <tiebreak/select.hpp>

#include <array>
#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiebreak {

class unit_of_work;

namespace detail {

class transaction;
class workspace;
struct place_access;

/// Runs queries of a unit: rows become tracked objects.
struct tracking_runner {
    unit_of_work* work;

    template <class T>
    std::vector<T*> all(query const& what) const;
    template <class T>
    T* first(query const& what) const;
    std::int64_t count(query const& what) const;
    bool exists(query const& what) const;
};

}  // namespace detail

/// See the head of this file.
class unit_of_work {
public:
    unit_of_work(unit_of_work const&) = delete;
    unit_of_work& operator=(unit_of_work const&) = delete;

    /// The row with this key, tracked, or null. At most one statement.
    /// \throws error `stale_version`: locking found a newer version than the one loaded
    /// \throws error `lock_timeout`: a pessimistic lock was not had in time
    template <mapped_entity T>
    [[nodiscard]] T* find(key_of<T> const& key, lock_request const& lock = {})
    {
        detail::encoded_key<T> const values{key};
        return static_cast<T*>(find_by_key(detail::plan_of<T>(), values.values.data(), lock));
    }

    /// As `find`, for a row that has to be there. \throws error `not_found`
    template <mapped_entity T>
    [[nodiscard]] T& load(key_of<T> const& key, lock_request const& lock = {})
    {
        detail::encoded_key<T> const values{key};
        auto const& plan = detail::plan_of<T>();
        auto* found = find_by_key(plan, values.values.data(), lock);
        if (found == nullptr)
            throw_not_found(plan, values.values.data());
        return *static_cast<T*>(found);
    }

    /// The row with this value in a unique member, tracked, or null. One statement.
    template <auto Member>
    [[nodiscard]] detail::owner_of<Member>* find_by(detail::member_type<Member> const& is,
                                                    lock_request const& lock = {})
    {
        using entity = detail::owner_of<Member>;
        static_assert(mapped_entity<entity>);
        constexpr auto column = detail::entity<entity>::template index_of<Member>;
        static_assert(is_unique<Member>(), "find_by needs a unique member; use select().where()");
        return static_cast<entity*>(
            find_by_column(detail::plan_of<entity>(),
                           column,
                           field_type<detail::member_type<Member>>::encode(is),
                           lock));
    }

    /// Starts a query whose rows are tracked. Changes not flushed yet are flushed before it runs,
    /// so that it sees them.
    template <mapped_entity T>
    [[nodiscard]] selection<T, detail::tracking_runner> select()
    {
        return selection<T, detail::tracking_runner>{detail::tracking_runner{this}};
    }

    /// Queues a new row; it is inserted at the flush. The version starts at the mapping's first.
    /// Returns the tracked object; a generated key is in it after the flush.
    template <mapped_entity T>
    T& add(T row)
    {
        return *static_cast<T*>(add_row(detail::plan_of<T>(), &row));
    }

    /// Flushes the version-checked rows, then inserts this one, now.
    /// \throws error `already_exists`, `constraint_violated`, and all that `flush` throws
    template <mapped_entity T>
    T& insert(T row)
    {
        return *static_cast<T*>(insert_row(detail::plan_of<T>(), &row));
    }

    /// Queues the removal of a tracked row; its version is checked at the flush. A row added in
    /// this unit and not flushed yet is forgotten.
    template <mapped_entity T>
    void remove(T& row)
    {
        remove_row(&row);
    }

    /// Takes over what a detached object (from a form, a file, an earlier unit) says of its row:
    /// loads the row, refuses if its version is not the object's, and copies every member. The
    /// tracked row is written at the flush if anything differs. The argument does not change.
    /// \throws error `precondition_failed`: the object is older than the row, also when the row
    ///   changes between here and the flush; `not_found`: the row is gone
    template <mapped_entity T>
    T& merge(T detached)
    {
        return *static_cast<T*>(merge_row(detail::plan_of<T>(), &detached));
    }

    /// Merges column by column what a detached object changed since `original`, with what others
    /// changed in the row meanwhile: loads the row and answers it with the result, which is written
    /// at the flush if anything differs. Versions do not decide here, columns do; a change between
    /// this call and the flush is `stale_version` and reruns the unit, and with it the merge.
    /// \throws error `precondition_failed`: both sides changed a column (merge_policy); `not_found`
    /// \throws std::invalid_argument: the two have different keys
    template <mapped_entity T>
    T& merge(T const& original, T mine, merge_policy how = merge_policy::refuse_overlap)
    {
        return *static_cast<T*>(merge_fields(detail::plan_of<T>(), &original, &mine, how));
    }

    /// Holds a tracked row; see lock_mode.hpp. Pessimistic modes run one statement now and compare
    /// versions; optimistic ones one at the flush.
    template <mapped_entity T>
    void lock(T& row, lock_request how)
    {
        lock_row(&row, how);
    }

    /// Writes every change now, in the order told above. No statement when nothing changed.
    /// \throws error `stale_version` or `precondition_failed`: a row was not as expected;
    ///   `already_exists`, `constraint_violated`, `version_exhausted`, `lock_timeout` and what the
    ///   engine reports
    void flush();

    /// Own SQL that reads: described structs by column name, or single values. Not tracked.
    /// Parameters are bound; placeholders are `?` on SQLite and MariaDB, `$1` on PostgreSQL.
    template <class T, std::convertible_to<parameter>... Parameters>
    [[nodiscard]] std::vector<T> query(std::string_view sql, Parameters const&... parameters)
    {
        std::array<value, sizeof...(Parameters)> const values{parameter{parameters}.get()...};
        std::vector<T> rows;
        run_query(sql, values, detail::row_plan_of<T>(), &rows, [](void* to) -> void* {
            return &static_cast<std::vector<T>*>(to)->emplace_back();
        });
        return rows;
    }

    /// Own SQL that writes; answers how many rows it matched. Changes not flushed yet are flushed
    /// before it, and tracked rows are not refreshed after it. Statements that begin or end
    /// transactions are refused with `std::invalid_argument`.
    template <std::convertible_to<parameter>... Parameters>
    std::int64_t execute(std::string_view sql, Parameters const&... parameters)
    {
        std::array<value, sizeof...(Parameters)> const values{parameter{parameters}.get()...};
        return run_statement(sql, values);
    }

    /// The quoted name of an entity's table, prefix included, for own SQL.
    template <mapped_entity T>
    [[nodiscard]] std::string table() const
    {
        return table_of(detail::plan_of<T>());
    }

    /// The database's clock. One statement.
    [[nodiscard]] time_point database_time();

    /// Begins a part that can be undone on its own. Flushes first. One statement.
    [[nodiscard]] tiebreak::savepoint savepoint();

    /// Runs `then` once, after the commit of the outermost unit; never when it rolls back. It may
    /// start new transactions; an exception from it reaches the caller of `transact`, with the
    /// commit done. It is copied or moved, and what it returns is dropped.
    /// \throws std::logic_error for a null function pointer
    template <detail::can_be_queued Then>
    void after_commit(Then&& then)
    {
        queue_call(detail::queued_call::of(std::forward<Then>(then)));
    }

private:
    friend class detail::transaction;
    friend class tiebreak::savepoint;
    friend struct detail::tracking_runner;
    friend class detail::workspace;
    friend struct detail::place_access;

    template <auto Member>
    static consteval bool is_unique();

    explicit unit_of_work(detail::workspace& space) noexcept : space_(space) {}

    ~unit_of_work() = default;

    void* find_by_key(detail::plan const& of, value const* key, lock_request const& lock);
    void*
    find_by_column(detail::plan const& of, std::size_t column, value is, lock_request const& lock);
    [[noreturn]] static void throw_not_found(detail::plan const& of, value const* key);
    void* add_row(detail::plan const& of, void* from);
    void* insert_row(detail::plan const& of, void* from);
    void remove_row(void* row);
    void* merge_row(detail::plan const& of, void* from);
    void*
    merge_fields(detail::plan const& of, void const* original, void const* mine, merge_policy how);
    void lock_row(void* row, lock_request how);
    void run_select(detail::query const& what, void* to, void (*found)(void* to, void* row));
    std::int64_t run_count(detail::query const& what);
    bool run_exists(detail::query const& what);
    void run_query(std::string_view sql,
                   std::span<value const> parameters,
                   detail::row_plan const& of,
                   void* to,
                   void* (*make)(void* to));
    std::int64_t run_statement(std::string_view sql, std::span<value const> parameters);
    [[nodiscard]] std::string table_of(detail::plan const& of) const;
    void queue_call(detail::queued_call then);

    detail::workspace& space_;
};

template <auto Member>
consteval bool unit_of_work::is_unique()
{
    using entity = detail::entity<detail::owner_of<Member>>;
    constexpr auto bit = detail::column_mask{1} << entity::template index_of<Member>;
    for (auto const mask : detail::plan_maker<detail::owner_of<Member>>::uniques)
        if (mask == bit)
            return true;
    return detail::plan_maker<detail::owner_of<Member>>::key_mask == bit;
}

namespace detail {

template <class T>
std::vector<T*> tracking_runner::all(query const& what) const
{
    std::vector<T*> rows;
    work->run_select(what, &rows, [](void* to, void* row) {
        static_cast<std::vector<T*>*>(to)->push_back(static_cast<T*>(row));
    });
    return rows;
}

template <class T>
T* tracking_runner::first(query const& what) const
{
    query one = what;
    one.limit = 1;
    T* found = nullptr;
    work->run_select(
        one, &found, [](void* to, void* row) { *static_cast<T**>(to) = static_cast<T*>(row); });
    return found;
}

inline std::int64_t tracking_runner::count(query const& what) const
{
    return work->run_count(what);
}

inline bool tracking_runner::exists(query const& what) const
{
    return work->run_exists(what);
}

}  // namespace detail

}  // namespace tiebreak
