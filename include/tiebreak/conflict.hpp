/// \file
/// A conflict as a value: which row was not as expected, and how.
///
/// A lost check knows the row and what was expected of it; that costs nothing. What the row is now
/// is asked after the rollback, outside of the transaction that failed, and only on request
/// (`transact_options::conflicts`): inside it an old snapshot would still show the old row. Asked
/// about are the unit's own objects: of a write by a repository or by own SQL more is told only if
/// the unit had loaded its row.
#pragma once

#include <tiebreak/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak {

/// What `transact` finds out about rows that were not as expected.
enum class conflict_detail : std::uint8_t {
    first_row,  ///< the first such row, its key and the version expected; no statement
    explained,  ///< the same row, what became of it and its fields; one statement. For a taken key
                ///< one for each key and unique column of the rows not yet written, until it is
                ///< found
    all_rows,   ///< the same, and every other row that the unit had still to write; one statement
                ///< for each, and for each key and unique column that it wants
};

/// For `transact_options::conflicts`: report every conflict of a commit, not only the first.
inline constexpr auto collect_conflicts = conflict_detail::all_rows;

/// How a row differed from what a write expected.
enum class conflict_kind : std::uint8_t {
    changed_or_gone,  ///< no row matched and nobody asked further (asking costs a statement)
    changed,          ///< the row is there, with another version or not meeting the condition
    gone,             ///< the row was removed
    appeared,         ///< a row is there that was expected to be absent
};

/// "changed", "gone" …
[[nodiscard]] constexpr std::string_view name_of(conflict_kind kind) noexcept
{
    switch (kind) {
    case conflict_kind::changed_or_gone: return "changed or gone";
    case conflict_kind::changed: return "changed";
    case conflict_kind::gone: return "gone";
    case conflict_kind::appeared: return "appeared";
    }
    return "unknown";
}

/// What a merge does about a column that both sides changed, and not to the same. A column that
/// only one side changed always gets that side's value.
enum class merge_policy : std::uint8_t {
    refuse_overlap,  ///< `precondition_failed`, with every such column in the conflict's `fields`
    mine,            ///< the value of the merged object
    theirs,          ///< the value the row has now
};

/// One column of a row in conflict: what the unit had read, what it wanted to write, what is there.
struct field_conflict {
    std::string column{};     ///< its name in the table
    stored_value original{};  ///< NULL when it is not known
    stored_value mine{};      ///< what the unit wanted to write
    stored_value theirs{};    ///< NULL when the row is gone

    /// Both sides changed it, and not to the same.
    [[nodiscard]] bool overlaps() const noexcept
    {
        return !(mine.get() == original.get()) && !(theirs.get() == original.get()) &&
               !(mine.get() == theirs.get());
    }
};

/// Which row was not as expected. Versions are the stored number: counters as they are, timestamp
/// versions in microseconds since 1970 UTC; empty for entities without a version.
struct conflict {
    std::string entity{};  ///< the struct's name without namespaces, for example "coupon"
    std::string table{};   ///< its table, with the prefix
    std::string key{};     ///< the key's value; parts of a composite key separated by ", "
    conflict_kind kind = conflict_kind::changed_or_gone;  ///< how the row differed
    std::optional<std::int64_t> expected_version{};       ///< what the write stated
    std::optional<std::int64_t> actual_version{};         ///< only when it was asked for
    std::vector<field_conflict> fields{};  ///< those that either side changed; only when asked for,
                                           ///< and of a refused merge
};

}  // namespace tiebreak
