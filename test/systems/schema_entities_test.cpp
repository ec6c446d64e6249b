// The schema's tables are what the systems map: same columns, types, nullability, keys, uniqueness
// and references, as each engine's own catalogue has them.
#include "system_test.hpp"
#include "systems/books/books.hpp"
#include "systems/coupons/entities.hpp"
#include "systems/runs/entities.hpp"
#include "systems/tickets/entities.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace tiebreak::test {

namespace catalogue {

struct column {
    std::string name{};
    std::string type{};
    bool not_null = false;
    std::optional<std::string> default_value{};
    std::int64_t key_place = 0;  // 0: not part of the primary key
};
BOOST_DESCRIBE_STRUCT(column, (), (name, type, not_null, default_value, key_place))

struct unique_column {
    std::string unique{};
    std::string name{};
};
BOOST_DESCRIBE_STRUCT(unique_column, (), (unique, name))

struct reference {
    std::string own_column{};
    std::string target_table{};
    std::string target_column{};
};
BOOST_DESCRIBE_STRUCT(reference, (), (own_column, target_table, target_column))

// What is asked of one engine, each about one table, and what it calls the types.
struct questions {
    char const* columns;  // computed ones are nobody's business
    char const* uniques;  // of whole tables
    char const* references;
    std::map<column_type, std::set<std::string>> types;
};

questions const& questions_for(std::string_view engine)
{
    static questions const sqlite{
        .columns = "SELECT name, type, \"notnull\" AS not_null, dflt_value AS default_value,"
                   " pk AS key_place FROM pragma_table_info(?) ORDER BY cid",
        .uniques = "SELECT l.name AS \"unique\", i.name FROM pragma_index_list(?) AS l"
                   " JOIN pragma_index_info(l.name) AS i WHERE l.\"unique\" AND NOT l.partial",
        .references = "SELECT \"from\" AS own_column, \"table\" AS target_table,"
                      " \"to\" AS target_column FROM pragma_foreign_key_list(?)",
        .types = {{column_type::boolean, {"INTEGER"}},
                  {column_type::int16, {"INTEGER"}},
                  {column_type::int32, {"INTEGER"}},
                  {column_type::int64, {"INTEGER"}},
                  {column_type::real, {"REAL"}},
                  {column_type::text, {"TEXT"}},
                  {column_type::bytes, {"BLOB"}},
                  {column_type::time, {"INTEGER"}}},
    };
    static questions const postgresql{
        .columns = "SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS type,"
                   " a.attnotnull AS not_null, pg_get_expr(d.adbin, d.adrelid) AS default_value,"
                   " coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)::int8 AS key_place"
                   " FROM pg_attribute a"
                   " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
                   " LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary"
                   " WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0"
                   " AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
        .uniques = "SELECT i.indexrelid::regclass::text AS \"unique\", a.attname::text AS name"
                   " FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
                   " AND a.attnum = ANY (i.indkey::int2[])"
                   " WHERE i.indrelid = to_regclass($1::text) AND i.indisunique"
                   " AND i.indpred IS NULL",
        .references = "SELECT a.attname::text AS own_column, t.relname::text AS target_table,"
                      " b.attname::text AS target_column FROM pg_constraint c"
                      " JOIN pg_class t ON t.oid = c.confrelid"
                      " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
                      " JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum ="
                      " c.confkey[1] WHERE c.contype = 'f' AND c.conrelid = to_regclass($1::text)",
        .types = {{column_type::boolean, {"boolean"}},
                  {column_type::int16, {"smallint"}},
                  {column_type::int32, {"integer"}},
                  {column_type::int64, {"bigint"}},
                  {column_type::real, {"double precision"}},
                  {column_type::text, {"text"}},
                  {column_type::bytes, {"bytea"}},
                  {column_type::time, {"timestamp with time zone"}}},
    };
    static questions const mariadb{
        .columns = "SELECT c.column_name AS name, c.data_type AS type,"
                   " c.is_nullable = 'NO' AS not_null, c.column_default AS default_value,"
                   " (SELECT coalesce(max(s.seq_in_index), 0) FROM information_schema.statistics s"
                   " WHERE s.table_schema = c.table_schema AND s.table_name = c.table_name"
                   " AND s.column_name = c.column_name AND s.index_name = 'PRIMARY') AS key_place"
                   " FROM information_schema.columns c WHERE c.table_schema = DATABASE()"
                   " AND c.table_name = ? AND c.generation_expression IS NULL"
                   " ORDER BY c.ordinal_position",
        .uniques = "SELECT index_name AS `unique`, column_name AS name"
                   " FROM information_schema.statistics"
                   " WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0",
        .references = "SELECT column_name AS own_column, referenced_table_name AS target_table,"
                      " referenced_column_name AS target_column"
                      " FROM information_schema.key_column_usage WHERE table_schema = DATABASE()"
                      " AND table_name = ? AND referenced_table_name IS NOT NULL",
        .types = {{column_type::boolean, {"tinyint"}},
                  {column_type::int16, {"smallint"}},
                  {column_type::int32, {"int"}},
                  {column_type::int64, {"bigint"}},
                  {column_type::real, {"double"}},
                  {column_type::text, {"varchar", "text", "longtext"}},
                  {column_type::bytes, {"varbinary", "longblob"}},
                  {column_type::time, {"datetime"}}},
    };
    return engine == "sqlite" ? sqlite : engine == "postgresql" ? postgresql : mariadb;
}

}  // namespace catalogue

