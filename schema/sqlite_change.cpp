/// \file
/// A version for a table of SQLite.
///
/// ALTER TABLE can add a column that is NOT NULL, and does so without touching a row. It cannot
/// make one NOT NULL that is there. Building the table anew would, but that needs foreign keys
/// switched off on the connection, copies every row and has to restore indexes, triggers and hidden
/// row numbers. A constraint is no part of the stored rows, only of the table's text in
/// sqlite_schema: so that text is changed, in the transaction that fills the last rows, and all
/// else stays as it was.
#include "schema/sqlite_text.hpp"
#include "schema/version_change.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace tiebreak::schema::detail {

namespace catalogue {

struct sqlite_table {
    std::string name{};
    std::string kind{};
    bool has_no_rowid = false;
};
BOOST_DESCRIBE_STRUCT(sqlite_table, (), (name, kind, has_no_rowid))

struct sqlite_column {
    std::int64_t number = 0;
    std::string name{};
    std::string type{};
    bool not_null = false;
    std::optional<std::string> default_text{};
    std::int64_t key_place = 0;
    std::int64_t hidden = 0;  // 2 and 3: generated
};
BOOST_DESCRIBE_STRUCT(sqlite_column,
                      (),
                      (number, name, type, not_null, default_text, key_place, hidden))

}  // namespace catalogue

