/// \file
/// The limits, each said in one sentence.
#include "systems/books/book_rules.hpp"

namespace tiebreak::systems::books::detail {

namespace {

bool is_filled(std::string_view text, std::size_t bytes_max)
{
    return !text.empty() && is_storable_text(text, bytes_max);
}

constexpr invalid_field wrong_title{"title", "must be 1 to 500 bytes of UTF-8"};
constexpr invalid_field wrong_author{"author", "must be 1 to 200 bytes of UTF-8"};
constexpr invalid_field wrong_price{"price", "must be 0 or more"};
constexpr invalid_field wrong_text{"text", "must be at most 4 MiB of UTF-8"};
constexpr invalid_field wrong_line{"line", "must be 1 to 1000 bytes of UTF-8 without a line feed"};
constexpr invalid_field full_text{"line", "must leave the text within 4 MiB"};

}  // namespace

std::optional<invalid_field> broken_rule(book_content const& of)
{
    if (!is_filled(of.title, 500))
        return wrong_title;
    if (!is_filled(of.author, 200))
        return wrong_author;
    if (of.price < 0)
        return wrong_price;
    if (!is_storable_text(of.text, text_bytes_max))
        return wrong_text;
    return std::nullopt;
}

std::optional<invalid_field> broken_rule(book_patch const& of)
{
    if (of.title && !is_filled(*of.title, 500))
        return wrong_title;
    if (of.author && !is_filled(*of.author, 200))
        return wrong_author;
    if (of.price && *of.price < 0)
        return wrong_price;
    if (of.text && !is_storable_text(*of.text, text_bytes_max))
        return wrong_text;
    return std::nullopt;
}

std::optional<invalid_field> broken_line_rule(std::string_view line)
{
    if (is_filled(line, 1000) && line.find('\n') == std::string_view::npos)
        return std::nullopt;
    return wrong_line;
}

std::optional<invalid_field> broken_length_rule(std::string_view text, std::string_view line)
{
    if (text.size() + line.size() + 1 <= text_bytes_max)
        return std::nullopt;
    return full_text;
}

}  // namespace tiebreak::systems::books::detail
