/// \file
/// A version for a table of PostgreSQL.
///
/// Adding a column NOT NULL with a default touches no row (since version 11). A column that is
/// there becomes NOT NULL behind a CHECK: NOT VALID makes it hold for new rows at once, VALIDATE
/// reads the table while others write, and SET NOT NULL then believes it. Each holds the table for
/// a moment only.
#include "schema/version_change.hpp"

#include <algorithm>
#include <utility>

namespace tiebreak::schema::detail {

namespace catalogue {

struct pg_table {
    std::string space{};
    std::string name{};
    std::string kind{};
    bool is_partition = false;
};
BOOST_DESCRIBE_STRUCT(pg_table, (), (space, name, kind, is_partition))

struct pg_column {
    std::int64_t number = 0;
    std::string name{};
    std::string type{};
    bool not_null = false;
    std::string generated{};
    std::string identity{};
    std::optional<std::string> default_text{};
    bool is_unique = false;
};
BOOST_DESCRIBE_STRUCT(pg_column,
                      (),
                      (number, name, type, not_null, generated, identity, default_text, is_unique))

}  // namespace catalogue

namespace {

// For rows, of the server's deadlock_timeout: of two that wait for each other it is never the other
// program that is ended.
constexpr std::int64_t row_wait_divisor = 2;
constexpr std::chrono::milliseconds row_wait_of_batch{50};

// A walk goes by blocks of the table's file; about so many rows are in one.
constexpr std::int64_t rows_of_block = 50;

constexpr char const* find_pg_table =
    "SELECT n.nspname::text AS space, c.relname::text AS name, c.relkind::text AS kind,"
    " c.relispartition AS is_partition"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = to_regclass($1::text)";

constexpr char const* find_pg_columns =
    "SELECT a.attnum::int8 AS number, a.attname::text AS name,"
    " pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,"
    " a.attgenerated::text AS generated, a.attidentity::text AS identity,"
    " pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default_text,"
    " EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid"
    " AND i.indisunique AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))"
    " AS is_unique"
    " FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d"
    " ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " WHERE a.attrelid = to_regclass($1::text) AND NOT a.attisdropped ORDER BY a.attnum";

[[nodiscard]] std::string what_it_is(std::string const& kind)
{
    if (kind == "v")
        return "is a view";
    if (kind == "m")
        return "is a materialized view";
    if (kind == "f")
        return "is a foreign table";
    if (kind == "S")
        return "is a sequence";
    return "is no table";
}

class postgresql_change final : public version_change {
    // One try, in which each wait for a lock is bounded; work itself may take its time.
    template <class Body>
    auto once(std::chrono::milliseconds wait, Body const& body)
    {
        retry_policy one_try = retry_presets::once;
        one_try.deadline = {};
        return db_.transact(
            [&](unit_of_work& work) {
                work.execute("SET LOCAL lock_timeout = " + std::to_string(wait.count()));
                work.execute("SET LOCAL statement_timeout = 0");
                return body(work);
            },
            {.retry = one_try, .certainty = commit_certainty::as_answered});
    }

public:
    postgresql_change(database& in, std::string table, add_version_options const& options)
        : db_(in),
          asked_(std::move(table)),
          options_(options),
          table_(quoted(asked_, '"')),
          column_(quoted(options.column, '"')),
          guard_(own_name("tiebreak_guard_", asked_)),
          constraint_(own_name("tiebreak_not_null_", options.column))
    {
        if (asked_.size() > name_bytes_max)
            throw no_such_table(asked_);
        if (options.column.size() > name_bytes_max)
            throw std::invalid_argument("the name of a column has at most 63 bytes here");
    }

    table_facts look() override
    {
        return db_.transact([&](unit_of_work& work) { return look(work); },
                            {.retry = retry_presets::once});
    }

    void add_column() override
    {
        once(options_.lock_wait, [&](unit_of_work& work) {
            work.execute("ALTER TABLE " + table_ + " ADD COLUMN IF NOT EXISTS " + column_ +
                         " bigint NOT NULL DEFAULT 1");
        });
    }

    [[nodiscard]] bool default_comes_first() const noexcept override { return true; }

