/// \file
/// What `add_version` needs of an engine: what there is, and the steps. Inside this folder only.
///
/// Every call is one try: it waits for others for a bounded time and then throws, with nothing
/// done; `add_version` tries again. A step that finds its work done, by an earlier run that was
/// killed or by another that runs now, does nothing.
#pragma once

#include "schema/add_version.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::schema::detail {

struct table_column {
    std::string name{};
    bool generated = false;  // computed from others
};
BOOST_DESCRIBE_STRUCT(table_column, (), (name, generated))

// What the catalogue says, as far as it matters here. Only of a table that can have a version.
struct table_facts {
    std::vector<table_column> columns{};
    bool has_column = false;  // the rest is of this one
    bool nullable = false;
    std::optional<std::int64_t> first{};  // its default
    bool has_remains = false;             // what set_not_null leaves when it is killed
    bool has_guard = false;               // as it was asked for
};

class version_change {
public:
    version_change() = default;
    version_change(version_change const&) = delete;
    version_change& operator=(version_change const&) = delete;
    virtual ~version_change() = default;

    // Throws what `add_version` throws of tables and columns that cannot be used.
    [[nodiscard]] virtual table_facts look() = 0;

    virtual void add_column() = 0;

    // True when a nullable column gets its default in a step of its own, before it is filled.
    [[nodiscard]] virtual bool default_comes_first() const noexcept = 0;
    virtual void set_default(std::int64_t first) = 0;

    // How many rows hold NULL. Reads all.
    [[nodiscard]] virtual std::int64_t count_nulls() = 0;

    // A walk through the table: each call fills about `rows` more, in a transaction of its own, and
    // answers how many; empty at the end. With `rows` of 1 it holds nothing while it waits.
    virtual void begin_walk() = 0;
    virtual std::optional<std::int64_t> fill(std::int64_t first, std::int64_t rows) = 0;

    // Fills what the walk has missed, as rows can move.
    virtual std::int64_t fill_rest(std::int64_t first) = 0;

    // Throws constraint_violated when a row holds NULL after all. With the default where that does
    // not come first.
    virtual void set_not_null(std::int64_t first) = 0;

    virtual void make_guard() = 0;
    [[nodiscard]] virtual std::string guard_name() const = 0;
};

[[nodiscard]] std::unique_ptr<version_change>
change_on_sqlite(database& in, std::string table, add_version_options const& options);
[[nodiscard]] std::unique_ptr<version_change>
change_on_postgresql(database& in, std::string table, add_version_options const& options);
[[nodiscard]] std::unique_ptr<version_change>
change_on_mariadb(database& in, std::string table, add_version_options const& options);

// --- for those three

// The name in quotes, those inside it doubled.
[[nodiscard]] std::string quoted(std::string_view name, char quote);

// The name of a trigger, function or constraint of ours that belongs to something of that name: at
// most 63 bytes.
[[nodiscard]] std::string own_name(std::string_view beginning, std::string_view of);

// A default that is a whole number, whatever the engine writes around it: "1", "'1'::bigint".
[[nodiscard]] std::optional<std::int64_t> number_in(std::string_view default_text);

// Parts joined by a text between them.
[[nodiscard]] std::string joined(std::vector<std::string> const& parts, std::string_view between);

// Two of the engines take letters of ASCII for the same whatever their case.
[[nodiscard]] std::string lower(std::string text);
[[nodiscard]] bool same_name(std::string const& one, std::string const& other);

// Throws not_found for an unversioned column that `table` does not have.
void check_unversioned(std::vector<table_column> const& columns,
                       add_version_options const& options,
                       std::string_view table);

// How a trigger says that a column has another value than before, and that it has the same.
struct value_test {
    std::string differs;
    std::string same;
};

// " AND NOT (only unversioned columns differ)"; empty when all columns are versioned.
[[nodiscard]] std::string
unless_only_unversioned_differ(std::vector<table_column> const& columns,
                               add_version_options const& options,
                               std::function<value_test(std::string const& name)> const& test);

[[nodiscard]] error no_such_table(std::string_view table);
// "is a view"
[[nodiscard]] error not_a_table(std::string_view table, std::string_view but);
// "is of the type TEXT"
[[nodiscard]] error
no_version(std::string_view table, std::string_view column, std::string_view because);

}  // namespace tiebreak::schema::detail
