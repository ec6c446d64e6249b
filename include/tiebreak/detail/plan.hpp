/// \file
/// What the library's compiled core sees of a mapped struct: a table, columns, and a handful of
/// function pointers. Templates only fill it in (mapping.hpp); everything else is plain code.
/// Not meant to be used directly.
#pragma once

#include <tiebreak/field_type.hpp>
#include <tiebreak/value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tiebreak::detail {

/// A set of columns of one entity: bit i is column i. An entity has at most 64 columns.
using column_mask = std::uint64_t;

struct column {
    std::string_view name;
    column_type type;
    bool nullable;
};

/// A column that holds the key of a row of another entity.
struct plan;

struct reference {
    std::size_t column;
    plan const& (*target)();
};

enum class version_form : std::uint8_t { none, counter, timestamp };

struct plan {
    std::string_view entity;  ///< the struct's name without namespaces
    std::string_view table;   ///< without the prefix
    std::span<column const> columns;
    std::span<column_mask const> uniques;
    std::span<reference const> references;
    column_mask all;
    column_mask key;
    std::size_t key_size;     ///< how many columns the key has
    column_mask version;      ///< one bit, or none
    column_mask unversioned;  ///< columns whose change does not bump the version
    column_mask borrowing;    ///< columns whose encoded values may point into the object
    version_form form;
    bool generated;              ///< the database makes the key
    std::size_t version_column;  ///< meaningless without a version
    std::int64_t version_first;
    std::int64_t version_max;
    std::size_t size;
    std::size_t align;
    std::size_t index;  ///< small, dense, for tables of statements

    void (*construct)(void* at);  ///< a default-made object
    void (*move_construct)(void* at, void* from);
    void (*destroy)(void* object) noexcept;

    /// Reads the columns of `mask`, in order, from `row`. Answers the index of the first column
    /// that does not fit its member, or `columns.size()`.
    std::size_t (*decode)(void* object, column_mask mask, value const* row);

    /// Writes the columns of `mask`, in order, to `out`; answers how many.
    std::size_t (*encode)(void const* object, column_mask mask, value* out);

    /// Which columns differ from `snapshot`, which holds a value for every column.
    column_mask (*changed)(void const* object, value const* snapshot);
};

/// A number for each mapped struct of the program, in order of first use. Thread-safe.
[[nodiscard]] std::size_t next_plan_index() noexcept;

}  // namespace tiebreak::detail
