/// \file
/// A conflict as a value: which row was not as expected, and how.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tiebreak {

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

/// Which row was not as expected. Versions are the stored number: counters as they are, timestamp
/// versions in microseconds since 1970 UTC; empty for entities without a version.
struct conflict {
    std::string entity{};  ///< the struct's name without namespaces, for example "coupon"
    std::string table{};   ///< its table, with the prefix
    std::string key{};     ///< the key's value; parts of a composite key separated by ", "
    conflict_kind kind = conflict_kind::changed_or_gone;  ///< how the row differed
    std::optional<std::int64_t> expected_version{};       ///< what the write stated
    std::optional<std::int64_t> actual_version{};         ///< only known after `explain`
};

}  // namespace tiebreak
