/// \file
/// A small scanner over SQL: enough to find names, quotes, comments and the ends of statements.
#include "schema/script_text.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <stdexcept>

namespace tiebreak::schema {

namespace {

constexpr std::string_view placeholder = "{prefix}";

bool is_word(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

void check_prefix(std::string_view prefix)
{
    if (prefix.size() > 40 || !std::ranges::all_of(prefix, is_word))
        throw std::invalid_argument(
            "a table prefix has at most 40 letters, digits and underscores");
}

std::string upper(std::string_view word)
{
    std::string result(word);
    for (char& c : result)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return result;
}

// The length of the word that starts here.
std::size_t word_length(std::string_view from)
{
    auto const end = std::ranges::find_if_not(from, is_word);
    return static_cast<std::size_t>(end - from.begin());
}

// Up to and with `end`, or all that is left when it does not come.
std::size_t through(std::string_view from, std::string_view end, std::size_t start)
{
    auto const at = from.find(end, start);
    return at == std::string_view::npos ? from.size() : at + end.size();
}

std::size_t comment_length(std::string_view from)
{
    if (from.starts_with("--"))
        return through(from, "\n", 2);
    if (from.starts_with("/*"))
        return through(from, "*/", 2);
    return 0;
}

// The length of a quoted text or name, or of a `$tag$` body, that starts here; 0: none does. A
// doubled quote inside reads as two pieces that touch, which comes to the same.
std::size_t quoted_length(std::string_view from)
{
    char const c = from.front();
    if (c == '\'' || c == '"' || c == '`')
        return through(from, from.substr(0, 1), 1);
    if (c != '$')
        return 0;
    auto const tag = word_length(from.substr(1)) + 2;
    if (tag > from.size() || from[tag - 1] != '$')
        return 0;
    return through(from, from.substr(0, tag), tag);
}

struct piece {
    enum class kind { blank, comment, quoted, word, semicolon, other };
    kind what;
    std::size_t length;
};

piece first_piece(std::string_view from)
{
    using kind = piece::kind;
    if (auto const length = comment_length(from); length != 0)
        return {kind::comment, length};
    if (auto const length = quoted_length(from); length != 0)
        return {kind::quoted, length};
    if (auto const length = word_length(from); length != 0)
        return {kind::word, length};
    if (std::isspace(static_cast<unsigned char>(from.front())) != 0)
        return {kind::blank, 1};
    return {from.front() == ';' ? kind::semicolon : kind::other, 1};
}

// Follows the pieces of one statement to tell which semicolon ends it. The body of a trigger,
// BEGIN … END, has statements of its own: there only the semicolon after `; END` does.
class statement_end {
public:
    // Whether the statement ends with this piece.
    bool reached_by(piece const& next, std::string_view text)
    {
        if (next.what == piece::kind::blank || next.what == piece::kind::comment)
            return false;
        bool const ends = next.what == piece::kind::semicolon && (!in_body_ || last_is_end_);
        last_is_end_ = false;
        if (next.what == piece::kind::word)
            read_word(upper(text));
        last_is_semicolon_ = next.what == piece::kind::semicolon;
        return ends;
    }

private:
    void read_word(std::string const& word)
    {
        if (words_++ == 0)
            makes_something_ = word == "CREATE";
        makes_trigger_ = makes_trigger_ || (makes_something_ && word == "TRIGGER");
        in_body_ = in_body_ || (makes_trigger_ && word == "BEGIN");
        last_is_end_ = last_is_semicolon_ && word == "END";
    }

    int words_ = 0;
    bool makes_something_ = false;
    bool makes_trigger_ = false;
    bool in_body_ = false;
    bool last_is_semicolon_ = false;
    bool last_is_end_ = false;
};

void add_statement(std::vector<std::string>& to, std::string& statement)
{
    constexpr std::string_view blanks = " \t\r\n";
    auto const first = statement.find_first_not_of(blanks);
    if (first != std::string::npos)
        to.push_back(statement.substr(first, statement.find_last_not_of(blanks) + 1 - first));
    statement.clear();
}

}  // namespace

std::string with_prefix(std::string_view script, std::string_view table_prefix, char quote)
{
    check_prefix(table_prefix);
    std::string result;
    result.reserve(script.size());
    for (;;) {
        auto const at = script.find(placeholder);
        result += script.substr(0, at);
        if (at == std::string_view::npos)
            return result;
        script.remove_prefix(at + placeholder.size());
        auto const length = word_length(script);
        result += quote;
        result += table_prefix;
        result += script.substr(0, length);
        result += quote;
        script.remove_prefix(length);
    }
}

std::vector<std::string> tables_made_by(std::string_view script)
{
    constexpr std::string_view start = "CREATE TABLE {prefix}";
    std::vector<std::string> names;
    for (auto const& statement : statements_of(script)) {
        std::string_view const text = statement;
        if (!text.starts_with(start))
            continue;
        auto const rest = text.substr(start.size());
        names.emplace_back(rest.substr(0, word_length(rest)));
    }
    return names;
}

std::vector<std::string> statements_of(std::string_view script)
{
    std::vector<std::string> statements;
    std::string statement;
    statement_end end;
    while (!script.empty()) {
        auto const next = first_piece(script);
        auto const text = script.substr(0, next.length);
        script.remove_prefix(next.length);
        if (end.reached_by(next, text)) {
            add_statement(statements, statement);
            end = {};
            continue;
        }
        if (next.what == piece::kind::comment)
            statement += ' ';
        else
            statement += text;
    }
    add_statement(statements, statement);
    return statements;
}

}  // namespace tiebreak::schema
