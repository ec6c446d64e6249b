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

// Follows the words of one statement to tell whether a semicolon ends it. The body of a trigger,
// BEGIN … END, has statements of its own: there only the semicolon after `; END` does.
class statement_end {
public:
    void word(std::string_view text)
    {
        auto const is = upper(text);
        after_semicolon_ = last_was_semicolon_;
        last_was_semicolon_ = false;
        if (words_++ == 0)
            makes_something_ = is == "CREATE";
        if (makes_something_ && is == "TRIGGER")
            makes_trigger_ = true;
        if (makes_trigger_ && is == "BEGIN")
            in_body_ = true;
        last_is_end_ = is == "END" && after_semicolon_;
    }

    void other()
    {
        last_was_semicolon_ = false;
        last_is_end_ = false;
    }

    // Whether the semicolon here ends the statement.
    bool semicolon()
    {
        if (!in_body_ || last_is_end_)
            return true;
        last_was_semicolon_ = true;
        last_is_end_ = false;
        return false;
    }

private:
    int words_ = 0;
    bool makes_something_ = false;
    bool makes_trigger_ = false;
    bool in_body_ = false;
    bool last_was_semicolon_ = false;
    bool after_semicolon_ = false;
    bool last_is_end_ = false;
};

void add_statement(std::vector<std::string>& to, std::string& statement)
{
    auto const blank = [](unsigned char c) { return std::isspace(c) != 0; };
    auto const last = std::ranges::find_if_not(statement.rbegin(), statement.rend(), blank);
    statement.erase(last.base(), statement.end());
    if (!statement.empty())
        to.push_back(std::move(statement));
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
        std::size_t length = comment_length(script);
        if (length != 0) {
            statement += statement.empty() ? "" : " ";
            script.remove_prefix(length);
            continue;
        }
        char const c = script.front();
        if (c == ';' && end.semicolon()) {
            add_statement(statements, statement);
            end = {};
            script.remove_prefix(1);
            continue;
        }
        length = quoted_length(script);
        if (length != 0)
            end.other();
        else if (is_word(c))
            end.word(script.substr(0, length = word_length(script)));
        else if (length = 1; c != ';' && std::isspace(static_cast<unsigned char>(c)) == 0)
            end.other();
        bool const leading = statement.empty() && std::isspace(static_cast<unsigned char>(c)) != 0;
        if (!leading)
            statement += script.substr(0, length);
        script.remove_prefix(length);
    }
    add_statement(statements, statement);
    return statements;
}

}  // namespace tiebreak::schema
