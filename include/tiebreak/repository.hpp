/// \file
/// The other style: one statement, and the answer is a value.
///
/// A repository works on a database (every call on its own, committed when it returns), in a unit
/// of work (part of its transaction) or on a snapshot (reading only). Objects it gives out are
/// values; it never tracks. Every write of a versioned entity is one statement that states what it
/// expects and bumps the version.
///
/// On a database each call takes a connection of the pool, runs one statement, and is tried again
/// by the database's default policy when the engine says that nothing happened. Inside a running
/// unit of the same thread and database, make it from the unit: `repository<T> r(work)`; from the
/// database it would wait for itself and is refused with `std::logic_error`.
///
/// In a unit of work the object given to `insert`, `insert_if_absent`, `save` or `upsert_if` stays
/// as it is: the unit may yet be rolled back and run again with the same object. Where key or new
/// version are needed before the commit, use the unit's own objects (`work.insert`). On a database
/// the object holds them after success; after failure it is unchanged everywhere.
///
/// In a unit of work, changes of the unit's own objects are flushed first. A write then looks at
/// each loaded row that it may touch (the one with its key; for `…_where` all of the entity): one
/// that somebody else has changed meanwhile is `stale_version`, and after the write it is read
/// again, so that the unit's objects do not go stale. Two statements for each such row. A `save` or
/// `remove` that fails dooms the unit.
#pragma once

#include <tiebreak/conflict.hpp>
#include <tiebreak/outcome.hpp>
#include <tiebreak/select.hpp>
#include <tiebreak/unit_of_work.hpp>

#include <optional>

namespace tiebreak {

class database;
class snapshot;

namespace detail {

/// Where a repository's statements run: exactly one of the three is set.
struct place {
    database* db = nullptr;
    unit_of_work* work = nullptr;
    snapshot* view = nullptr;
};

void select_rows(place where, query const& what, row_receiver to);
std::int64_t count_rows(place where, query const& what);
bool any_row(place where, query const& what);
bool find_row(place where, plan const& of, column_mask by, value const* values, void* into);
/// Writes; answers how many rows matched.
std::int64_t update_rows(place where, plan const& of, conditional const& how);
std::int64_t delete_rows(place where, plan const& of, conditional const& how);
/// Inserts `row`; false: key taken. Outside of a unit it gets first version and generated key.
bool insert_row(place where, plan const& of, void* row, bool unless_taken);
/// Writes all columns of `row`, expecting its version. 0 or 1. Outside of a unit it gets the new
/// version.
std::int64_t update_row(place where, plan const& of, void* row);
/// Says that `row` is gone or has another version.
[[noreturn]] void throw_row_not_as_stated(place where, plan const& of, void const* row);
conflict
explain_loss(place where, plan const& of, value const* key, std::optional<std::int64_t> expected);
/// Tells observer and log that a conditional write of one row lost.
outcome outcome_of(place where, plan const& of, conditional const& how, std::int64_t rows);

/// Runs queries whose rows become values.
struct value_runner {
    place where;

    template <class T>
    std::vector<T> all(query const& what) const
    {
        std::vector<T> rows;
        select_rows(where, what, {&rows, [](void* to) -> void* {
                                      return &static_cast<std::vector<T>*>(to)->emplace_back();
                                  }});
        return rows;
    }

    template <class T>
    std::optional<T> first(query const& what) const
    {
        query one = what;
        one.limit = 1;
        std::optional<T> row;
        select_rows(where, one, {&row, [](void* to) -> void* {
                                     return &static_cast<std::optional<T>*>(to)->emplace();
                                 }});
        return row;
    }

    std::int64_t count(query const& what) const { return count_rows(where, what); }

    bool exists(query const& what) const { return any_row(where, what); }
};

/// A version as the number that is stored.
template <class V>

requires is_version<V> std::int64_t stored_version(V const& expected)
{
    return field_type<V>::encode(expected).integer();
}

}  // namespace detail

/// One entity's rows. Cheap to make and copy. As thread-safe as what it was made from: on a
/// database from any thread, in a unit or snapshot from its thread.
template <mapped_entity T>
class repository {
public:
    /// On a database: every call on its own.
    explicit repository(database& db) noexcept : place_{.db = &db} {}

