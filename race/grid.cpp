#include "race/grid.hpp"

#include <algorithm>

namespace tiebreak::race {

namespace {

constexpr std::size_t gap = 2;

// Columns on the terminal: code points, as all we write is one column wide.
std::size_t width_of(std::string const& text)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char each) { return (static_cast<unsigned char>(each) & 0xC0U) != 0x80U; }));
}

std::vector<std::size_t> widths_of(grid const& what)
{
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < what.columns.size(); ++i) {
        auto width = width_of(what.columns[i].heading);
        for (auto const& row : what.rows)
            width = std::max(width, width_of(row[i].text));
        widths.push_back(what.columns[i].shown ? width : 0);
    }
    return widths;
}

std::size_t total_width(grid const& what)
{
    std::size_t total = 0;
    auto const widths = widths_of(what);
    for (std::size_t i = 0; i < widths.size(); ++i)
        if (what.columns[i].shown)
            total += widths[i] + (total == 0 ? 0 : gap);
    return total;
}

char const* code_of(tint colour) noexcept
{
    switch (colour) {
    case tint::good: return "32";
    case tint::bad: return "1;31";
    case tint::warning: return "33";
    case tint::faint: return "2";
    case tint::strong: return "1";
    case tint::none: break;
    }
    return "0";
}

}  // namespace

std::string painted(std::string const& text, tint colour, bool enabled)
{
    if (!enabled || colour == tint::none || text.empty())
        return text;
    std::string result = "\x1b[";
    result.append(code_of(colour)).append("m").append(text).append("\x1b[0m");
    return result;
}

bool fit(grid& what, std::size_t width_max)
{
    bool hidden = false;
    while (width_max > 0 && total_width(what) > width_max) {
        auto const first = std::ranges::max_element(
            what.columns, {}, [](column const& each) { return each.shown ? each.dispensable : 0; });
        if (first == what.columns.end() || !first->shown || first->dispensable == 0)
            return hidden;
        first->shown = false;
        hidden = true;
    }
    return hidden;
}

std::string laid_out(grid const& what, bool colour)
{
    auto const widths = widths_of(what);
    std::string text;
    auto const add_line = [&](auto const& cell_at) {
        std::string line;
        std::size_t owed = 0;  // spaces that are written only if something follows
        for (std::size_t i = 0; i < what.columns.size(); ++i) {
            if (!what.columns[i].shown)
                continue;
            cell const each = cell_at(i);
            auto const padding = widths[i] - width_of(each.text);
            bool const right = what.columns[i].right;
            line.append(owed + (right ? padding : 0), ' ');
            line += painted(each.text, each.colour, colour);
            owed = gap + (right ? 0 : padding);
        }
        text += line + '\n';
    };
    add_line([&](std::size_t i) { return cell{what.columns[i].heading, tint::strong}; });
    for (auto const& row : what.rows)
        add_line([&](std::size_t i) { return row[i]; });
    return text;
}

}  // namespace tiebreak::race
