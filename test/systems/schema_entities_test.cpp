// The schema's tables are what the systems map: same columns, types, nullability, keys, uniqueness
// and references. Asks the engine's catalogue, so it is one test for each engine that has one.
#include "system_test.hpp"
#include "systems/books/books.hpp"
#include "systems/coupons/entities.hpp"
#include "systems/runs/entities.hpp"
#include "systems/tickets/entities.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tiebreak::test {

namespace catalogue {

// Rows of SQLite's catalogue functions.
struct column {
    std::string name{};
    std::string type{};
    bool not_null = false;
    std::optional<std::string> default_value{};
    std::int64_t key_place = 0;
};
BOOST_DESCRIBE_STRUCT(column, (), (name, type, not_null, default_value, key_place))

struct reference {
    std::string own_column{};
    std::string target_table{};
    std::string target_column{};
};
BOOST_DESCRIBE_STRUCT(reference, (), (own_column, target_table, target_column))

}  // namespace catalogue

namespace {

using column_names = std::set<std::string>;

class SchemaMatch : public system_test {
protected:
    void SetUp() override
    {
        system_test::SetUp();
        if (!HasFatalFailure() && db().engine() != "sqlite")
            GTEST_SKIP() << "this test reads SQLite's catalogue";
    }

    template <class T>
    void expect_match();

    std::vector<catalogue::column> columns_of(std::string const& table)
    {
        return ask<catalogue::column>(
            "SELECT name, type, \"notnull\" AS not_null, dflt_value AS default_value,"
            " pk AS key_place FROM pragma_table_info(?) ORDER BY cid",
            table);
    }

    std::set<column_names> uniques_of(std::string const& table)
    {
        std::set<column_names> all;
        for (auto const& index : ask<std::string>("SELECT name FROM pragma_index_list(?)"
                                                  " WHERE \"unique\" AND NOT partial",
                                                  table)) {
            auto const found = ask<std::string>("SELECT name FROM pragma_index_info(?)", index);
            all.emplace(found.begin(), found.end());
        }
        return all;
    }

    std::vector<catalogue::reference> references_of(std::string const& table)
    {
        return ask<catalogue::reference>("SELECT \"from\" AS own_column, \"table\" AS target_table,"
                                         " \"to\" AS target_column"
                                         " FROM pragma_foreign_key_list(?)",
                                         table);
    }

private:
    template <class T>
    std::vector<T> ask(char const* sql, std::string const& about)
    {
        return db().read([&](snapshot& view) { return view.query<T>(sql, about); });
    }
};

std::string type_of(column_type type)
{
    switch (type) {
    case column_type::real: return "REAL";
    case column_type::text: return "TEXT";
    case column_type::bytes: return "BLOB";
    default: return "INTEGER";
    }
}

column_names names_of(detail::plan const& plan, detail::column_mask mask)
{
    column_names names;
    for (std::size_t i = 0; i < plan.columns.size(); ++i)
        if (mask >> i & 1)
            names.emplace(plan.columns[i].name);
    return names;
}

void expect_columns(detail::plan const& plan, std::vector<catalogue::column> const& found)
{
    ASSERT_EQ(found.size(), plan.columns.size());
    for (auto const& mapped : plan.columns) {
        SCOPED_TRACE(mapped.name);
        auto const row = std::ranges::find(found, mapped.name, &catalogue::column::name);
        ASSERT_NE(row, found.end());
        EXPECT_EQ(row->type, type_of(mapped.type));
        bool const is_key = names_of(plan, plan.key).contains(row->name);
        EXPECT_EQ(row->key_place > 0, is_key);
        // An INTEGER PRIMARY KEY is never NULL, whatever the catalogue says.
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
    expect_columns(plan, columns_of(table));
    auto const uniques = uniques_of(table);
    for (auto const mask : plan.uniques)
        EXPECT_TRUE(uniques.contains(names_of(plan, mask)));
    auto const references = references_of(table);
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