    /// In a unit of work: part of its transaction.
    explicit repository(unit_of_work& work) noexcept : place_{.work = &work} {}

    /// On a snapshot: reading only.
    explicit repository(snapshot& view) noexcept : place_{.view = &view} {}

    /// The row with this key. One statement.
    [[nodiscard]] std::optional<T> find(key_of<T> const& key) const
    {
        detail::encoded_key<T> const values{key};
        std::optional<T> row{std::in_place};
        if (!detail::find_row(place_, plan(), plan().key, values.values.data(), &*row))
            row.reset();
        return row;
    }

    /// The row with this value in a unique member. One statement.
    template <auto Member>
    requires std::same_as<detail::owner_of<Member>, T>

    [[nodiscard]] std::optional<T> find_by(detail::member_type<Member> const& is) const
    {
        return select().where(field<Member> == is).first();
    }

    /// Starts a query.
    [[nodiscard]] selection<T, detail::value_runner> select() const
    {
        return selection<T, detail::value_runner>{detail::value_runner{place_}};
    }

    /// Inserts a new row. On a database `row` then holds its generated key and first version. One
    /// statement.
    /// \throws error `already_exists`, `constraint_violated`; `row` and the table are unchanged
    void insert(T& row) const { detail::insert_row(place_, plan(), &row, false); }

    /// Inserts the row unless its primary or a unique key is taken: a claim. `won`: the row is this
    /// one; on a database the object holds its generated key. `lost`: somebody was first, nothing
    /// changed. One statement.
    [[nodiscard]] outcome insert_if_absent(T& row) const
    {
        return detail::insert_row(place_, plan(), &row, true) ? outcome::won : outcome::lost;
    }

    /// Stores an object: inserts it when its generated key is still 0, else writes every column of
    /// its row, which must have the object's version. On a database the object holds key and new
    /// version after success; it is unchanged in a unit and after failure. One statement.
    /// \throws error `precondition_failed`: the row has another version or is gone;
    ///   `not_found`: the row of an entity without a version is gone
    void save(T& row) const
    {
        if (detail::plan_maker<T>::generated && key_is_zero(row))
            return insert(row);
        if (detail::update_row(place_, plan(), &row) == 1)
            return;
        detail::throw_row_not_as_stated(place_, plan(), &row);
    }

    /// Checked upsert: puts the row there, replacing the one that is as expected. Without
    /// `expected` there must be none: it is inserted. With it, the row must have that version, and
    /// every column is written. On a database the object holds key and new version when it won; it
    /// is unchanged in a unit and when it lost. One statement.
    template <class Version>
    requires detail::is_version<Version>

    [[nodiscard]] outcome upsert_if(T& row, std::optional<Version> const& expected) const
    {
        static_assert(detail::plan_maker<T>::form != detail::version_form::none,
                      "this entity has no version");
        if (!expected)
            return insert_if_absent(row);
        std::array<value, 64> key;
        plan().encode(&row, plan().key, key.data());
        detail::conditional const how{key.data(), detail::stored_version(*expected)};
        T written = row;
        value const stated = field_type<Version>::encode(*expected);
        plan().decode(&written, plan().version, &stated);
        auto const answer =
            detail::outcome_of(place_, plan(), how, detail::update_row(place_, plan(), &written));
        if (answer == outcome::won && place_.work == nullptr)
            row = std::move(written);
        return answer;
    }

    /// Removes the object's row, which must have the object's version. One statement.
    /// \throws as `save`
    void remove(T const& row) const
    {
        std::array<value, 64> key;
        detail::conditional how{.key = key.data()};
        plan().encode(&row, plan().key, key.data());
        if (plan().form != detail::version_form::none) {
            value stored;
            plan().encode(&row, plan().version, &stored);
            how.version = stored.integer();
        }
        if (detail::delete_rows(place_, plan(), how) == 1)
            return;
        detail::throw_row_not_as_stated(place_, plan(), &row);
    }

