#include "entity/reads.hpp"

#include <tiebreak/log.hpp>

#include "entity/row.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

namespace tiebreak::detail {

std::int64_t count_rows(session& on, query const& what)
{
    auto out = on.text();
    render_query(out, what, wanted::count);
    auto& statement = on.prepared(out.text());
    sql::reading const until_end(statement);
    auto const row = statement.first(out.parameters());
    return row.empty() ? 0 : row[0].integer();
}

bool any_row(session& on, query const& what)
{
    auto out = on.text();
    render_query(out, what, wanted::existence);
    auto& statement = on.prepared(out.text());
    sql::reading const until_end(statement);
    return !statement.first(out.parameters()).empty();
}

void select_rows(session& on, query const& what, row_receiver to)
{
    auto out = on.text();
    render_query(out, what, wanted::rows);
    auto& statement = on.prepared(out.text());
    sql::reading const until_end(statement);
    for (auto row = statement.first(out.parameters()); !row.empty(); row = statement.next())
        decode_row(*what.of, to.add(to.to), what.of->all, row.data());
}

bool find_row(session& on, plan const& of, column_mask by, value const* values, void* into)
{
    auto& statement = on.find_by(of, by);
    sql::reading const until_end(statement);
    auto const row = statement.first({values, static_cast<std::size_t>(std::popcount(by))});
    if (row.empty())
        return false;
    decode_row(of, into, of.all, row.data());
    return true;
}

void read_rows(session& on,
               std::string const& text,
               std::span<value const> parameters,
               row_plan const& of,
               row_receiver to)
{
    auto& statement = on.prepared(text);
    sql::reading const until_end(statement);
    auto row = statement.first(parameters);
    row_reader const reader(of, statement);  // some columns are known only now: DELETE … RETURNING
    for (; !row.empty(); row = statement.next())
        reader.read(to.add(to.to), row);
}

namespace {

// The first word of a statement, in upper case, after white space and comments.
std::string first_word(std::string_view sql)
{
    for (;;) {
        auto const start = sql.find_first_not_of(" \t\r\n;(");
        if (start == std::string_view::npos)
            return {};
        sql.remove_prefix(start);
        if (sql.starts_with("--"))
            sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
        else if (sql.starts_with("/*")) {
            auto const end = sql.find("*/");
            sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
        } else
            break;
    }
    std::string word;
    for (auto const c : sql) {
        if (std::isalpha(static_cast<unsigned char>(c)) == 0)
            break;
        word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return word;
}

}  // namespace

void refuse_transaction_control(std::string_view sql)
{
    static constexpr std::array<std::string_view, 10> refused{"BEGIN",
                                                              "START",
                                                              "COMMIT",
                                                              "END",
                                                              "ROLLBACK",
                                                              "ABORT",
                                                              "SAVEPOINT",
                                                              "RELEASE",
                                                              "ATTACH",
                                                              "DETACH"};
    auto const word = first_word(sql);
    if (word.empty())
        throw std::invalid_argument("the SQL text is empty");
    if (std::ranges::find(refused, word) != refused.end())
        throw std::invalid_argument(
            "a unit of work begins and ends its transaction itself: " + word + " is refused");
}

void report_loss(observer* watcher, conflict const& what)
{
    if (watcher != nullptr)
        watcher->conflicted(what);
    auto const expected =
        what.expected_version ? std::to_string(*what.expected_version) : std::string{};
    std::array<log_field, 4> const fields{{{"entity", what.entity},
                                           {"table", what.table},
                                           {"key", what.key},
                                           {"expected_version", expected}}};
    log(log_level::warning, "lost", std::span{fields}.first(expected.empty() ? 3 : 4));
}

}  // namespace tiebreak::detail
