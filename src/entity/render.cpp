#include "entity/render.hpp"

#include <bit>

namespace tiebreak::detail {

statement_text& statement_text::table(plan const& of)
{
    std::string name{prefix_};
    name += of.table;
    dialect_.identifier(text_, name);
    return *this;
}

statement_text& statement_text::column(plan const& of, std::size_t index)
{
    dialect_.identifier(text_, of.columns[index].name);
    return *this;
}

statement_text& statement_text::columns(plan const& of, column_mask which)
{
    bool first = true;
    each_column(which, [&](std::size_t i) {
        if (!first)
            text_ += ", ";
        first = false;
        column(of, i);
    });
    return *this;
}

statement_text& statement_text::placeholder()
{
    dialect_.placeholder(text_, ++placeholders_);
    return *this;
}

statement_text& statement_text::parameter(value v)
{
    parameters_.push_back(v);
    return placeholder();
}

statement_text& statement_text::render(plan const& of, expression const& what)
{
    for (auto const& piece : what.tokens) {
        switch (piece.what) {
        case token::kind::text: text_ += piece.text; break;
        case token::kind::column: column(of, piece.column); break;
        case token::kind::parameter: parameter(piece.parameter.get()); break;
        case token::kind::now: {
            std::string now;
            dialect_.now(now);
            if (piece.parameter.get().is_null()) {
                text_ += now;
            } else {
                std::string later;
                dialect_.placeholder(later, ++placeholders_);
                parameters_.push_back(piece.parameter.get());
                dialect_.later(text_, now, later);
            }
            break;
        }
        }
    }
    return *this;
}

statement_text& statement_text::equal_each(plan const& of, column_mask which)
{
    bool first = true;
    each_column(which, [&](std::size_t i) {
        if (!first)
            text_ += " AND ";
        first = false;
        column(of, i).raw(" = ").placeholder();
    });
    return *this;
}

statement_text& statement_text::set_version(plan const& of, bool seen)
{
    column(of, of.version_column).raw(" = ");
    std::string name;
    dialect_.identifier(name, of.columns[of.version_column].name);
    if (of.form == version_form::counter) {
        if (seen)
            return raw(name).raw(" + 1");
        dialect_.next_version(text_, name, of.version_max);
        return *this;
    }
    std::string next;
    dialect_.later(next, name, "1");
    std::string now;
    dialect_.now(now);
    dialect_.greatest(text_, next, now);
    return *this;
}

statement_text& statement_text::hold(held how)
{
    if (how.how != sql::row_lock::none)
        dialect_.hold(text_, how.how, how.then);
    return *this;
}

void render_query(statement_text& out, query const& of, wanted what, held how)
{
    plan const& plan = *of.of;
    switch (what) {
    case wanted::rows: out.raw("SELECT ").columns(plan, plan.all); break;
    case wanted::count: out.raw("SELECT COUNT(*)"); break;
    case wanted::existence: out.raw("SELECT 1"); break;
    }
    out.raw(" FROM ").table(plan);
    if (!of.where.empty())
        out.raw(" WHERE ").render(plan, of.where);
    if (what == wanted::count)
        return;
    for (bool first = true; auto const& term : of.order) {
        out.raw(first ? " ORDER BY " : ", ").column(plan, term.column);
        if (term.descending)
            out.raw(" DESC");
        first = false;
    }
    auto const limit = what == wanted::existence ? std::optional<std::size_t>{1} : of.limit;
    if (limit)
        out.raw(" LIMIT ").parameter(value{static_cast<std::int64_t>(*limit)});
    out.hold(how);
}

void render_find(statement_text& out, plan const& of, column_mask by, held how)
{
    out.raw("SELECT ").columns(of, of.all).raw(" FROM ").table(of).raw(" WHERE ");
    out.equal_each(of, by).hold(how);
}

void render_find_version(statement_text& out, plan const& of, held how)
{
    out.raw("SELECT ");
    if (of.version != 0)
        out.columns(of, of.version);
    else
        out.raw("1");
    out.raw(" FROM ").table(of).raw(" WHERE ").equal_each(of, of.key).hold(how);
}

column_mask inserted_columns(plan const& of) noexcept
{
    column_mask mask = of.all;
    if (of.generated)
        mask &= ~of.key;
    if (of.form == version_form::timestamp)
        mask &= ~of.version;
    return mask;
}

void render_insert(statement_text& out, plan const& of, bool unless_taken)
{
    auto const bound = inserted_columns(of);
    bool const by_clock = of.form == version_form::timestamp;
    out.raw("INSERT INTO ").table(of).raw(" (").columns(of, bound);
    if (by_clock) {
        if (bound != 0)
            out.raw(", ");
        out.columns(of, of.version);
    }
    out.raw(") VALUES (");
    bool first = true;
    each_column(bound, [&](std::size_t) {
        if (!first)
            out.raw(", ");
        first = false;
        out.placeholder();
    });
    if (by_clock) {
        std::string now;
        out.speaks().now(now);
        out.raw(first ? "" : ", ").raw(now);
    }
    out.raw(")");
    std::string key;
    out.speaks().identifier(key,
                            of.columns[static_cast<std::size_t>(std::countr_zero(of.key))].name);
    std::string tail;
    if (unless_taken)
        out.speaks().unless_taken(tail, key);
    if (of.generated)
        out.speaks().answering_key(tail, key);
    out.raw(tail);
}

void render_update(statement_text& out, plan const& of, column_mask changed, bool bump)
{
    out.raw("UPDATE ").table(of).raw(" SET ");
    bool first = true;
    each_column(changed, [&](std::size_t i) {
        if (!first)
            out.raw(", ");
        first = false;
        out.column(of, i).raw(" = ").placeholder();
    });
    if (bump) {
        if (!first)
            out.raw(", ");
        out.set_version(of, true);
    }
    out.raw(" WHERE ").equal_each(of, of.key);
    if (of.version != 0)
        out.raw(" AND ").equal_each(of, of.version);
}

void render_delete(statement_text& out, plan const& of)
{
    out.raw("DELETE FROM ").table(of).raw(" WHERE ").equal_each(of, of.key);
    if (of.version != 0)
        out.raw(" AND ").equal_each(of, of.version);
}

namespace {

// WHERE of a conditional write: key, version and condition, as far as given.
void render_expectation(statement_text& out, plan const& of, conditional const& how)
{
    char const* between = " WHERE ";
    if (how.key != nullptr) {
        value const* next = how.key;
        each_column(of.key, [&](std::size_t i) {
            out.raw(between).column(of, i).raw(" = ").parameter(*next++);
            between = " AND ";
        });
    }
    if (how.version) {
        out.raw(between).column(of, of.version_column).raw(" = ");
        out.parameter(of.form == version_form::timestamp
                          ? value{time_point{std::chrono::microseconds{*how.version}}}
                          : value{*how.version});
        between = " AND ";
    }
    if (!how.where.empty())
        out.raw(between).raw("(").render(of, how.where).raw(")");
}

}  // namespace

void render_update_if(statement_text& out, plan const& of, conditional const& how)
{
    out.raw("UPDATE ").table(of).raw(" SET ");
    column_mask changed = 0;
    bool first = true;
    for (auto const& change : how.changes) {
        if (!first)
            out.raw(", ");
        first = false;
        out.column(of, change.column).raw(" = ").render(of, change.to);
        changed |= column_mask{1} << change.column;
    }
    if (of.version != 0 && (changed == 0 || (changed & ~of.unversioned) != 0)) {
        if (!first)
            out.raw(", ");
        out.set_version(of, how.version.has_value());
    }
    render_expectation(out, of, how);
}

void render_delete_if(statement_text& out, plan const& of, conditional const& how)
{
    out.raw("DELETE FROM ").table(of);
    render_expectation(out, of, how);
}

std::string render_create_table(sql::dialect const& speaks, std::string_view prefix, plan const& of)
{
    statement_text out(speaks, prefix);
    column_mask indexed = of.key;
    for (auto const mask : of.uniques)
        indexed |= mask;
    for (auto const& reference : of.references)
        indexed |= column_mask{1} << reference.column;

    out.raw("CREATE TABLE IF NOT EXISTS ").table(of).raw(" (");
    each_column(of.all, [&](std::size_t i) {
        if (i != 0)
            out.raw(", ");
        auto const bit = column_mask{1} << i;
        bool const generated = of.generated && (of.key & bit) != 0;
        std::string type;
        speaks.type(type,
                    of.columns[i].type,
                    {.indexed = (indexed & bit) != 0, .generated_key = generated});
        out.column(of, i).raw(" ").raw(type);
        if (!of.columns[i].nullable && !generated)
            out.raw(" NOT NULL");
    });
    if (!of.generated)
        out.raw(", PRIMARY KEY (").columns(of, of.key).raw(")");
    for (auto const mask : of.uniques)
        out.raw(", UNIQUE (").columns(of, mask).raw(")");
    for (auto const& reference : of.references) {
        plan const& target = reference.target();
        out.raw(", FOREIGN KEY (").column(of, reference.column).raw(") REFERENCES ");
        out.table(target).raw(" (").columns(target, target.key).raw(")");
    }
    out.raw(")");
    std::string tail;
    speaks.table_options(tail);
    return out.raw(tail).text();
}

}  // namespace tiebreak::detail
