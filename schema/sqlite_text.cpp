/// \file
/// A scanner over one CREATE TABLE, after SQLite's rules for names, texts and comments.
#include "schema/sqlite_text.hpp"

#include <tiebreak/error.hpp>

#include <algorithm>
#include <cctype>

namespace tiebreak::schema::detail {

namespace {

[[nodiscard]] bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

[[nodiscard]] bool is_of_name(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// Goes from one token to the next; a token is a name, a quoted text or one character.
class tokens {
public:
    explicit tokens(std::string_view text) : text_(text) {}

    // Empty at the end.
    [[nodiscard]] std::string_view next()
    {
        skip_blanks_and_comments();
        auto const begin = at_;
        if (at_ < text_.size()) {
            if (auto const close = closing(text_[at_]); close != '\0')
                skip_quoted(close);
            else if (is_of_name(text_[at_]))
                while (at_ < text_.size() && is_of_name(text_[at_]))
                    ++at_;
            else
                ++at_;
        }
        return text_.substr(begin, at_ - begin);
    }

    // Just behind the last token.
    [[nodiscard]] std::size_t place() const noexcept { return at_; }

private:
    [[nodiscard]] static char closing(char c) noexcept
    {
        if (c == '[')
            return ']';
        return c == '\'' || c == '"' || c == '`' ? c : '\0';
    }

    void skip_past(std::string_view end, std::size_t from)
    {
        auto const found = text_.find(end, from);
        at_ = found == std::string_view::npos ? text_.size() : found + end.size();
    }

    void skip_blanks_and_comments()
    {
        for (;;) {
            while (at_ < text_.size() && is_blank(text_[at_]))
                ++at_;
            auto const rest = text_.substr(at_);
            if (rest.starts_with("--"))
                skip_past("\n", at_);
            else if (rest.starts_with("/*"))
                skip_past("*/", at_ + 2);
            else
                return;
        }
    }

    // A doubled quote inside is one of the text; not so between brackets.
    void skip_quoted(char close)
    {
        do {
            skip_past({&close, 1}, at_ + 1);
        } while (close != ']' && at_ < text_.size() && text_[at_] == close);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

[[nodiscard]] std::string name_of(std::string_view token)
{
    if (token.size() < 2 || is_of_name(token.front()))
        return std::string{token};
    std::string name;
    char const quote = token.front() == '[' ? '\0' : token.front();
    auto const inside = token.substr(1, token.size() - 2);
    for (std::size_t i = 0; i < inside.size(); ++i) {
        name += inside[i];
        if (inside[i] == quote)
            ++i;
    }
    return name;
}

[[nodiscard]] bool same_name(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
        return x == y || (x < 0x80 && y < 0x80 && std::tolower(x) == std::tolower(y));
    });
}

}  // namespace

std::string with_more_for_column(std::string_view create_table,
                                 std::size_t number,
                                 std::string_view column,
                                 std::string_view more)
{
    tokens all(create_table);
    auto token = all.next();
    while (!token.empty() && token != "(")
        token = all.next();
    std::string_view first;   // of the definition
    std::size_t end = 0;      // of its last token
    std::size_t current = 0;  // its number
    for (int depth = 1; depth > 0;) {
        token = all.next();
        if (token.empty())
            break;
        if (token == "(")
            ++depth;
        else if (token == ")")
            --depth;
        if (depth == 0 || (depth == 1 && token == ",")) {
            if (current == number && same_name(name_of(first), column))
                return std::string{create_table.substr(0, end)}.append(more).append(
                    create_table.substr(end));
            ++current;
            first = {};
            continue;
        }
        if (first.empty())
            first = token;
        end = all.place();
    }
    throw error(errc::unsupported,
                "the column " + std::string{column} +
                    " was not found in the statement that made its table");
}

}  // namespace tiebreak::schema::detail
