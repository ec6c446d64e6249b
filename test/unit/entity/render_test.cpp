// The text of every statement, as it is sent.
#include "entity/render.hpp"
#include "sqlite/dialect.hpp"
#include "unit/entity/entities.hpp"

#include <gtest/gtest.h>

namespace tiebreak::detail {

namespace {

using namespace test::sample;

template <class F>
std::string rendered(F const& render, std::string_view prefix = "")
{
    statement_text out(sqlite::dialect_of(false), prefix);
    render(out);
    return out.text();
}

template <class T>
std::string update(column_mask changed, bool bump)
{
    return rendered([&](auto& out) { render_update(out, plan_of<T>(), changed, bump); });
}

TEST(Render, FindsByKeyAndByUniqueColumn)
{
    EXPECT_EQ(
        rendered([](auto& out) { render_find(out, plan_of<author>(), plan_of<author>().key); }),
        R"(SELECT "id", "name", "version" FROM "authors" WHERE "id" = ?1)");
    EXPECT_EQ(rendered([](auto& out) { render_find(out, plan_of<author>(), 0b010); }),
              R"(SELECT "id", "name", "version" FROM "authors" WHERE "name" = ?1)");
    EXPECT_EQ(
        rendered([](auto& out) { render_find(out, plan_of<article>(), plan_of<article>().key); }),
        R"(SELECT "title", "edition", "author_id", "price", "reads", "row ""version""")"
        R"( FROM "articles" WHERE "title" = ?1 AND "edition" = ?2)");
    EXPECT_EQ(rendered([](auto& out) { render_find_version(out, plan_of<article>()); }),
              R"(SELECT "row ""version""" FROM "articles" WHERE "title" = ?1 AND "edition" = ?2)");
    EXPECT_EQ(rendered([](auto& out) { render_find_version(out, plan_of<note>()); }),
              R"(SELECT 1 FROM "notes" WHERE "name" = ?1)");
}

TEST(Render, AnUpdateSetsTheChangedColumnsBumpsAndStatesKeyAndVersion)
{
    EXPECT_EQ(update<author>(0b010, true),
              R"(UPDATE "authors" SET "name" = ?1, "version" = "version" + 1)"
              R"( WHERE "id" = ?2 AND "version" = ?3)");
    EXPECT_EQ(
        update<author>(0, true),
        R"(UPDATE "authors" SET "version" = "version" + 1 WHERE "id" = ?1 AND "version" = ?2)");
    EXPECT_EQ(update<article>(0b011000, true),
              R"(UPDATE "articles" SET "price" = ?1, "reads" = ?2,)"
              R"( "row ""version""" = "row ""version""" + 1)"
              R"( WHERE "title" = ?3 AND "edition" = ?4 AND "row ""version""" = ?5)");
    EXPECT_EQ(update<article>(0b010000, false),
              R"(UPDATE "articles" SET "reads" = ?1)"
              R"( WHERE "title" = ?2 AND "edition" = ?3 AND "row ""version""" = ?4)");
    EXPECT_EQ(update<event>(0b010, true),
              R"(UPDATE "events" SET "done" = ?1, "changed" = max(("changed" + 1), tiebreak_now()))"
              R"( WHERE "name" = ?2 AND "changed" = ?3)");
    EXPECT_EQ(update<note>(0b10, false), R"(UPDATE "notes" SET "text" = ?1 WHERE "name" = ?2)");
}

TEST(Render, ADeleteStatesKeyAndVersion)
{
    EXPECT_EQ(rendered([](auto& out) { render_delete(out, plan_of<article>()); }),
              R"(DELETE FROM "articles" WHERE "title" = ?1 AND "edition" = ?2)"
              R"( AND "row ""version""" = ?3)");
    EXPECT_EQ(rendered([](auto& out) { render_delete(out, plan_of<note>()); }),
              R"(DELETE FROM "notes" WHERE "name" = ?1)");
}

TEST(Render, AnInsertLeavesTheGeneratedKeyOutAndTheClockToTheDatabase)
{
    EXPECT_EQ(rendered([](auto& out) { render_insert(out, plan_of<author>(), false); }),
              R"(INSERT INTO "authors" ("name", "version") VALUES (?1, ?2))");
    EXPECT_EQ(
        rendered([](auto& out) { render_insert(out, plan_of<author>(), true); }),
        R"(INSERT INTO "authors" ("name", "version") VALUES (?1, ?2) ON CONFLICT DO NOTHING)");
    EXPECT_EQ(
        rendered([](auto& out) { render_insert(out, plan_of<event>(), false); }),
        R"(INSERT INTO "events" ("name", "done", "changed") VALUES (?1, ?2, tiebreak_now()))");
}

TEST(Render, ThePrefixStandsInsideTheQuotes)
{
    EXPECT_EQ(rendered([](auto& out) { render_delete(out, plan_of<note>()); }, "shop_"),
              R"(DELETE FROM "shop_notes" WHERE "name" = ?1)");
}

TEST(Render, AConditionalUpdateStatesWhatItExpects)
{
    value const key[] = {value{std::int64_t{7}}};
    auto const name = field<&author::name>;
    auto const text = [&](conditional const& how) {
        return rendered([&](auto& out) { render_update_if(out, plan_of<author>(), how); });
    };
    EXPECT_EQ(text({key, 3, {}, {(name = "x").sql}}),
              R"(UPDATE "authors" SET "name" = ?1, "version" = "version" + 1)"
              R"( WHERE "id" = ?2 AND "version" = ?3)");
    EXPECT_EQ(text({key, {}, (name == "a" || name == "b").sql, {(name = "x").sql}}),
              R"(UPDATE "authors" SET "name" = ?1,)"
              R"( "version" = tiebreak_next("version", 9223372036854775807))"
              R"( WHERE "id" = ?2 AND (("name" = ?3) OR ("name" = ?4)))");
    EXPECT_EQ(text({nullptr, {}, {}, {(name = "x").sql}}),
              R"(UPDATE "authors" SET "name" = ?1,)"
              R"( "version" = tiebreak_next("version", 9223372036854775807))");
    EXPECT_EQ(
        text({key, 3, {}, {}}),
        R"(UPDATE "authors" SET "version" = "version" + 1 WHERE "id" = ?1 AND "version" = ?2)");
}

TEST(Render, AConditionalUpdateOfUnversionedColumnsAloneDoesNotBump)
{
    value const key[] = {value{std::string_view{"t"}}, value{std::int64_t{1}}};
    EXPECT_EQ(rendered([&](auto& out) {
                  render_update_if(
                      out, plan_of<article>(), {key, 3, {}, {(field<& article::reads> += 1).sql}});
              }),
              R"(UPDATE "articles" SET "reads" = ("reads" + ?1))"
              R"( WHERE "title" = ?2 AND "edition" = ?3 AND "row ""version""" = ?4)");
}

TEST(Render, AConditionalDeleteStatesWhatItExpects)
{
    value const key[] = {value{std::int64_t{7}}};
    auto const text = [&](conditional const& how) {
        return rendered([&](auto& out) { render_delete_if(out, plan_of<author>(), how); });
    };
    EXPECT_EQ(text({key, 3, {}, {}}),
              R"(DELETE FROM "authors" WHERE "id" = ?1 AND "version" = ?2)");
    EXPECT_EQ(text({nullptr, {}, (field<&author::name> == "x").sql, {}}),
              R"(DELETE FROM "authors" WHERE ("name" = ?1))");
    EXPECT_EQ(text({nullptr, {}, {}, {}}), R"(DELETE FROM "authors")");
}

TEST(Render, AQueryHasItsConditionOrderAndLimit)
{
    query asked;
    asked.of = &plan_of<author>();
    asked.where = (!(field<&author::name> == "x") && field<&author::id>.in({1, 2})).sql;
    asked.order = {field<&author::name>.descending().sql, field<&author::id>.ascending().sql};
    asked.limit = 5;
    auto const text = [&](wanted what) {
        return rendered([&](auto& out) { render_query(out, asked, what); });
    };
    std::string const where = R"( FROM "authors" WHERE (NOT ("name" = ?1)) AND ("id" IN (?2, ?3)))";
    EXPECT_EQ(text(wanted::rows),
              R"(SELECT "id", "name", "version")" + where +
                  R"( ORDER BY "name" DESC, "id" LIMIT ?4)");
    EXPECT_EQ(text(wanted::count), "SELECT COUNT(*)" + where);
    EXPECT_EQ(text(wanted::existence),
              "SELECT 1" + where + R"( ORDER BY "name" DESC, "id" LIMIT ?4)");
}

TEST(Render, ParametersStandInTheOrderOfTheirPlaceholders)
{
    using namespace std::chrono_literals;
    statement_text out(sqlite::dialect_of(false), "");
    value const key[] = {value{std::int64_t{7}}};
    conditional const how{
        key, 3, (field<&author::name> == "held").sql, {(field<& author::name> = "new").sql}};
    render_update_if(out, plan_of<author>(), how);
    ASSERT_EQ(out.parameters().size(), 4u);
    EXPECT_EQ(out.parameters()[0].text(), "new");
    EXPECT_EQ(out.parameters()[1].integer(), 7);
    EXPECT_EQ(out.parameters()[2].integer(), 3);
    EXPECT_EQ(out.parameters()[3].text(), "held");
}

TEST(Render, ATableHasKeysUniquenessAndReferences)
{
    auto const& dialect = sqlite::dialect_of(false);
    EXPECT_EQ(render_create_table(dialect, "p_", plan_of<author>()),
              R"(CREATE TABLE IF NOT EXISTS "p_authors" ("id" INTEGER PRIMARY KEY AUTOINCREMENT,)"
              R"( "name" TEXT NOT NULL, "version" INTEGER NOT NULL, UNIQUE ("name")))");
    EXPECT_EQ(render_create_table(dialect, "p_", plan_of<article>()),
              R"(CREATE TABLE IF NOT EXISTS "p_articles" ("title" TEXT NOT NULL,)"
              R"( "edition" INTEGER NOT NULL, "author_id" INTEGER NOT NULL, "price" REAL,)"
              R"( "reads" INTEGER NOT NULL, "row ""version""" INTEGER NOT NULL,)"
              R"( PRIMARY KEY ("title", "edition"),)"
              R"( FOREIGN KEY ("author_id") REFERENCES "p_authors" ("id")))");
}

}  // namespace

}  // namespace tiebreak::detail
