// Making an order: the rules for lines, and the two rows.
#include "systems/tickets/tickets.hpp"

#include <bitset>

namespace tiebreak::systems::tickets {

namespace {

constexpr std::size_t numbers_of_a_line = 6;
constexpr int number_max = 45;

std::string_view broken_rule(lotto_line const& line)
{
    if (line.numbers.size() != numbers_of_a_line)
        return "must have 6 numbers";
    std::bitset<number_max + 1> seen;
    for (int const number : line.numbers) {
        if (number < 1 || number > number_max)
            return "must have numbers from 1 to 45";
        auto const at = static_cast<std::size_t>(number);
        if (seen.test(at))
            return "must not repeat a number";
        seen.set(at);
    }
    return {};
}

std::string text_of(std::vector<lotto_line> const& lines)
{
    std::string text;
    for (auto const& line : lines) {
        if (!text.empty())
            text += ';';
        for (std::size_t i = 0; i < line.numbers.size(); ++i) {
            if (i > 0)
                text += ',';
            text += std::to_string(line.numbers[i]);
        }
    }
    return text;
}

}  // namespace

std::variant<order, invalid_lines> create_order(database& in, new_order const& of)
{
    if (of.lines.empty() || of.lines.size() > lines_max)
        return invalid_lines{0, "must be 1 to 100 lines"};
    for (std::size_t i = 0; i < of.lines.size(); ++i) {
        if (auto const rule = broken_rule(of.lines[i]); !rule.empty())
            return invalid_lines{i + 1, rule};
    }
    return in.transact([&](unit_of_work& work) {
        auto const& published =
            work.insert(lotto_publish{.member_id = of.member_id, .lines = text_of(of.lines)});
        auto const amount = price_of_a_line * static_cast<std::int64_t>(of.lines.size());
        return order{work.insert(
            order{.lotto_publish_id = published.id, .member_id = of.member_id, .amount = amount})};
    });
}

}  // namespace tiebreak::systems::tickets