namespace {

// Of one try: a wait for the turn to write, and a batch. The last step also reads the whole table.
constexpr std::chrono::milliseconds deadline_of_batch{2'000};

class sqlite_change final : public version_change {
    // One try, which holds the turn to write from its beginning.
    template <class Body>
    auto once(Body const& body, std::chrono::milliseconds deadline)
    {
        retry_policy one_try = retry_presets::once;
        one_try.deadline = std::max(deadline, std::chrono::milliseconds{1});
        return db_.transact(
            body,
            {.retry = one_try, .pessimistic = true, .certainty = commit_certainty::as_answered});
    }

public:
    sqlite_change(database& in, std::string table, add_version_options const& options)
        : db_(in),
          asked_(std::move(table)),
          options_(options),
          column_(quoted(options.column, '"')),
          guard_(own_name("tiebreak_guard_", asked_))
    {
    }

    table_facts look() override
    {
        // only reads: waits for nobody, and keeps nobody waiting
        retry_policy one_try = retry_presets::once;
        one_try.deadline = {};
        return db_.transact([&](unit_of_work& work) { return look(work); }, {.retry = one_try});
    }

    void add_column() override
    {
        once(
            [&](unit_of_work& work) {
                if (look(work).has_column)
                    return;
                work.execute("ALTER TABLE " + table_ + " ADD COLUMN " + column_ +
                             " INTEGER NOT NULL DEFAULT 1");
            },
            deadline_of_batch);
    }

    [[nodiscard]] bool default_comes_first() const noexcept override { return false; }

    void set_default(std::int64_t first) override
    {
        once(
            [&](unit_of_work& work) {
                if (!look(work).first)
                    change_text(work, " DEFAULT " + std::to_string(first));
            },
            options_.patience);
    }

    std::int64_t count_nulls() override
    {
        return db_.read([&](snapshot& view) {
            return view
                .query<std::int64_t>("SELECT count(*) FROM " + table_ + " WHERE " + column_ +
                                     " IS NULL")
                .front();
        });
    }

    void begin_walk() override { from_ = std::numeric_limits<std::int64_t>::min(); }

    std::optional<std::int64_t> fill(std::int64_t first, std::int64_t rows) override
    {
        return once(
            [&](unit_of_work& work) -> std::optional<std::int64_t> {
                auto const nulls = " FROM " + table_ + " WHERE " + column_ + " IS NULL";
                auto const change = "UPDATE " + table_ + " SET " + column_ + " = " +
                                    std::to_string(first) + " WHERE ";
                if (rowid_.empty()) {
                    auto const key = joined(keys_, ", ");
                    auto const filled = work.execute(
                        change + "(" + key + ") IN (SELECT " + key + nulls + " LIMIT ?)", rows);
                    return filled == 0 ? std::nullopt : std::optional{filled};
                }
                auto const next = nulls + " AND " + rowid_ + " >= ? ORDER BY " + rowid_;
                auto const found =
                    work.query<std::int64_t>("SELECT " + rowid_ + next + " LIMIT 1", from_);
                if (found.empty())
                    return {};
                from_ = found.front();
                return work.execute(
                    change + rowid_ + " IN (SELECT " + rowid_ + next + " LIMIT ?)", from_, rows);
            },
            deadline_of_batch);
    }

    // The rest is filled together with the constraint.
    std::int64_t fill_rest(std::int64_t) override { return 0; }

    void set_not_null(std::int64_t first) override
    {
        once(
            [&](unit_of_work& work) {
                auto const now = look(work);
                if (now.has_column && now.first && !now.nullable)
                    return;
                auto const value = std::to_string(now.first.value_or(first));
                work.execute("UPDATE " + table_ + " SET " + column_ + " = " + value + " WHERE " +
                             column_ + " IS NULL");
                change_text(work, now.first ? " NOT NULL" : " NOT NULL DEFAULT " + value);
            },
            options_.patience);
    }

    void make_guard() override
    {
        once(
            [&](unit_of_work& work) {
                if (look(work).has_guard)
                    return;
                work.execute("DROP TRIGGER IF EXISTS " + quoted(guard_, '"'));
                work.execute(guard_text());
            },
            deadline_of_batch);
    }

    [[nodiscard]] std::string guard_name() const override { return guard_; }

private:
    table_facts look(unit_of_work& work)
    {
        auto const table = find_table(work);
        table_ = quoted(table.name, '"');
        name_ = table.name;
        auto const columns = work.query<catalogue::sqlite_column>(
            "SELECT cid AS number, name, type, \"notnull\" AS not_null,"
            " dflt_value AS default_text, pk AS key_place, hidden"
            " FROM pragma_table_xinfo(?) ORDER BY cid",
            table.name);
        remember_keys(table, columns);
        table_facts facts;
        for (auto const& one : columns) {
            facts.columns.push_back({one.name, one.hidden > 1});
            if (same_name(one.name, options_.column))
                note_column(work, one, facts);
        }
        columns_ = facts.columns;
        check_unversioned(columns_, options_, asked_);
        facts.has_guard =
            options_.guard && facts.has_column &&
            work.query<std::string>("SELECT sql FROM sqlite_schema WHERE type = 'trigger'"
                                    " AND name = ? COLLATE NOCASE",
                                    guard_) == std::vector{guard_text()};
        return facts;
    }

    catalogue::sqlite_table find_table(unit_of_work& work)
    {
        auto const found = work.query<catalogue::sqlite_table>(
            "SELECT name, type AS kind, wr AS has_no_rowid FROM pragma_table_list"
            " WHERE schema = 'main' AND name = ? COLLATE NOCASE",
            asked_);
        if (found.empty())
            throw no_such_table(asked_);
        auto const& one = found.front();
        if (one.kind != "table")
            throw not_a_table(asked_, "is a " + one.kind + (one.kind == "view" ? "" : " table"));
        if (lower(one.name).starts_with("sqlite_"))
            throw not_a_table(asked_, "belongs to SQLite itself");
        return one;
    }

    // By what rows are told apart: a name for the row number that no column has taken, else the
    // primary key.
    void remember_keys(catalogue::sqlite_table const& table,
                       std::vector<catalogue::sqlite_column> const& columns)
    {
        keys_.clear();
        for (auto const& one : columns)
            if (one.key_place > 0)
                keys_.push_back(quoted(one.name, '"'));
        rowid_.clear();
        if (table.has_no_rowid)
            return;
        for (auto const* name : {"oid", "_rowid_", "rowid"})
            if (std::ranges::none_of(columns, [&](auto const& c) { return lower(c.name) == name; }))
                rowid_ = name;
        if (rowid_.empty() && keys_.empty())
            throw not_a_table(asked_, "has nothing by which its rows can be told apart");
    }

    void note_column(unit_of_work& work, catalogue::sqlite_column const& one, table_facts& facts)
    {
        auto const refuse = [&](std::string const& because) {
            return no_version(asked_, one.name, because);
        };
        if (one.hidden != 0)
            throw refuse("is generated");
        if (lower(one.type).find("int") == std::string::npos)
            throw refuse(one.type.empty() ? "has no type" : "is of the type " + one.type);
        if (one.key_place > 0 || is_unique(work, one.name))
            throw refuse("is part of a unique key");
        number_ = one.number;
        facts.has_column = true;
        facts.nullable = !one.not_null;
        auto const text = one.default_text.value_or("NULL");
        facts.first = number_in(text);
        if (!facts.first && lower(text) != "null")
            throw refuse("has a default that is no whole number");
        if (holds_no_number(work))
            throw refuse("holds values that are no whole numbers");
    }

    bool is_unique(unit_of_work& work, std::string const& column) const
    {
        return !work.query<std::string>("SELECT l.name FROM pragma_index_list(?) AS l"
                                        " JOIN pragma_index_info(l.name) AS i"
                                        " WHERE l.\"unique\" AND i.name = ?",
                                        name_,
                                        column)
                    .empty();
    }

    // A column of SQLite takes any value. Looked for once: the table is read for it.
    bool holds_no_number(unit_of_work& work)
    {
        if (std::exchange(values_are_known_, true))
            return false;
        return !work.query<std::int64_t>("SELECT 1 FROM " + table_ + " WHERE typeof(" + column_ +
                                         ") NOT IN ('integer', 'null') LIMIT 1")
                    .empty();
    }

    // All or nothing, as all of this stands in one transaction; whoever has the file open notices
    // by the new schema_version.
    void change_text(unit_of_work& work, std::string const& more) const
    {
        auto const text = work.query<std::string>(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", name_);
        auto const changed = with_more_for_column(
            text.at(0), static_cast<std::size_t>(number_), options_.column, more);
        auto const version =
            work.query<std::int64_t>("SELECT schema_version FROM pragma_schema_version").at(0);
        auto before = work.savepoint();
        try {
            work.execute("PRAGMA writable_schema = ON");
            work.execute("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?",
                         changed,
                         name_);
            work.execute("PRAGMA writable_schema = OFF");
        } catch (error const&) {
            before.rollback();
            work.execute("PRAGMA writable_schema = OFF");
            throw;
        }
        work.execute("PRAGMA schema_version = " + std::to_string((version + 1) & 0x7fffffff));
        verify(work);
    }

    // As SQLite reads the new text.
    void verify(unit_of_work& work) const
    {
        auto const now = work.query<catalogue::sqlite_column>(
            "SELECT cid AS number, name, type, \"notnull\" AS not_null,"
            " dflt_value AS default_text, pk AS key_place, hidden"
            " FROM pragma_table_xinfo(?) ORDER BY cid",
            name_);
        bool const same = std::ranges::equal(
            now, columns_, {}, &catalogue::sqlite_column::name, &table_column::name);
        auto const& one = now.at(static_cast<std::size_t>(number_));
        if (!same || !one.not_null || !number_in(one.default_text.value_or("")))
            throw error(errc::backend_failure, "SQLite did not take the table's new text");
    }

    // What is written by the trigger itself raises the version, so that it ends there.
    [[nodiscard]] std::string guard_text() const
    {
        auto const row = "NEW." + column_;
        auto const before = "OLD." + column_;
        std::vector<std::string> is_row;
        if (!rowid_.empty())
            is_row.push_back(rowid_ + " = NEW." + rowid_);
        else
            for (auto const& key : keys_)
                is_row.push_back(key + " IS NEW." + key);
        return "CREATE TRIGGER " + quoted(guard_, '"') + " AFTER UPDATE ON " + table_ +
               " FOR EACH ROW WHEN " + row + " <= " + before + spared() +
               " BEGIN SELECT RAISE(ABORT, 'the version of a row is at its maximum') WHERE " +
               before + " = " + std::to_string(std::numeric_limits<std::int64_t>::max()) +
               "; UPDATE " + table_ + " SET " + column_ + " = " + before + " + 1 WHERE " +
               joined(is_row, " AND ") + "; END";
    }

    [[nodiscard]] std::string spared() const
    {
        return unless_only_unversioned_differ(columns_, options_, [](std::string const& name) {
            auto const column = quoted(name, '"');
            auto const compared = [&](char const* how) {
                return "NEW." + column + " COLLATE BINARY " + how + " OLD." + column;
            };
            return value_test{.differs = compared("IS NOT"), .same = compared("IS")};
        });
    }

    database& db_;
    std::string asked_;
    add_version_options const& options_;
    std::string column_;  // quoted
    std::string guard_;
    std::string name_{};   // as the table was made
    std::string table_{};  // the same, quoted
    std::vector<table_column> columns_{};
    std::vector<std::string> keys_{};  // quoted
    std::string rowid_{};              // empty: the key has to do
    std::int64_t number_ = 0;          // of the column
    std::int64_t from_ = 0;
    bool values_are_known_ = false;
};

}  // namespace

std::unique_ptr<version_change>
change_on_sqlite(database& in, std::string table, add_version_options const& options)
{
    return std::make_unique<sqlite_change>(in, std::move(table), options);
}

}  // namespace tiebreak::schema::detail
