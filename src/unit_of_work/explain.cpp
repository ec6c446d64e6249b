// What became of the rows that were not as expected: asked after the rollback, outside of the
// transaction that failed, where others see what is there.
#include "unit_of_work/workspace.hpp"

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

// Reads the row of an entry and answers the conflict, or nothing when it is as expected.
std::optional<conflict> workspace::find_conflict(entry& one, std::optional<std::int64_t> expected)
{
    plan const& of = *one.of;
    auto& statement = session_->find(of);
    sql::reading const until_end(statement);
    auto const row = statement.first({key_of(one), of.key_size});
    auto what = conflict_of(of, prefix_, key_of(one), expected);
    if (row.empty()) {
        what.kind = conflict_kind::gone;
    } else {
        what.kind = conflict_kind::changed;
        if (of.version != 0) {
            what.actual_version = row[of.version_column].integer();
            if (what.actual_version == expected)
                return {};
        } else {
            return {};
        }
    }
    compare_fields(one, row, what);
    return what;
}

// The row that stands where an insert wanted to put one.
std::optional<conflict> workspace::find_rival(entry& one)
{
    plan const& of = *one.of;
    std::array<value, 64> mine;
    of.encode(one.object, of.all, mine.data());
    auto const look = [&](column_mask by) -> std::optional<conflict> {
        std::array<value, 64> values;
        std::size_t number = 0;
        bool has_null = false;  // such a row has no rival
        each_column(by, [&](std::size_t i) {
            has_null = has_null || mine[i].is_null();
            values[number++] = mine[i];
        });
        if (has_null)
            return {};
        auto& statement = session_->find_by(of, by);
        sql::reading const until_end(statement);
        auto const row = statement.first({values.data(), number});
        if (row.empty())
            return {};
        number = 0;
        each_column(of.key, [&](std::size_t i) { values[number++] = row[i]; });
        auto what = conflict_of(of, prefix_, values.data(), {});
        what.kind = conflict_kind::appeared;
        if (of.version != 0)
            what.actual_version = row[of.version_column].integer();
        compare_fields(one, row, what);
        return what;
    };
    if (!of.generated)
        if (auto found = look(of.key))
            return found;
    for (auto const mask : of.uniques)
        if (auto found = look(mask))
            return found;
    return {};
}

error workspace::explained(error const& failure, conflict_detail how)
{
    if (!session_ || !connection().alive())
        return failure;
    auto const wanted_key = failure.what_conflicted();
    std::vector<conflict> found;
    try {
        if (failure.code() == errc::already_exists) {
            auto& entries = rows_.entries();
            if (inserting_ < entries.size())
                if (auto rival = find_rival(entries[inserting_]))
                    found.push_back(*std::move(rival));
        } else if (how == conflict_detail::all_rows) {
            find_all_conflicts(found);
        } else if (wanted_key != nullptr) {
            for (auto& one : rows_.entries()) {
                auto const expected =
                    one.of->version != 0 ? wanted_key->expected_version : std::nullopt;
                auto const what = conflict_of(*one.of, prefix_, key_of(one), expected);
                if (what.table != wanted_key->table || what.key != wanted_key->key)
                    continue;
                if (auto conflicting = find_conflict(one, expected))
                    found.push_back(*std::move(conflicting));
                break;
            }
        }
    } catch (error const&) {
        return failure;  // what is known already is told, all the same
    }
    if (found.empty())
        return failure;
    return error(failure.code(), std::move(found)).seen_in(failure.when());
}

// Every row that the unit wanted to write, against what it expected before it wrote any.
void workspace::find_all_conflicts(std::vector<conflict>& into)
{
    auto& entries = rows_.entries();
    std::vector<std::uint32_t> seen;
    auto const look = [&](std::uint32_t position, std::optional<std::int64_t> expected) {
        if (std::ranges::find(seen, position) != seen.end())
            return;
        seen.push_back(position);
        if (auto found = find_conflict(entries[position], expected))
            into.push_back(*std::move(found));
    };
    for (auto const& one : plan_of_flush_)
        look(one.position, one.expected);
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
        auto const& one = entries[i];
        bool const written = one.state == row_state::removed ||
                             (one.state == row_state::loaded &&
                              (changed_columns(one) != 0 || one.verify || one.force_increment));
        if (written)
            look(i, one.of->version != 0 ? std::optional{version_of(one)} : std::nullopt);
    }
}

}  // namespace tiebreak::detail