    void set_default(std::int64_t first) override
    {
        once(options_.lock_wait, [&](unit_of_work& work) {
            work.execute(alter() + "SET DEFAULT " + std::to_string(first));
        });
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

    void begin_walk() override
    {
        block_ = 0;
        blocks_ = db_.transact(
            [&](unit_of_work& work) {
                // of the largest, when it has partitions or children
                return work
                    .query<std::int64_t>(
                        "WITH RECURSIVE family (id) AS (SELECT to_regclass($1::text)::oid UNION"
                        " SELECT i.inhrelid FROM pg_catalog.pg_inherits i"
                        " JOIN family f ON i.inhparent = f.id)"
                        " SELECT max(pg_relation_size(id))"
                        " / current_setting('block_size')::int8 + 1 FROM family",
                        table_)
                    .front();
            },
            {.retry = retry_presets::once});
    }

    std::optional<std::int64_t> fill(std::int64_t first, std::int64_t rows) override
    {
        if (block_ >= blocks_)
            return {};
        auto const end = block_ + std::max<std::int64_t>(rows / rows_of_block, 1);
        auto const place = [](std::int64_t block) { return "(" + std::to_string(block) + ",0)"; };
        auto const wait = rows > 1 ? std::min(row_wait_of_batch, row_wait_) : row_wait_;
        auto const filled = once(wait, [&](unit_of_work& work) {
            return work.execute(fill_text(first) +
                                    " AND ctid >= $1::text::tid AND ctid < $2::text::tid",
                                place(block_),
                                place(end));
        });
        block_ = end;
        return filled;
    }

    // One statement follows rows that are moved while it runs; the walk cannot.
    std::int64_t fill_rest(std::int64_t first) override
    {
        return once(row_wait_, [&](unit_of_work& work) { return work.execute(fill_text(first)); });
    }

    void set_not_null(std::int64_t) override
    {
        once(options_.lock_wait, [&](unit_of_work& work) {
            hold(work, "ACCESS EXCLUSIVE");
            if (look(work).nullable && !has_constraint(work))
                work.execute("ALTER TABLE " + table_ + " ADD CONSTRAINT " +
                             quoted(constraint_, '"') + " CHECK (" + column_ +
                             " IS NOT NULL) NOT VALID");
        });
        once(options_.lock_wait, [&](unit_of_work& work) {
            hold(work, "SHARE UPDATE EXCLUSIVE");  // keeps no writer out
            if (has_constraint(work))
                work.execute("ALTER TABLE " + table_ + " VALIDATE CONSTRAINT " +
                             quoted(constraint_, '"'));
        });
        once(options_.lock_wait, [&](unit_of_work& work) {
            hold(work, "ACCESS EXCLUSIVE");
            if (!has_constraint(work))
                return;  // another has done it
            work.execute(alter() + "SET NOT NULL");
            work.execute("ALTER TABLE " + table_ + " DROP CONSTRAINT " + quoted(constraint_, '"'));
        });
    }

    void make_guard() override
    {
        once(options_.lock_wait, [&](unit_of_work& work) {
            hold(work, "SHARE ROW EXCLUSIVE");
            if (look(work).has_guard)
                return;
            auto const function = quoted(space_, '"') + "." + quoted(guard_, '"');
            auto const body = guard_body();
            std::string tag = "$guard$";
            for (int i = 0; body.find(tag) != std::string::npos; ++i)
                tag = "$guard" + std::to_string(i) + "$";
            work.execute("CREATE OR REPLACE FUNCTION " + function +
                         "() RETURNS trigger LANGUAGE plpgsql AS " + tag + body + tag);
            work.execute("DROP TRIGGER IF EXISTS " + quoted(guard_, '"') + " ON " + table_);
            work.execute("CREATE TRIGGER " + quoted(guard_, '"') + " BEFORE UPDATE ON " + table_ +
                         " FOR EACH ROW EXECUTE FUNCTION " + function + "()");
        });
    }

    [[nodiscard]] std::string guard_name() const override { return guard_; }

private:
    static constexpr std::size_t name_bytes_max = 63;

    void hold(unit_of_work& work, std::string const& mode) const
    {
        work.execute("LOCK TABLE " + table_ + " IN " + mode + " MODE");
    }

    [[nodiscard]] std::string alter() const
    {
        return "ALTER TABLE " + table_ + " ALTER COLUMN " + column_ + " ";
    }

    [[nodiscard]] std::string fill_text(std::int64_t first) const
    {
        return "UPDATE " + table_ + " SET " + column_ + " = " + std::to_string(first) + " WHERE " +
               column_ + " IS NULL";
    }

    table_facts look(unit_of_work& work)
    {
        auto const found = work.query<catalogue::pg_table>(find_pg_table, table_);
        if (found.empty())
            throw no_such_table(asked_);
        auto const& table = found.front();
        if (table.kind != "r" && table.kind != "p")
            throw not_a_table(asked_, what_it_is(table.kind));
        if (table.is_partition)
            throw not_a_table(asked_, "is a partition: name the table it belongs to");
        space_ = table.space;
        auto const deadlock_ms = work.query<std::int64_t>(
            "SELECT setting::int8 FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout'");
        row_wait_ = std::min(options_.lock_wait,
                             std::chrono::milliseconds{
                                 std::max<std::int64_t>(deadlock_ms.at(0) / row_wait_divisor, 1)});
        table_ = quoted(table.space, '"') + "." + quoted(table.name, '"');
        table_facts facts;
        for (auto const& one : work.query<catalogue::pg_column>(find_pg_columns, table_)) {
            if (one.number > 0)
                facts.columns.push_back({one.name, !one.generated.empty()});
            if (one.name == options_.column)
                note_column(one, facts);
        }
        columns_ = facts.columns;
        for (auto const& name : options_.unversioned)
            if (std::ranges::find(columns_, name, &table_column::name) == columns_.end())
                throw error(errc::not_found, "there is no column " + name + " in " + asked_);
        facts.has_remains = facts.has_column && has_constraint(work);
        facts.has_guard = options_.guard && facts.has_column && has_guard(work);
        return facts;
    }

    void note_column(catalogue::pg_column const& one, table_facts& facts) const
    {
        auto const refuse = [&](std::string const& because) {
            return no_version(asked_, one.name, because);
        };
        if (one.number < 0)
            throw refuse("belongs to the database itself");
        if (!one.generated.empty() || !one.identity.empty())
            throw refuse("is generated");
        if (one.type != "bigint" && one.type != "integer" && one.type != "smallint")
            throw refuse("is of the type " + one.type);
        if (one.is_unique)
            throw refuse("is part of a unique key");
        facts.has_column = true;
        facts.nullable = !one.not_null;
        auto const text = one.default_text.value_or("NULL");
        facts.first = number_in(text);
        if (!facts.first && !text.starts_with("NULL"))
            throw refuse("has a default that is no whole number");
    }

    bool has_constraint(unit_of_work& work) const
    {
        return !work.query<std::int64_t>("SELECT 1::int8 FROM pg_catalog.pg_constraint"
                                         " WHERE conrelid = to_regclass($1::text)"
                                         " AND conname = $2::text",
                                         table_,
                                         constraint_)
                    .empty();
    }

    bool has_guard(unit_of_work& work) const
    {
        // a row trigger before updates that is switched on
        auto const bodies =
            work.query<std::string>("SELECT p.prosrc::text FROM pg_catalog.pg_trigger t"
                                    " JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid"
                                    " WHERE t.tgrelid = to_regclass($1::text)"
                                    " AND t.tgname = $2::text AND t.tgtype = 19"
                                    " AND t.tgenabled IN ('O', 'A')",
                                    table_,
                                    guard_);
        return bodies == std::vector{guard_body()};
    }

    [[nodiscard]] std::string guard_body() const
    {
        auto const row = "NEW." + column_;
        auto const raise = row + " := OLD." + column_ + " + 1;";
        auto const is_behind = "IF " + row + " <= OLD." + column_ + " THEN ";
        if (options_.unversioned.empty())
            return "BEGIN " + is_behind + raise + " END IF; RETURN NEW; END";
        // generated columns are not computed yet
        auto const put_back = [&](auto const& which) {
            std::string text;
            for (auto const& one : columns_)
                if (which(one))
                    text +=
                        "rest." + quoted(one.name, '"') + " := OLD." + quoted(one.name, '"') + "; ";
            return text;
        };
        auto const is_generated = [](table_column const& one) { return one.generated; };
        auto const is_unversioned = [&](table_column const& one) {
            return std::ranges::find(options_.unversioned, one.name) != options_.unversioned.end();
        };
        return "DECLARE rest record; BEGIN " + is_behind + "rest := NEW; " +
               put_back(is_generated) + "IF rest *<> OLD THEN " + put_back(is_unversioned) +
               "IF rest *= OLD THEN RETURN NEW; END IF; END IF; " + raise +
               " END IF; RETURN NEW; END";
    }

    database& db_;
    std::string asked_;
    add_version_options const& options_;
    std::string table_;   // quoted, once it was found behind its schema
    std::string column_;  // quoted
    std::string guard_;
    std::string constraint_;
    std::string space_{};
    std::chrono::milliseconds row_wait_{1};
    std::vector<table_column> columns_{};
    std::int64_t block_ = 0;
    std::int64_t blocks_ = 0;
};

}  // namespace

std::unique_ptr<version_change>
change_on_postgresql(database& in, std::string table, add_version_options const& options)
{
    return std::make_unique<postgresql_change>(in, std::move(table), options);
}

}  // namespace tiebreak::schema::detail
