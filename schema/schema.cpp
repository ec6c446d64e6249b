/// \file
/// Applying, looking at and removing the numbered steps.
#include "schema/schema.hpp"

#include <tiebreak/schema.hpp>

#include "schema/script_text.hpp"
#include "schema/scripts.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <stdexcept>

namespace tiebreak::schema {

namespace {

// What differs between engines here.
struct catalogue {
    std::string_view engine;
    char quote;                    // around names
    bool folds_case;               // "Books" and "books" are one table
    std::string_view table_names;  // a query; views are in the way as well
    // A query for those made by a script; none where a script's tables and its row in the
    // bookkeeping come in one transaction.
    std::string_view made_by_scripts;
};

constexpr catalogue catalogues[] = {
    {"sqlite", '"', true, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')", {}},
    {"postgresql",
     '"',
     false,
     "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND "
     "relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
     {}},
    {"mariadb",
     '`',
     false,
     "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
     "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND "
     "table_comment = 'tiebreak schema'"},
};

catalogue const& catalogue_of(std::string_view engine)
{
    auto const found = std::ranges::find(catalogues, engine, &catalogue::engine);
    if (found != std::end(catalogues))
        return *found;
    std::string known;
    for (auto const& one : catalogues)
        known += (known.empty() ? "" : ", ") + std::string(one.engine);
    throw std::invalid_argument("no schema for the engine \"" + std::string(engine) +
                                "\"; there is one for: " + known);
}

class table_names {
public:
    table_names(catalogue const& engine, std::vector<std::string> const& present)
        : folds_case_(engine.folds_case)
    {
        for (auto const& name : present)
            names_.insert(folded(name));
    }

    [[nodiscard]] bool contains(std::string_view name) const
    {
        return names_.contains(folded(name));
    }

private:
    [[nodiscard]] std::string folded(std::string_view name) const
    {
        std::string result(name);
        auto const lower = [](unsigned char c) { return static_cast<char>(std::tolower(c)); };
        if (folds_case_)
            std::ranges::transform(result, result.begin(), lower);
        return result;
    }

    bool folds_case_;
    std::set<std::string> names_;
};

// Reads through a unit or a snapshot, whichever it is given.
template <class Place>
table_names tables_present(Place& in, catalogue const& engine)
{
    return {engine, in.template query<std::string>(engine.table_names)};
}

// Those that a script has made, where the bookkeeping alone does not say so.
table_names tables_marked(snapshot& in, catalogue const& engine)
{
    if (engine.made_by_scripts.empty())
        return {engine, {}};
    return {engine, in.query<std::string>(engine.made_by_scripts)};
}

std::string bookkeeping(database const& of)
{
    return of.table_prefix() + std::string(mapping_of(static_cast<applied_step*>(nullptr)).table);
}

step const* step_with(std::vector<step> const& all, std::int32_t number)
{
    auto const found = std::ranges::find(all, number, &step::number);
    return found == all.end() ? nullptr : &*found;
}

void refuse_taken_names(step const& next, table_names const& present, std::string const& prefix)
{
    for (auto const& table : tables_made_by(next.text)) {
        if (!present.contains(prefix + table))
            continue;
        std::string sentence = "the table ";
        sentence.append(prefix).append(table).append(
            " exists and was not made by this schema; choose another table_prefix");
        throw error(errc::already_exists, sentence);
    }
}

void refuse_unknown(state const& found)
{
    if (found.unknown.empty())
        return;
    auto const& one = found.unknown.front();
    throw error(errc::unsafe_settings,
                "the schema's step " + std::to_string(one.step) + " (" + one.name +
                    ") is not known to this program: the database was made by another version");
}

applied_step record_of(step const& made, unit_of_work& by)
{
    return {.step = made.number, .name = std::string(made.name), .applied_at = by.database_time()};
}

// False when another starter was first.
bool apply_in_one_transaction(database& in, catalogue const& engine, step const& next)
{
    auto const& prefix = in.table_prefix();
    return in.transact(
        [&](unit_of_work& work) {
            if (work.find<applied_step>(next.number) != nullptr)
                return false;
            refuse_taken_names(next, tables_present(work, engine), prefix);
            for (auto const& one : statements_of(with_prefix(next.text, prefix, engine.quote)))
                work.execute(one);
            work.insert(record_of(next, work));
            return true;
        },
        {.pessimistic = true, .certainty = commit_certainty::as_answered});
}

// Where each table is committed on its own: several starters make each table once, and the row of
// the step comes last. What a killed starter has left is known by its mark.
bool apply_statement_by_statement(database& in, catalogue const& engine, step const& next)
{
    constexpr std::string_view start = "CREATE TABLE ";
    auto const& prefix = in.table_prefix();
    if (repository<applied_step>(in).find(next.number))
        return false;
    auto const taken = in.read([&](snapshot& view) {
        auto present = view.query<std::string>(engine.table_names);
        auto const ours = view.query<std::string>(engine.made_by_scripts);
        std::erase_if(present, [&](std::string const& name) {
            return std::ranges::find(ours, name) != ours.end();
        });
        return table_names(engine, present);
    });
    refuse_taken_names(next, taken, prefix);
    for (auto one : statements_of(with_prefix(next.text, prefix, engine.quote))) {
        if (one.starts_with(start))
            one.insert(start.size(), "IF NOT EXISTS ");
        in.execute(one);
    }
    return in.transact(
        [&](unit_of_work& work) {
            auto row = record_of(next, work);
            return repository<applied_step>(work).insert_if_absent(row) == outcome::won;
        },
        {.certainty = commit_certainty::as_answered});
}

bool apply_step(database& in, catalogue const& engine, step const& next)
{
    constexpr int tries = 5;
    for (int left = tries;; --left) {
        try {
            return in.supports(capability::transactional_ddl)
                       ? apply_in_one_transaction(in, engine, next)
                       : apply_statement_by_statement(in, engine, next);
        } catch (error const&) {
            // of two starters that make one table the second fails, and then finds the row
            if (repository<applied_step>(in).find(next.number))
                return false;
            if (left == 1)
                throw;
        }
    }
}

// The last first: tables that refer to others were made after them.
std::vector<std::string>
tables_to_drop(database const& from, snapshot& view, catalogue const& engine)
{
    auto const present = tables_present(view, engine);
    std::vector<std::string> doomed{bookkeeping(from)};
    if (!present.contains(doomed.front()))
        return {};
    auto const marked = tables_marked(view, engine);
    for (auto const& one : steps(engine.engine)) {
        bool const applied = repository<applied_step>(view).find(one.number).has_value();
        for (auto const& table : tables_made_by(one.text)) {
            auto name = from.table_prefix() + table;
            if (present.contains(name) && (applied || marked.contains(name)))
                doomed.push_back(std::move(name));
        }
    }
    std::ranges::reverse(doomed);
    return doomed;
}

}  // namespace

std::vector<std::string> engines()
{
    std::vector<std::string> all;
    for (auto const& one : catalogues)
        all.emplace_back(one.engine);
    return all;
}

std::vector<step> steps(std::string_view engine)
{
    std::vector<step> all;
    for (auto const& one : detail::scripts())
        if (one.engine == catalogue_of(engine).engine)
            all.push_back({.number = one.number, .name = one.name, .text = one.text});
    return all;
}

std::string print(std::string_view engine, std::string_view table_prefix)
{
    std::string text;
    for (auto const& one : steps(engine)) {
        text += (text.empty() ? "-- Step " : "\n-- Step ") + std::to_string(one.number) + ": " +
                std::string(one.name) + "\n";
        text += with_prefix(one.text, table_prefix, catalogue_of(engine).quote);
    }
    return text;
}

std::vector<std::string> tables(std::string_view engine)
{
    std::vector<std::string> all;
    for (auto const& one : steps(engine))
        for (auto& table : tables_made_by(one.text))
            all.push_back(std::move(table));
    return all;
}

namespace {

state look(database& of)
{
    auto const& engine = catalogue_of(of.engine());
    auto const all = steps(engine.engine);
    state found;
    table_names marked(engine, {});
    auto const present = of.read([&](snapshot& view) {
        marked = tables_marked(view, engine);
        auto names = tables_present(view, engine);
        if (names.contains(bookkeeping(of)))
            found.applied = repository<applied_step>(view)
                                .select()
                                .order_by(field<&applied_step::step>.ascending())
                                .all();
        return names;
    });
    for (auto const& row : found.applied) {
        auto const* known = step_with(all, row.step);
        if (known == nullptr || known->name != row.name)
            found.unknown.push_back(row);
    }
    for (auto const& one : all) {
        bool const applied = std::ranges::any_of(
            found.applied, [&](applied_step const& row) { return row.step == one.number; });
        if (!applied)
            found.missing.push_back(one);
        for (auto const& table : tables_made_by(one.text)) {
            auto const name = of.table_prefix() + table;
            if (applied && !present.contains(name))
                found.missing_tables.push_back(name);
            if (!applied && present.contains(name) && !marked.contains(name))
                found.foreign_tables.push_back(name);
        }
    }
    return found;
}

}  // namespace

state inspect(database& of)
{
    constexpr int tries = 20;
    for (int left = tries;; --left) {
        try {
            return look(of);
        } catch (error const& failure) {
            // a view is of one moment; a table that was made since it cannot show
            if (failure.code() != errc::transaction_aborted || left == 1)
                throw;
        }
    }
}

std::vector<applied_step> apply(database& in)
{
    auto const& engine = catalogue_of(in.engine());
    auto const before = inspect(in);
    refuse_unknown(before);
    if (before.missing.empty())
        return {};
    create_table<applied_step>(in);
    std::vector<std::int32_t> made;
    for (auto const& next : before.missing)
        if (apply_step(in, engine, next))
            made.push_back(next.number);
    return repository<applied_step>(in)
        .select()
        .where(field<&applied_step::step>.in(made))
        .order_by(field<&applied_step::step>.ascending())
        .all();
}

std::vector<std::string> tables_named(database& of, std::string_view beginning)
{
    auto names = of.read([&](snapshot& view) {
        return view.query<std::string>(catalogue_of(of.engine()).table_names);
    });
    std::erase_if(names, [&](std::string const& name) { return !name.starts_with(beginning); });
    std::ranges::sort(names);
    return names;
}

void drop(database& from)
{
    auto const& engine = catalogue_of(from.engine());
    auto const doomed =
        from.read([&](snapshot& view) { return tables_to_drop(from, view, engine); });
    auto const statement = [&](std::string const& name) {
        return std::string("DROP TABLE IF EXISTS ") + engine.quote + name + engine.quote;
    };
    if (!from.supports(capability::transactional_ddl)) {
        // a drop that is cut short leaves tables of steps that are not applied: repeated, or
        // taken over by the next starter
        if (!doomed.empty())
            repository<applied_step>(from).remove_where(field<&applied_step::step> >= 0);
        for (auto const& name : doomed)
            from.execute(statement(name));
        return;
    }
    from.transact(
        [&](unit_of_work& work) {
            for (auto const& name : doomed)
                work.execute(statement(name));
        },
        {.pessimistic = true, .certainty = commit_certainty::as_answered});
}

}  // namespace tiebreak::schema
