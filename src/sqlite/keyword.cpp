// Finding the first word of a statement.
#include "sqlite/keyword.hpp"

namespace tiebreak::sqlite {

namespace {

[[nodiscard]] std::string_view after_comments(std::string_view text)
{
    for (;;) {
        auto const start = text.find_first_not_of(" \t\r\n\f;");
        if (start == std::string_view::npos)
            return {};
        text.remove_prefix(start);
        bool const line = text.starts_with("--");
        if (!line && !text.starts_with("/*"))
            return text;
        auto const end = line ? text.find('\n') : text.find("*/", 2);
        if (end == std::string_view::npos)
            return {};
        text.remove_prefix(end + (line ? 1 : 2));
    }
}

}  // namespace

std::string first_keyword(std::string_view text)
{
    std::string word;
    for (char const c : after_comments(text)) {
        if (c >= 'a' && c <= 'z')
            word += static_cast<char>(c - 'a' + 'A');
        else if (c >= 'A' && c <= 'Z')
            word += c;
        else
            break;
    }
    return word;
}

}  // namespace tiebreak::sqlite
