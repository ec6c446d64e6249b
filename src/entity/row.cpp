#include "entity/row.hpp"

#include <tiebreak/error.hpp>

#include <algorithm>
#include <bit>

namespace tiebreak::detail {

namespace {

std::string_view kind_text(value v)
{
    switch (v.kind()) {
    case value_kind::null: return "NULL";
    case value_kind::boolean: return "a boolean";
    case value_kind::integer: return "an integer out of range";
    case value_kind::real: return "a real number";
    case value_kind::text: return "a text that does not fit";
    case value_kind::bytes: return "bytes";
    case value_kind::time: return "a time";
    }
    return "something else";
}

}  // namespace

void throw_undecodable(plan const& of, std::size_t column, value found)
{
    std::string text = "column ";
    text.append(of.table).append(".").append(of.columns[column].name).append(" holds ");
    text.append(kind_text(found)).append(", which the member of ").append(of.entity);
    text += found.is_null() && (of.version >> column & 1) != 0
                ? " cannot be: a version is never NULL"
                : " cannot hold";
    throw error(errc::backend_failure, std::move(text));
}

std::string key_text(plan const& of, value const* key)
{
    std::string text;
    for (auto left = of.key_size; left > 0; --left) {
        if (!text.empty())
            text += ", ";
        text += to_string(*key++);
    }
    return text;
}

error not_found(plan const& of, value const* key)
{
    return error(errc::not_found,
                 "there is no such " + std::string{of.entity},
                 "there is no " + std::string{of.entity} + " with the key " + key_text(of, key));
}

conflict conflict_of(plan const& of,
                     std::string_view prefix,
                     value const* key,
                     std::optional<std::int64_t> expected)
{
    std::string table{prefix};
    table += of.table;
    return {.entity = std::string{of.entity},
            .table = std::move(table),
            .key = key == nullptr ? std::string{} : key_text(of, key),
            .expected_version = expected};
}

void row_reader::match(std::vector<std::string_view> const& names)
{
    if (plan_.columns.empty()) {
        if (names.size() != 1)
            throw error(errc::backend_failure, "the query does not return exactly one column");
        column_of_member_.push_back(0);
        return;
    }
    for (auto const member : plan_.columns) {
        auto const found = std::ranges::find(names, member);
        if (found == names.end()) {
            throw error(errc::backend_failure,
                        "the query returns no column named " + std::string{member});
        }
        column_of_member_.push_back(static_cast<std::size_t>(found - names.begin()));
    }
}

void row_reader::read(void* object, std::span<value const> row) const
{
    for (std::size_t member = 0; member < column_of_member_.size(); ++member) {
        value const found = row[column_of_member_[member]];
        if (plan_.decode(object, member, found))
            continue;
        std::string text = "a column of the query";
        if (!plan_.columns.empty())
            text.append(" (").append(plan_.columns[member]).append(")");
        text.append(" holds ").append(kind_text(found)).append(", which the result cannot hold");
        throw error(errc::backend_failure, std::move(text));
    }
}

}  // namespace tiebreak::detail
