// From typed expressions to SQL text and parameters. Identifiers come from plans only.
#pragma once

#include <tiebreak/select.hpp>

#include "sql/dialect.hpp"

#include <string>
#include <vector>

namespace tiebreak::detail {

// How a SELECT holds the rows it finds.
struct held {
    sql::row_lock how = sql::row_lock::none;
    sql::if_held then = sql::if_held::wait;

    friend bool operator==(held, held) = default;
};

// Text under construction, with the parameters bound so far. Borrows the parameters' bytes from
// the expressions rendered, which must outlive it.
class statement_text {
public:
    statement_text(sql::dialect const& speaks, std::string_view prefix)
        : dialect_(speaks), prefix_(prefix)
    {
    }

    statement_text& raw(std::string_view text)
    {
        text_ += text;
        return *this;
    }

    statement_text& table(plan const& of);
    statement_text& column(plan const& of, std::size_t index);
    statement_text& columns(plan const& of, column_mask which);  // "a", "b"
    statement_text& placeholder();                               // a parameter bound by the caller
    statement_text& parameter(value v);
    statement_text& render(plan const& of, expression const& what);
    statement_text& equal_each(plan const& of, column_mask which);  // "a" = ? AND "b" = ?
    // "version" = "version" + 1, or by the clock. `seen`: it is known not to be at its maximum.
    statement_text& set_version(plan const& of, bool seen);
    statement_text& hold(held how);

    [[nodiscard]] std::string const& text() const noexcept { return text_; }

    [[nodiscard]] std::span<value const> parameters() const noexcept { return parameters_; }

    [[nodiscard]] sql::dialect const& speaks() const noexcept { return dialect_; }

private:
    sql::dialect const& dialect_;
    std::string_view prefix_;
    std::string text_;
    std::vector<value> parameters_;
    std::size_t placeholders_ = 0;
};

// SELECT … of a query; `what` is "columns", "COUNT(*)" and the like.
enum class wanted : std::uint8_t { rows, count, existence };
void render_query(statement_text& out, query const& of, wanted what, held how = {});

// The fixed statements of an entity.
void render_find(statement_text& out, plan const& of, column_mask by, held how = {});
void render_find_version(statement_text& out, plan const& of, held how = {});  // of a key
void render_insert(statement_text& out, plan const& of, bool unless_taken);
void render_update(statement_text& out, plan const& of, column_mask changed, bool bump);
void render_delete(statement_text& out, plan const& of);

// Conditional writes.
void render_update_if(statement_text& out, plan const& of, conditional const& how);
void render_delete_if(statement_text& out, plan const& of, conditional const& how);

// CREATE TABLE IF NOT EXISTS of an entity.
[[nodiscard]] std::string
render_create_table(sql::dialect const& speaks, std::string_view prefix, plan const& of);

// The columns an INSERT binds: all but a generated key and a version made by the clock.
[[nodiscard]] column_mask inserted_columns(plan const& of) noexcept;

// Calls f(index) for each column of a mask, in order.
template <class F>
void each_column(column_mask mask, F&& f)
{
    for (; mask != 0; mask &= mask - 1)
        f(static_cast<std::size_t>(std::countr_zero(mask)));
}

}  // namespace tiebreak::detail
