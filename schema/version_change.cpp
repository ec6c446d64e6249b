/// \file
/// Names, defaults and refusals that the three engines share.
#include "schema/version_change.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <utility>

namespace tiebreak::schema::detail {

namespace {

constexpr std::size_t name_bytes_max = 63;  // PostgreSQL's; the others allow more
constexpr std::size_t digest_bytes = 9;     // "_" and 8 hexadecimal digits

// FNV-1a: tells long names apart that begin the same.
std::uint32_t digest(std::string_view text) noexcept
{
    std::uint32_t sum = 2'166'136'261U;
    for (char const c : text) {
        sum ^= static_cast<unsigned char>(c);
        sum *= 16'777'619U;
    }
    return sum;
}

bool continues_character(char c) noexcept
{
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

}  // namespace

std::string quoted(std::string_view name, char quote)
{
    std::string text{quote};
    for (char const c : name) {
        if (c == quote)
            text += c;
        text += c;
    }
    return text += quote;
}

std::string own_name(std::string_view beginning, std::string_view of)
{
    std::string name{beginning};
    name += of;
    if (name.size() <= name_bytes_max)
        return name;
    auto keep = name_bytes_max - digest_bytes;
    while (continues_character(name[keep]))
        --keep;
    name.resize(keep);
    char end[digest_bytes + 1] = {};
    std::snprintf(end, sizeof end, "_%08x", digest(of));
    return name += end;
}

std::optional<std::int64_t> number_in(std::string_view text)
{
    // a cast behind it; blanks, parentheses and quotes around it
    text = text.substr(0, text.find("::"));
    constexpr std::string_view around = " ()'\"";
    auto const begin = text.find_first_not_of(around);
    if (begin == std::string_view::npos)
        return {};
    text = text.substr(begin, text.find_last_not_of(around) + 1 - begin);
    if (text.starts_with('+'))
        text.remove_prefix(1);
    std::int64_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{} || stop != end)
        return {};
    return number;
}

std::string joined(std::vector<std::string> const& parts, std::string_view between)
{
    std::string text;
    for (auto const& part : parts) {
        if (!text.empty())
            text += between;
        text += part;
    }
    return text;
}

std::string lower(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) {
        return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
    });
    return text;
}

bool same_name(std::string const& one, std::string const& other)
{
    return lower(one) == lower(other);
}

void check_unversioned(std::vector<table_column> const& columns,
                       add_version_options const& options,
                       std::string_view table)
{
    for (auto const& name : options.unversioned)
        if (std::ranges::none_of(columns, [&](auto const& c) { return same_name(c.name, name); }))
            throw error(errc::not_found,
                        "there is no column " + name + " in " + std::string{table});
}

std::string
unless_only_unversioned_differ(std::vector<table_column> const& columns,
                               add_version_options const& options,
                               std::function<value_test(std::string const& name)> const& test)
{
    if (options.unversioned.empty())
        return {};
    std::vector<std::string> may_differ;
    std::vector<std::string> may_not;
    for (auto const& column : columns) {
        if (column.generated)
            continue;
        auto values = test(column.name);
        if (std::ranges::any_of(options.unversioned,
                                [&](auto const& name) { return same_name(name, column.name); }))
            may_differ.push_back(std::move(values.differs));
        else
            may_not.push_back(std::move(values.same));
    }
    return " AND NOT ((" + joined(may_differ, " OR ") + ") AND " + joined(may_not, " AND ") + ")";
}

error no_such_table(std::string_view table)
{
    return error(errc::not_found, "there is no table " + std::string(table) + " here");
}

error not_a_table(std::string_view table, std::string_view but)
{
    return error(errc::unsupported,
                 std::string(table) + " " + std::string(but) + ", which cannot get a version");
}

error no_version(std::string_view table, std::string_view column, std::string_view because)
{
    return error(errc::unsupported,
                 "the column " + std::string(column) + " of " + std::string(table) + " " +
                     std::string(because) + ": nothing was changed; name another with --column");
}

}  // namespace tiebreak::schema::detail
