// Where a repository's statements run, and what each of its writes expects.
#include "database/alone.hpp"

#include <stdexcept>

namespace tiebreak::detail {

// Reaches into the public classes for their workspaces.
struct place_access {
    static workspace& space(unit_of_work& work) { return work.space_; }

    static workspace& space(snapshot& view) { return view.space_; }

    static database_core& core(database& db) { return *db.core_; }
};

namespace {

template <class F>
auto read_at(place where, plan const& of, F&& run)
{
    if (where.db != nullptr)
        return run_alone(place_access::core(*where.db), purpose::reading, run);
    if (where.view != nullptr)
        return run(place_access::space(*where.view).statements());
    auto& space = place_access::space(*where.work);
    return space.guarded([&] {
        space.flush_if_touched(of);
        return run(space.statements());
    });
}

// Which rows a write may touch that a unit of work may have tracked.
struct reach {
    bool known_rows = false;
    value const* key = nullptr;  // null: any row
};

template <class F>
auto write_at(place where, purpose why, plan const& of, reach touched, F&& run)
{
    if (where.view != nullptr)
        throw std::logic_error("nothing can be written through a snapshot");
    if (where.db != nullptr)
        return run_alone(place_access::core(*where.db), why, run);
    auto& space = place_access::space(*where.work);
    return space.guarded([&] {
        space.flush_if_touched(of);
        space.begin_other_write();
        if (touched.known_rows)
            space.verify_known(of, touched.key);
        auto const result = run(space.statements());
        if (touched.known_rows)
            space.refresh(of, touched.key);
        return result;
    });
}

void require_not_exhausted(plan const& of, std::int64_t version)
{
    if (version == of.version_max)
        throw error(errc::version_exhausted,
                    "the version of a " + std::string{of.entity} + " is at its maximum");
}

observer* watcher_of(place where)
{
    return where.db != nullptr ? place_access::core(*where.db).options().watcher
                               : place_access::space(*where.work).watcher();
}

std::string const& prefix_of(place where)
{
    if (where.db != nullptr)
        return place_access::core(*where.db).options().table_prefix;
    return where.work != nullptr ? place_access::space(*where.work).prefix()
                                 : place_access::space(*where.view).prefix();
}

purpose writing(plan const& of)
{
    return of.form == version_form::timestamp ? purpose::writing_in_several_statements
                                              : purpose::writing;
}

void check_changes(plan const& of, conditional const& how)
{
    column_mask changed = 0;
    for (auto const& change : how.changes) {
        auto const bit = column_mask{1} << change.column;
        if ((changed & bit) != 0)
            throw std::invalid_argument("a column of " + std::string{of.table} +
                                        " is changed twice in one statement");
        changed |= bit;
    }
    if (how.changes.empty() && of.version == 0)
        throw std::invalid_argument("an update of " + std::string{of.table} + " changes nothing");
}

// After a write that did what nobody asked for: whoever swallows the error commits nothing.
[[noreturn]] void throw_dooming(place where, error const& failure)
{
    auto const thrown = std::make_exception_ptr(failure);
    if (where.work != nullptr)
        place_access::space(*where.work).fail(thrown);
    std::rethrow_exception(thrown);
}

std::span<value const> key_span(plan const& of, value const* key)
{
    return {key, of.key_size};
}

// Whether a write tells the caller's object its key and version. Not in a unit: that may yet be
// rolled back, and run again with the same object.
bool tells_object(place where) noexcept
{
    return where.work == nullptr;
}

// The version a row has now; empty when there is no such row.
std::optional<value> version_now(session& on, plan const& of, value const* key)
{
    auto& statement = on.find_version(of);
    sql::reading const until_end(statement);
    auto const row = statement.first(key_span(of, key));
    if (row.empty())
        return {};
    if (of.version != 0 && row[0].is_null())
        throw_undecodable(of, of.version_column, row[0]);
    return row[0];
}

}  // namespace

void select_rows(place where, query const& what, row_receiver to)
{
    if (what.lock.mode != lock_mode::none ||
        what.lock.wait.what != wait_limit::kind::until_deadline)
        throw std::logic_error("rows are held by a unit of work: use work.select().lock()");
    read_at(where, *what.of, [&](session& on) {
        select_rows(on, what, to);
        return 0;
    });
}

std::int64_t count_rows(place where, query const& what)
{
    return read_at(where, *what.of, [&](session& on) { return count_rows(on, what); });
}

bool any_row(place where, query const& what)
{
    return read_at(where, *what.of, [&](session& on) { return any_row(on, what); });
}

bool find_row(place where, plan const& of, column_mask by, value const* values, void* into)
{
    return read_at(where, of, [&](session& on) { return find_row(on, of, by, values, into); });
}

std::int64_t update_rows(place where, plan const& of, conditional const& how)
{
    check_changes(of, how);
    return write_at(where, purpose::writing, of, {true, how.key}, [&](session& on) {
        if (how.version)
            require_not_exhausted(of, *how.version);
        on.require_transactions(of);
        auto out = on.text();
        render_update_if(out, of, how);
        return on.prepared(out.text()).execute(out.parameters());
    });
}

std::int64_t delete_rows(place where, plan const& of, conditional const& how)
{
    return write_at(where, purpose::writing, of, {true, how.key}, [&](session& on) {
        on.require_transactions(of);
        auto out = on.text();
        render_delete_if(out, of, how);
        return on.prepared(out.text()).execute(out.parameters());
    });
}

bool insert_row(place where, plan const& of, void* row, bool unless_taken)
{
    std::array<value, 64> values;
    value key;
    if (of.generated) {
        of.encode(row, of.key, &key);
        if (key.integer() != 0)
            throw std::invalid_argument("a new row of " + std::string{of.entity} +
                                        " has a key already: the database makes it");
    }
    auto const columns = inserted_columns(of);
    auto const number = of.encode(row, columns, values.data());
    value version{of.version_first};
    if (of.form == version_form::counter)
        values[static_cast<std::size_t>(std::popcount(columns & (of.version - 1)))] = version;

    bool const inserted = write_at(where, writing(of), of, {}, [&](session& on) {
        std::span<value const> const parameters{values.data(), number};
        auto& statement = unless_taken ? on.insert_if_absent(of) : on.insert(of);
        if (of.generated) {
            auto const made = statement.insert(parameters);
            if (!made)
                return false;
            key = value{*made};
        } else if (statement.execute(parameters) == 0) {
            return false;
        }
        if (of.form == version_form::timestamp && tells_object(where)) {
            std::array<value, 64> of_row;
            of.encode(row, of.key, of_row.data());
            if (of.generated)
                of_row[0] = key;
            version = version_now(on, of, of_row.data()).value();
        }
        return true;
    });
    if (!inserted || !tells_object(where))
        return inserted;
    if (of.generated)
        decode_row(of, row, of.key, &key);
    if (of.form != version_form::none)
        decode_row(of, row, of.version, &version);
    return true;
}

std::int64_t update_row(place where, plan const& of, void* row)
{
    std::array<value, 130> parameters;
    auto const changed = of.all & ~(of.key | of.version);
    bool const bump = of.version != 0;
    auto number = of.encode(row, changed, parameters.data());
    auto const* const key = parameters.data() + number;
    number += of.encode(row, of.key, parameters.data() + number);
    value version;
    if (bump) {
        of.encode(row, of.version, &version);
        parameters[number++] = version;
    }
    auto const rows = write_at(where, writing(of), of, {true, key}, [&](session& on) {
        if (changed == 0 && !bump)  // a row that is nothing but its key
            return version_now(on, of, key) ? std::int64_t{1} : std::int64_t{0};
        if (bump)
            require_not_exhausted(of, version.integer());
        auto const matched = on.update(of, changed, bump).execute({parameters.data(), number});
        if (matched == 1 && of.form == version_form::timestamp && tells_object(where))
            version = version_now(on, of, key).value();
        return matched;
    });
    if (rows == 1 && bump && tells_object(where)) {
        if (of.form == version_form::counter)
            version = value{version.integer() + 1};
        decode_row(of, row, of.version, &version);
    }
    return rows;
}

void throw_row_not_as_stated(place where, plan const& of, void const* row)
{
    std::array<value, 64> key;
    of.encode(row, of.key, key.data());
    if (of.form == version_form::none)
        throw not_found(of, key.data());
    value version;
    of.encode(row, of.version, &version);
    auto what = conflict_of(of, prefix_of(where), key.data(), version.integer());
    report_loss(watcher_of(where), what);
    throw_dooming(where, error(errc::precondition_failed, std::move(what)));
}

conflict
explain_loss(place where, plan const& of, value const* key, std::optional<std::int64_t> expected)
{
    auto what = conflict_of(of, prefix_of(where), key, expected);
    read_at(where, of, [&](session& on) {
        auto const now = version_now(on, of, key);
        what.kind = now ? conflict_kind::changed : conflict_kind::gone;
        if (now && of.version != 0)
            what.actual_version = now->integer();
        return 0;
    });
    return what;
}

outcome outcome_of(place where, plan const& of, conditional const& how, std::int64_t rows)
{
    if (rows == 1)
        return outcome::won;
    if (rows != 0)
        throw_dooming(where,
                      error(errc::backend_failure,
                            "a write of one row of " + std::string{of.table} +
                                " matched several: its key is not unique"));
    report_loss(watcher_of(where), conflict_of(of, prefix_of(where), how.key, how.version));
    return outcome::lost;
}

}  // namespace tiebreak::detail