namespace {

using column_names = std::set<std::string>;

class SchemaMatch : public system_test {
protected:
    template <class T>
    void expect_match();

    [[nodiscard]] catalogue::questions const& questions()
    {
        return catalogue::questions_for(db().engine());
    }

    std::set<column_names> uniques_of(std::string const& table)
    {
        std::map<std::string, column_names> all;
        for (auto const& row : ask<catalogue::unique_column>(questions().uniques, table))
            all[row.unique].insert(row.name);
        std::set<column_names> sets;
        for (auto const& [unique, names] : all)
            sets.insert(names);
        return sets;
    }

    template <class T>
    std::vector<T> ask(char const* sql, std::string const& about)
    {
        return db().transact([&](unit_of_work& work) { return work.query<T>(sql, about); });
    }

    void expect_columns(detail::plan const& plan, std::vector<catalogue::column> const& found);
};

column_names names_of(detail::plan const& plan, detail::column_mask mask)
{
    column_names names;
    for (std::size_t i = 0; i < plan.columns.size(); ++i)
        if (mask >> i & 1)
            names.emplace(plan.columns[i].name);
    return names;
}

void SchemaMatch::expect_columns(detail::plan const& plan,
                                 std::vector<catalogue::column> const& found)
{
    ASSERT_EQ(found.size(), plan.columns.size());
    for (auto const& mapped : plan.columns) {
        SCOPED_TRACE(mapped.name);
        auto const row = std::ranges::find(found, mapped.name, &catalogue::column::name);
        ASSERT_NE(row, found.end());
        EXPECT_TRUE(questions().types.at(mapped.type).contains(row->type)) << row->type;
        bool const is_key = names_of(plan, plan.key).contains(row->name);
        EXPECT_EQ(row->key_place > 0, is_key);
        // An INTEGER PRIMARY KEY of SQLite is never NULL, whatever the catalogue says.
        EXPECT_EQ(row->not_null || (is_key && plan.generated), !mapped.nullable);
        if (names_of(plan, plan.version).contains(row->name)) {
            EXPECT_EQ(row->default_value, std::to_string(plan.version_first));
        }
    }
}

template <class T>
void SchemaMatch::expect_match()
{
    auto const& plan = detail::plan_of<T>();
    auto const table = std::string(plan.table);
    SCOPED_TRACE(table);
    EXPECT_EQ(std::ranges::count(schema::tables(db().engine()), table), 1);
    expect_columns(plan, ask<catalogue::column>(questions().columns, table));
    auto const uniques = uniques_of(table);
    for (auto const mask : plan.uniques)
        EXPECT_TRUE(uniques.contains(names_of(plan, mask)));
    auto const references = ask<catalogue::reference>(questions().references, table);
    EXPECT_EQ(references.size(), plan.references.size());
    for (auto const& mapped : plan.references) {
        auto const& target = mapped.target();
        EXPECT_TRUE(std::ranges::any_of(references, [&](catalogue::reference const& row) {
            return row.own_column == plan.columns[mapped.column].name &&
                   row.target_table == target.table &&
                   names_of(target, target.key).contains(row.target_column);
        })) << plan.columns[mapped.column].name;
    }
}

TEST_P(SchemaMatch, CouponsAndTheirMembersAreAsMapped)
{
    expect_match<systems::coupons::member>();
    expect_match<systems::coupons::coupon>();
    expect_match<systems::coupons::coupon_issue>();
}

TEST_P(SchemaMatch, BooksAreAsMapped)
{
    expect_match<systems::books::book>();
}

TEST_P(SchemaMatch, TicketsAreAsMapped)
{
    expect_match<systems::tickets::lotto_publish>();
    expect_match<systems::tickets::order>();
    expect_match<systems::tickets::bill>();
    expect_match<systems::tickets::ticket>();
    expect_match<systems::tickets::payment_claim>();
}

TEST_P(SchemaMatch, RunsAndTheirBudgetsAreAsMapped)
{
    expect_match<systems::runs::run>();
    expect_match<systems::runs::tenant_budget>();
    expect_match<systems::runs::ledger_entry>();
}

TIEBREAK_ON_ALL_ENGINES(SchemaMatch);

}  // namespace

}  // namespace tiebreak::test