    /// Changes the row with this key if it has this version. One statement, one answer.
    template <class Version, std::same_as<change<T>>... Changes>
    requires detail::is_version<Version>

    [[nodiscard]] outcome
    update_if(key_of<T> const& key, Version expected, Changes const&... changes) const
    {
        return update_if(key, expected, condition<T>{}, changes...);
    }

    /// Changes the row with this key if the condition holds (a status, a lease's epoch, a stock
    /// that suffices). The version is bumped, and need not be known. One statement.
    template <std::same_as<change<T>>... Changes>
    [[nodiscard]] outcome
    update_if(key_of<T> const& key, condition<T> const& holds, Changes const&... changes) const
    {
        detail::encoded_key<T> const values{key};
        detail::conditional const how{values.values.data(), {}, holds.sql, {changes.sql...}};
        return detail::outcome_of(place_, plan(), how, detail::update_rows(place_, plan(), how));
    }

    /// Both: this version, and the condition. One statement.
    template <class Version, std::same_as<change<T>>... Changes>
    requires detail::is_version<Version>

    [[nodiscard]] outcome update_if(key_of<T> const& key,
                                    Version expected,
                                    condition<T> const& holds,
                                    Changes const&... changes) const
    {
        static_assert(detail::plan_maker<T>::form != detail::version_form::none,
                      "this entity has no version");
        detail::encoded_key<T> const values{key};
        detail::conditional const how{
            values.values.data(), detail::stored_version(expected), holds.sql, {changes.sql...}};
        return detail::outcome_of(place_, plan(), how, detail::update_rows(place_, plan(), how));
    }

    /// Removes the row with this key if it has this version. One statement.
    template <class Version>
    requires detail::is_version<Version>

    [[nodiscard]] outcome remove_if(key_of<T> const& key, Version expected) const
    {
        detail::encoded_key<T> const values{key};
        detail::conditional const how{values.values.data(), detail::stored_version(expected)};
        return detail::outcome_of(place_, plan(), how, detail::delete_rows(place_, plan(), how));
    }

    /// Removes the row with this key if the condition holds. One statement.
    [[nodiscard]] outcome remove_if(key_of<T> const& key, condition<T> const& holds) const
    {
        detail::encoded_key<T> const values{key};
        detail::conditional const how{values.values.data(), {}, holds.sql};
        return detail::outcome_of(place_, plan(), how, detail::delete_rows(place_, plan(), how));
    }

    /// Why a conditional write lost: is the row gone, or changed, and which version has it now?
    /// One statement, on request only; the answer is of now, not of the moment of losing.
    template <class Version>
    requires detail::is_version<Version>

    [[nodiscard]] conflict explain(key_of<T> const& key, Version expected) const
    {
        detail::encoded_key<T> const values{key};
        return detail::explain_loss(
            place_, plan(), values.values.data(), detail::stored_version(expected));
    }

    /// The same for a write that expected no version.
    [[nodiscard]] conflict explain(key_of<T> const& key) const
    {
        detail::encoded_key<T> const values{key};
        return detail::explain_loss(place_, plan(), values.values.data(), {});
    }

    /// Changes every row for which the condition holds, bumps each version, and answers how many.
    /// One statement.
    template <std::same_as<change<T>>... Changes>
    std::int64_t update_where(condition<T> const& holds, Changes const&... changes) const
    {
        return detail::update_rows(place_, plan(), {nullptr, {}, holds.sql, {changes.sql...}});
    }

    /// Removes every row for which the condition holds, and answers how many. One statement.
    std::int64_t remove_where(condition<T> const& holds) const
    {
        return detail::delete_rows(place_, plan(), {nullptr, {}, holds.sql, {}});
    }

private:
    static detail::plan const& plan() { return detail::plan_of<T>(); }

    static bool key_is_zero(T const& row)
    {
        value key;
        if constexpr (detail::plan_maker<T>::generated)
            plan().encode(&row, plan().key, &key);
        return key.holds_integer() && key.integer() == 0;
    }

    detail::place place_;
};

}  // namespace tiebreak
