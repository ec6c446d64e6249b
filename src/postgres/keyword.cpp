// Reading a statement's words.
#include "postgres/keyword.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace tiebreak::postgres {

namespace {

// Words that stand before '(' in a statement that reads: functions that change nothing, and words
// of the language. With a blank before and after each.
constexpr std::string_view harmless =
    " ABS ALL AND ANY ARRAY ARRAY_AGG ARRAY_LENGTH AS AVG BETWEEN BIT_LENGTH BOOL_AND "
    "BOOL_OR BTRIM BY CARDINALITY CASE CAST CEIL CEILING CHAR CHAR_LENGTH CLOCK_TIMESTAMP "
    "COALESCE CONCAT COUNT CURRENT_SETTING DATE_PART DATE_TRUNC DENSE_RANK DISTINCT ELSE "
    "EVERY EXCEPT EXISTS EXTRACT FILTER FIRST_VALUE FLOOR FORMAT FROM GENERATE_SERIES "
    "GREATEST HAVING IN INTERSECT JOIN JSON_AGG JSONB_AGG LAG LAST_VALUE LATERAL LEAD "
    "LEAST LEFT LENGTH LIKE LIMIT LOWER LPAD LTRIM MATERIALIZED MAX MD5 MIN MOD NOT NOW "
    "NULLIF NUMERIC OCTET_LENGTH OFFSET ON OR OVER OVERLAY PARTITION PG_TYPEOF POSITION "
    "POWER RANK REPEAT REPLACE RIGHT ROUND ROW ROW_NUMBER RPAD RTRIM SELECT SIGN SOME "
    "SQRT STRING_AGG SUBSTR SUBSTRING SUM THEN TO_CHAR TO_REGCLASS TO_TIMESTAMP TRIM "
    "TRUNC UNION UNNEST UPPER USING VALUES VARCHAR WHEN WHERE WITH ";

// Words that make a reading statement one that writes or holds rows. FOR UPDATE and FOR SHARE, and
// their weaker forms, have one of these in them.
constexpr std::array writing{
    std::string_view{"DELETE"},
    std::string_view{"INSERT"},
    std::string_view{"INTO"},
    std::string_view{"MERGE"},
    std::string_view{"SHARE"},
    std::string_view{"UPDATE"},
};

[[nodiscard]] bool begins_word(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

[[nodiscard]] bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

// Goes over a text word by word. What is between quotes is one mark: a quoted name may be that of a
// function, too.
class words {
public:
    explicit words(std::string_view text) noexcept : rest_(text) {}

    // The next word in capitals, a quoted name as "\"", another character as itself; empty at the
    // end.
    [[nodiscard]] std::string next()
    {
        skip_blanks();
        if (rest_.empty())
            return {};
        char const c = rest_.front();
        if (begins_word(c))
            return word();
        if (c == '\'' || c == '"') {
            skip_quoted(c, false);
            return {c};
        }
        if (c == '$' && skip_dollar_quoted())
            return "'";
        if (is_digit(c))
            return number();
        rest_.remove_prefix(1);
        return {c};
    }

private:
    void skip_to(std::size_t end) { rest_.remove_prefix(std::min(end, rest_.size())); }

    void skip_blanks()
    {
        for (;;) {
            skip_to(rest_.find_first_not_of(" \t\r\n\f\v"));
            if (rest_.starts_with("--"))
                skip_to(rest_.find('\n'));
            else if (rest_.starts_with("/*"))
                skip_comment();
            else
                return;
        }
    }

    void skip_comment()
    {
        int depth = 0;  // they nest
        while (!rest_.empty()) {
            if (rest_.starts_with("/*"))
                ++depth;
            else if (rest_.starts_with("*/"))
                --depth;
            else {
                skip_to(1);
                continue;
            }
            skip_to(2);
            if (depth == 0)
                return;
        }
    }

    void skip_quoted(char quote, bool escapes)
    {
        skip_to(1);
        while (!rest_.empty()) {
            char const c = rest_.front();
            bool const is_doubled = c == quote && rest_.size() > 1 && rest_[1] == quote;
            if (is_doubled || (c == '\\' && escapes)) {
                skip_to(2);
                continue;
            }
            skip_to(1);
            if (c == quote)
                return;
        }
    }

    // $tag$ … $tag$; false for a parameter.
    bool skip_dollar_quoted()
    {
        std::size_t end = 1;
        while (end < rest_.size() && (begins_word(rest_[end]) || (end > 1 && is_digit(rest_[end]))))
            ++end;
        if (end == rest_.size() || rest_[end] != '$')
            return false;
        auto const tag = rest_.substr(0, end + 1);
        auto const close = rest_.find(tag, tag.size());
        skip_to(close == std::string_view::npos ? close : close + tag.size());
        return true;
    }

    [[nodiscard]] std::string word()
    {
        std::string found;
        while (!rest_.empty() &&
               (begins_word(rest_.front()) || is_digit(rest_.front()) || rest_.front() == '$')) {
            char const c = rest_.front();
            found += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
            rest_.remove_prefix(1);
        }
        if (found == "E" && rest_.starts_with('\'')) {
            skip_quoted('\'', true);
            return "'";
        }
        return found;
    }

    [[nodiscard]] std::string number()
    {
        skip_to(rest_.find_first_not_of("0123456789."));
        return "0";
    }

    std::string_view rest_;
};

[[nodiscard]] bool is_name(std::string const& word) noexcept
{
    return word == "\"" || begins_word(word.front());
}

[[nodiscard]] bool is_harmless(std::string const& word)
{
    return harmless.find(" " + word + " ") != std::string_view::npos;
}

[[nodiscard]] text_kind kind_of_query(words& rest, std::string before)
{
    for (auto word = rest.next(); !word.empty(); word = rest.next()) {
        if (std::ranges::find(writing, word) != writing.end())
            return text_kind::may_write;
        if (word == "(" && is_name(before) && !is_harmless(before))
            return text_kind::may_write;
        before = std::move(word);
    }
    return text_kind::reads;
}

}  // namespace

text_kind kind_of(std::string_view text)
{
    words all(text);
    auto first = all.next();
    while (first == ";" || first == "(")
        first = all.next();
    if (first.empty())
        return text_kind::nothing;
    if (first == "SELECT" || first == "WITH" || first == "VALUES" || first == "TABLE")
        return kind_of_query(all, std::move(first));
    if (first == "SHOW")
        return text_kind::reads;
    if (first == "DEALLOCATE" || first == "DISCARD")
        return text_kind::forgets;
    if (first == "COPY")
        return text_kind::copy;
    if (first == "SAVEPOINT" || first == "RELEASE")
        return text_kind::savepoint;
    if (first == "ROLLBACK") {
        for (auto word = all.next(); !word.empty(); word = all.next())
            if (word == "TO")
                return text_kind::savepoint;
        return text_kind::transaction;
    }
    if (first == "PREPARE")
        return all.next() == "TRANSACTION" ? text_kind::transaction : text_kind::may_write;
    constexpr std::array controls{"BEGIN", "START", "COMMIT", "END", "ABORT"};
    if (std::ranges::find(controls, first) != controls.end())
        return text_kind::transaction;
    return text_kind::may_write;
}

}  // namespace tiebreak::postgres
