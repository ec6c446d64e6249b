// The schema: numbered steps that are safe to repeat, to start twice and to kill, and that match
// what the systems map.
#include <tiebreak/schema.hpp>

#include "schema/schema.hpp"
#include "schema/script_text.hpp"
#include "support/barrier.hpp"
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/process.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace tiebreak::test {

namespace {

class Schema : public engine_test {
protected:
    [[nodiscard]] std::size_t number_of_steps() { return schema::steps(db().engine()).size(); }
};

TEST_P(Schema, IsAppliedStepByStepAndThenNothingIsLeftToDo)
{
    EXPECT_EQ(schema::inspect(db()).missing.size(), number_of_steps());
    EXPECT_FALSE(schema::inspect(db()).complete());
    auto const made = schema::apply(db());
    ASSERT_EQ(made.size(), number_of_steps());
    for (std::size_t i = 0; i < made.size(); ++i) {
        EXPECT_EQ(made[i].step, static_cast<std::int32_t>(i + 1)) << "numbers have no gap";
        EXPECT_EQ(made[i].name, schema::steps(db().engine())[i].name);
        EXPECT_GT(made[i].applied_at, time_point{});
    }
    EXPECT_TRUE(schema::apply(db()).empty());
    auto const found = schema::inspect(db());
    EXPECT_TRUE(found.complete());
    EXPECT_EQ(found.applied.size(), made.size());
    EXPECT_TRUE(found.foreign_tables.empty());
}

TEST_P(Schema, ADropLeavesNothingAndCanBeRepeated)
{
    schema::drop(db());
    schema::apply(db());
    schema::drop(db());
    auto const found = schema::inspect(db());
    EXPECT_TRUE(found.applied.empty());
    EXPECT_TRUE(found.foreign_tables.empty());
    schema::drop(db());
    EXPECT_EQ(schema::apply(db()).size(), number_of_steps());
}

TEST_P(Schema, ATableOfSomebodyElseIsNeitherUsedNorDropped)
{
    auto const table = schema::tables(db().engine()).back();
    auto const name = db().table_prefix() + table;
    db().execute("CREATE TABLE " + name + " (mine INTEGER)");
    try {
        schema::apply(db());
        FAIL() << "a table of that name was there";
    } catch (error const& refused) {
        EXPECT_EQ(refused.code(), errc::already_exists);
        EXPECT_NE(std::string_view(refused.what()).find(name), std::string_view::npos);
    }
    auto const found = schema::inspect(db());
    EXPECT_EQ(found.missing.size(), 1u) << "the steps before are there";
    EXPECT_EQ(found.foreign_tables, std::vector{name});
    schema::drop(db());
    EXPECT_EQ(schema::inspect(db()).foreign_tables, std::vector{name});
    EXPECT_EQ(db().execute("INSERT INTO " + name + " VALUES (1)"), 1);
}

TEST_P(Schema, AStepOfAnotherVersionOfTheProgramIsRefused)
{
    schema::apply(db());
    schema::applied_step later{.step = 99, .name = "from-the-future"};
    repository<schema::applied_step>(db()).insert(later);
    auto const found = schema::inspect(db());
    EXPECT_FALSE(found.complete());
    ASSERT_EQ(found.unknown.size(), 1u);
    EXPECT_EQ(found.unknown.front().step, 99);
    try {
        schema::apply(db());
        FAIL() << "an unknown step was passed over";
    } catch (error const& refused) {
        EXPECT_EQ(refused.code(), errc::unsafe_settings);
    }
}

TEST_P(Schema, ARemovedTableIsNoticed)
{
    schema::apply(db());
    db().transact([](unit_of_work& work) {
        auto const table = work.table<schema::applied_step>();
        auto name = table;
        name.replace(name.find("tiebreak_schema"), std::string("tiebreak_schema").size(), "books");
        work.execute("DROP TABLE " + name);
    });
    auto const found = schema::inspect(db());
    EXPECT_FALSE(found.complete());
    EXPECT_EQ(found.missing_tables, std::vector{db().table_prefix() + "books"});
}

TEST_P(Schema, EveryTableStandsBehindThePrefix)
{
    auto const plain = schema::apply(db()).size();
    auto other = fresh().open({.table_prefix = "9Race_"});
    EXPECT_EQ(schema::apply(other).size(), plain);
    EXPECT_TRUE(schema::inspect(other).complete());
    schema::drop(other);
    EXPECT_TRUE(schema::inspect(other).applied.empty());
    EXPECT_TRUE(schema::inspect(db()).complete());
}

TEST_P(Schema, OfManyStartersEachStepIsMadeByOne)
{
    constexpr int starters = 6;
    shared_value<std::atomic<int>> made(0);
    barrier start(starters);
    std::vector<child_process> processes;
    for (int i = 0; i < starters; ++i) {
        processes.emplace_back([&] {
            auto own = fresh().open();
            start.wait();
            *made += static_cast<int>(schema::apply(own).size());
            return schema::inspect(own).complete() ? 0 : 1;
        });
    }
    for (auto& process : processes)
        EXPECT_EQ(process.wait(), 0);
    EXPECT_EQ(*made, static_cast<int>(schema::steps(db().engine()).size()));
}

// Kills starters at arbitrary moments; each step is there as a whole or not at all, and the next
// starter goes on.
TEST_P(Schema, AKillAtAnyPointLeavesWholeSteps)
{
    fresh().allow_leftovers();
    captured_log const quiet(log_level::error);
    for (int round = 0; round < 12; ++round) {
        barrier started(2);
        child_process starter([&] {
            auto own = fresh().open();
            started.wait();
            for (;;) {
                schema::apply(own);
                schema::drop(own);
            }
            return 0;
        });
        started.wait();
        for (int spin = 0; spin < round * 1000; ++spin)
            std::this_thread::yield();
        starter.send(SIGKILL);
        EXPECT_EQ(starter.wait(), -SIGKILL);
        auto const found = schema::inspect(db());
        EXPECT_TRUE(found.missing_tables.empty() || !db().supports(capability::transactional_ddl));
        EXPECT_TRUE(found.foreign_tables.empty());
        EXPECT_TRUE(found.unknown.empty());
        schema::apply(db());
        EXPECT_TRUE(schema::inspect(db()).complete());
        close();
    }
}

TIEBREAK_ON_SHARED_ENGINES(Schema);

TEST(SchemaPrint, ShowsEveryStepWithThePrefixBeforeEveryTable)
{
    for (auto const& engine : schema::engines()) {
        auto const text = schema::print(engine, "shop_");
        for (auto const& one : schema::steps(engine))
            EXPECT_NE(text.find(one.name), std::string::npos);
        for (auto const& table : schema::tables(engine))
            EXPECT_NE(text.find("shop_" + table), std::string::npos) << table;
        EXPECT_EQ(text.find("{prefix}"), std::string::npos);
    }
    EXPECT_THROW((void)schema::print("oracle"), std::invalid_argument);
    EXPECT_THROW((void)schema::print("sqlite", "a-b"), std::invalid_argument);
    EXPECT_THROW((void)schema::print("sqlite", "a\"; DROP TABLE books"), std::invalid_argument);
    EXPECT_THROW((void)schema::print("sqlite", std::string(41, 'a')), std::invalid_argument);
}

TEST(SchemaText, AStatementEndsWhereItsSemicolonIs)
{
    using list = std::vector<std::string>;
    EXPECT_EQ(schema::statements_of(""), list{});
    EXPECT_EQ(schema::statements_of(" ;; -- only this\n; /* and; this */"), list{});
    EXPECT_EQ(schema::statements_of("-- head; of\nA b;\n\n C"), (list{"A b", "C"}));
    EXPECT_EQ(schema::statements_of("A /* x; */ b; C -- y;\n d"), (list{"A   b", "C   d"}));
    EXPECT_EQ(schema::statements_of("A ';' \";\" `;`; B"), (list{"A ';' \";\" `;`", "B"}));
    EXPECT_EQ(schema::statements_of("A 'it''s; so'; B"), (list{"A 'it''s; so'", "B"}));
    EXPECT_EQ(schema::statements_of("A '-- no; comment'; B"), (list{"A '-- no; comment'", "B"}));
    EXPECT_EQ(schema::statements_of("A $$ x; $$; B $t$ y; $$ z; $t$; C $1"),
              (list{"A $$ x; $$", "B $t$ y; $$ z; $t$", "C $1"}));
    EXPECT_EQ(schema::statements_of("A 'never closed; B"), list{"A 'never closed; B"});
}

TEST(SchemaText, TheBodyOfATriggerIsPartOfIt)
{
    using list = std::vector<std::string>;
    std::string const trigger = "CREATE TRIGGER t AFTER UPDATE ON a BEGIN\n"
                                "  UPDATE a SET x = CASE WHEN y THEN 1 ELSE 2 END;\n"
                                "  DELETE FROM b WHERE c = ';end;';\n"
                                "END";
    EXPECT_EQ(schema::statements_of(trigger + "; A"), (list{trigger, "A"}));
    EXPECT_EQ(schema::statements_of("CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION f(); A"),
              (list{"CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION f()", "A"}));
    EXPECT_EQ(schema::statements_of("CREATE TABLE trigger_begin (x); A"),
              (list{"CREATE TABLE trigger_begin (x)", "A"}));
    EXPECT_EQ(schema::statements_of("BEGIN; END; A"), (list{"BEGIN", "END", "A"}));
}

TEST(SchemaText, NamesAreQuotedBehindTheirPrefix)
{
    EXPECT_EQ(schema::with_prefix("CREATE TABLE {prefix}a (b REFERENCES {prefix}c (d))", "x_", '"'),
              "CREATE TABLE \"x_a\" (b REFERENCES \"x_c\" (d))");
    EXPECT_EQ(schema::with_prefix("{prefix}a", "", '`'), "`a`");
    EXPECT_EQ(schema::tables_made_by("-- CREATE TABLE {prefix}no\nCREATE TABLE {prefix}a (x);\n"
                                     "CREATE INDEX {prefix}b ON {prefix}a (x);"),
              std::vector<std::string>{"a"});
}

}  // namespace

}  // namespace tiebreak::test
