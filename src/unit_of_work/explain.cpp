// What became of the rows that were not as expected: asked after the rollback, outside of the
// transaction that failed, where others see what is there.
#include "unit_of_work/workspace.hpp"

#include <algorithm>

namespace tiebreak::detail {

namespace {

// The columns that a row's two sides can disagree about.
column_mask comparable(plan const& of) noexcept
{
    return of.all & ~(of.key | of.version);
}

}  // namespace

// Original, mine and theirs of the columns that either side changed. `theirs` is empty when the row
// is gone.
void workspace::compare_fields(entry const& one, std::span<value const> theirs, conflict& into)
{
    plan const& of = *one.of;
    std::array<value, 64> mine;
    of.encode(one.object, of.all, mine.data());
    bool const known = one.state != row_state::added;
    each_column(comparable(of), [&](std::size_t i) {
        value const original = known ? one.snapshot[i] : value{};
        value const now = theirs.empty() ? value{} : theirs[i];
        if (known && mine[i] == original && (theirs.empty() || now == original))
            return;
        if (!known && mine[i] == now)
            return;
        into.fields.push_back({.column = std::string{of.columns[i].name},
                               .original = stored_value{original},
                               .mine = stored_value{mine[i]},
                               .theirs = stored_value{now}});
    });
}

// What has become of a tracked row; nothing when it is as expected.
std::optional<conflict> workspace::find_change(entry& one, std::optional<std::int64_t> expected)
{
    plan const& of = *one.of;
    auto& statement = session_->find(of);
    sql::reading const until_end(statement);
    auto const row = statement.first({key_of(one), of.key_size});
    auto what = conflict_of(of, prefix_, key_of(one), expected);
    if (row.empty()) {
        what.kind = conflict_kind::gone;
    } else {
        if (of.version == 0)
            return {};
        what.kind = conflict_kind::changed;
        what.actual_version = row[of.version_column].integer();
        if (what.actual_version == expected)
            return {};
    }
    compare_fields(one, row, what);
    return what;
}

// The row that stands where this one wants to go, by its key or by unique columns it changes.
std::optional<conflict> workspace::find_rival(entry& one)
{
    plan const& of = *one.of;
    bool const is_new = one.state == row_state::added;
    if (!is_new && one.state != row_state::loaded)
        return {};
    auto const touched = is_new ? of.all : of.changed(one.object, one.snapshot);
    if (is_new && !of.generated)
        if (auto found = find_rival(one, of.key))
            return found;
    for (auto const mask : of.uniques)
        if ((mask & touched) != 0)
            if (auto found = find_rival(one, mask))
                return found;
    return {};
}

std::optional<conflict> workspace::find_rival(entry& one, column_mask by)
{
    plan const& of = *one.of;
    std::array<value, 64> mine;
    auto const number = of.encode(one.object, by, mine.data());
    std::span<value const> const wanted{mine.data(), number};
    if (std::ranges::any_of(wanted, [](value v) { return v.is_null(); }))
        return {};  // such a row has no rival
    auto& statement = session_->find_by(of, by);
    sql::reading const until_end(statement);
    auto const row = statement.first(wanted);
    if (row.empty() || is_own(one, by, wanted, row.data()))
        return {};
    std::array<value, 64> key;
    std::size_t parts = 0;
    each_column(of.key, [&](std::size_t i) { key[parts++] = row[i]; });
    auto what = conflict_of(of, prefix_, key.data(), {});
    what.kind = conflict_kind::appeared;
    if (of.version != 0)
        what.actual_version = row[of.version_column].integer();
    compare_fields(one, row, what);
    return what;
}

// Whether a row with the values that an entry wants is that entry's own, or one that this unit had
// given other values before.
bool workspace::is_own(entry const& one,
                       column_mask by,
                       std::span<value const> wanted,
                       value const* row)
{
    auto const known = rows_.find(
        *one.of, identity_map::hash_row(*one.of, row), [&](std::size_t i) { return row[i]; });
    if (known == identity_map::none)
        return false;
    auto const& other = rows_.entries()[known];
    if (other.state != row_state::loaded)
        return false;
    if (&other == &one)
        return true;
    std::array<value, 64> now;
    auto const number = other.of->encode(other.object, by, now.data());
    return other.written && !std::ranges::equal(wanted, std::span{now.data(), number});
}

// The tracked row that a conflict names, or null.
entry* workspace::find_named(conflict const& what)
{
    for (auto& one : rows_.entries()) {
        if (one.state != row_state::loaded && one.state != row_state::removed)
            continue;
        auto const named = conflict_of(*one.of, prefix_, key_of(one), {});
        if (named.table == what.table && named.key == what.key)
            return &one;
    }
    return nullptr;
}

// What stands in the way of a row that is still to be written.
std::optional<conflict> workspace::find_obstacle(entry& one)
{
    bool const expects_its_row =
        one.state == row_state::removed ||
        (one.state == row_state::loaded &&
         (one.verify || one.force_increment || one.of->changed(one.object, one.snapshot) != 0));
    if (expects_its_row)
        if (auto found = find_change(one, expected_of(one)))
            return found;
    return find_rival(one);
}

// First the row that ended the unit; with `all` then every other it had still to write. What it has
// written was as expected, and nobody could change it until the rollback.
std::vector<conflict> workspace::find_conflicts(error const& failure, bool all)
{
    std::vector<conflict> found;
    entry const* first = nullptr;
    if (auto const* const known = failure.what_conflicted()) {
        found.push_back(*known);
        auto* const named = find_named(*known);
        bool const told = known->actual_version || !known->fields.empty();
        if (named != nullptr && !told)
            if (auto more = find_change(*named, known->expected_version))
                found.front() = *std::move(more);
        first = named;
    }
    for (auto& one : rows_.entries()) {
        if (!all && !found.empty())
            break;
        if (one.written || &one == first)
            continue;
        if (auto more = all ? find_obstacle(one) : find_rival(one))
            found.push_back(*std::move(more));
    }
    if (failure.code() == errc::already_exists)
        std::stable_partition(found.begin(), found.end(), [](conflict const& each) {
            return each.kind == conflict_kind::appeared;
        });
    return found;
}

error workspace::explained(error const& failure, conflict_detail how)
{
    if (!session_ || !connection().alive())
        return failure;
    try {
        auto found = find_conflicts(failure, how == conflict_detail::all_rows);
        if (!found.empty())
            return error(failure.code(), std::move(found)).seen_in(failure.when());
    } catch (error const&) {
        // what is known already is told, all the same
    }
    return failure;
}

}  // namespace tiebreak::detail
