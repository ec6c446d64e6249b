#include "mariadb/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tiebreak::mariadb {

namespace {

// The words of a statement, in capitals, without what stands in quotes and comments.
class words {
public:
    explicit words(std::string_view text) : rest_(text) {}

    // Empty at the end.
    [[nodiscard]] std::string next();

    // What comes after.
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

    // A comment that the server runs was passed.
    [[nodiscard]] bool met_hidden_text() const noexcept { return met_hidden_text_; }

private:
    void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

    void skip_past(std::string_view end, std::size_t from)
    {
        auto const found = rest_.find(end, from);
        skip(found == std::string_view::npos ? rest_.size() : found + end.size());
    }

    void skip_quoted(char quote);
    void skip_comment_or_sign();

    std::string_view rest_;
    bool met_hidden_text_ = false;
};

[[nodiscard]] bool is_of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

[[nodiscard]] char capital(char c)
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string words::next()
{
    while (!rest_.empty() && !is_of_word(rest_.front())) {
        if (char const c = rest_.front(); c == '\'' || c == '"' || c == '`')
            skip_quoted(c);
        else
            skip_comment_or_sign();
    }
    std::string word;
    while (!rest_.empty() && is_of_word(rest_.front())) {
        word += capital(rest_.front());
        skip(1);
    }
    return word;
}

void words::skip_quoted(char quote)
{
    std::size_t i = 1;
    for (; i < rest_.size() && rest_[i] != quote; ++i)
        if (rest_[i] == '\\' && quote != '`')
            ++i;
    skip(i + 1);
}

void words::skip_comment_or_sign()
{
    if (rest_.starts_with("/*!") || rest_.starts_with("/*M!"))
        met_hidden_text_ = true;
    if (rest_.starts_with("/*"))
        skip_past("*/", 2);
    else if (rest_.starts_with('#') || rest_.starts_with("-- ") || rest_.starts_with("--\n") ||
             rest_.starts_with("--\t"))
        skip_past("\n", 0);
    else
        skip(1);
}

template <std::size_t Count>
[[nodiscard]] bool is_one_of(std::string_view word, std::array<std::string_view, Count> const& list)
{
    return std::ranges::find(list, word) != list.end();
}

constexpr std::array<std::string_view, 4> changing{"INSERT", "UPDATE", "DELETE", "REPLACE"};
constexpr std::array<std::string_view, 5> reading{"SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"};
constexpr std::array<std::string_view, 5> controlling{"BEGIN", "START", "COMMIT", "XA", "END"};
constexpr std::array<std::string_view, 16> defining{"CREATE",
                                                    "ALTER",
                                                    "DROP",
                                                    "TRUNCATE",
                                                    "RENAME",
                                                    "GRANT",
                                                    "REVOKE",
                                                    "LOCK",
                                                    "UNLOCK",
                                                    "ANALYZE",
                                                    "OPTIMIZE",
                                                    "REPAIR",
                                                    "FLUSH",
                                                    "INSTALL",
                                                    "UNINSTALL",
                                                    "RESET"};

// Words that make a SELECT hold rows, write files or variables, or take keys from a sequence.
constexpr std::array<std::string_view, 9> betraying{
    "FOR", "LOCK", "INTO", "NEXT", "NEXTVAL", "SETVAL", "GET_LOCK", "RELEASE_LOCK", "ANALYZE"};

}  // namespace

namespace {

// SET STATEMENT setting = value, … FOR another statement.
[[nodiscard]] statement_kind kind_with_settings(words& all)
{
    auto word = all.next();
    while (!word.empty() && word != "FOR")
        word = all.next();
    auto const inner = word.empty() ? statement_kind::writes : kind_of(all.rest());
    bool const is_known = inner == statement_kind::changes || inner == statement_kind::defines;
    return is_known ? inner : statement_kind::writes;
}

}  // namespace

statement_kind kind_of(std::string_view text)
{
    words all(text);
    auto const first = all.next();
    auto const second = all.next();
    if (first.empty())
        return all.met_hidden_text() ? statement_kind::writes : statement_kind::none;
    if (is_one_of(first, changing))
        return statement_kind::changes;
    if (first == "SAVEPOINT" || first == "RELEASE")
        return statement_kind::savepoint;
    if (first == "ROLLBACK")
        return second == "TO" ? statement_kind::rolls_back : statement_kind::transaction;
    if (is_one_of(first, controlling))
        return statement_kind::transaction;
    if (is_one_of(first, defining))
        return second == "TEMPORARY" ? statement_kind::writes : statement_kind::defines;
    if (first == "SET" && second == "STATEMENT")
        return kind_with_settings(all);
    if (!is_one_of(first, reading))
        return statement_kind::writes;
    for (auto word = second; !word.empty(); word = all.next())
        if (is_one_of(word, betraying))
            return statement_kind::writes;
    return all.met_hidden_text() ? statement_kind::writes : statement_kind::reads;
}

bool says_not_to_wait(std::string_view text)
{
    words all(text);
    std::string last;
    std::string before;
    for (auto word = all.next(); !word.empty(); word = all.next())
        before = std::exchange(last, std::move(word));
    return last == "NOWAIT" || (before == "SKIP" && last == "LOCKED");
}

}  // namespace tiebreak::mariadb
