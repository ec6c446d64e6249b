// SQLite makes a column NOT NULL by a change of the table's text: everything else of the table
// stays as it was, whatever that text looks like.
#include "add_version_test.hpp"
#include "schema/sqlite_text.hpp"
#include "support/checks.hpp"

namespace tiebreak::test {

namespace {

using schema::add_version;

class AddVersionOnSqlite : public testing::Test {
protected:
    AddVersionOnSqlite() : fresh_({.name = "sqlite", .url = url_of_folder()}), db_(fresh_.open()) {}

    static std::string url_of_folder() { return shared_engines().front().url; }

    template <class T>
    std::vector<T> ask(std::string const& sql)
    {
        return db_.read([&](snapshot& view) { return view.query<T>(sql); });
    }

    void expect_whole()
    {
        EXPECT_EQ(ask<std::string>("SELECT * FROM pragma_integrity_check"),
                  std::vector<std::string>{"ok"});
        EXPECT_TRUE(ask<std::string>("SELECT \"table\" FROM pragma_foreign_key_check").empty());
    }

    fresh_database fresh_;
    database db_;
    captured_log log_;
};

TEST_F(AddVersionOnSqlite, IndexesTriggersReferencesAndRowNumbersStay)
{
    for (auto const* sql : {
             "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)",
             "INSERT INTO items (name) VALUES ('a'), ('b'), ('c')",
             "DELETE FROM items WHERE name = 'c'",
             "ALTER TABLE items ADD COLUMN version INTEGER",
             "CREATE INDEX by_version ON items (version, name)",
             "CREATE INDEX unversioned ON items (name) WHERE version IS NULL",
             "CREATE VIEW seen AS SELECT name, version FROM items",
             "CREATE TABLE parts (id INTEGER PRIMARY KEY,"
             " item INTEGER REFERENCES items (id) ON DELETE CASCADE)",
             "INSERT INTO parts (item) VALUES (1), (2)",
             "CREATE TABLE told (what TEXT)",
             "CREATE TRIGGER tells AFTER DELETE ON items BEGIN INSERT INTO told VALUES ('gone');"
             " END",
         })
        db_.execute(sql);
    auto const objects = "SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_schema"
                         " WHERE name <> 'items' ORDER BY name";
    auto const before = ask<std::string>(objects);
    auto other = fresh_.open({.connections_max = 1});
    EXPECT_EQ(other.execute("INSERT INTO items (name, version) VALUES ('seen before', NULL)"), 1);
    auto const result = add_version(db_, "items");
    EXPECT_EQ(ask<std::string>(objects), before);
    EXPECT_EQ(ask<std::int64_t>("SELECT count(*) FROM parts"), std::vector<std::int64_t>{2});
    EXPECT_TRUE(ask<std::string>("SELECT what FROM told").empty());
    EXPECT_EQ(ask<std::int64_t>("SELECT count(*) FROM seen WHERE version = 1"),
              std::vector<std::int64_t>{3});
    EXPECT_THROW(other.execute("INSERT INTO items (name, version) VALUES ('x', NULL)"), error)
        << "a connection that knew the table before";
    other.execute("INSERT INTO items (name) VALUES ('d')");
    EXPECT_EQ(ask<std::int64_t>("SELECT id FROM items WHERE name = 'd'"),
              std::vector<std::int64_t>{5})
        << "the key of a removed row never comes back";
    EXPECT_THROW(db_.execute("UPDATE sqlite_schema SET sql = sql"), error)
        << "nothing was left switched on";
    expect_whole();
}

TEST_F(AddVersionOnSqlite, TablesOfEveryKindGetTheirVersion)
{
    int number = 0;
    for (std::string const columns : {
             "id INTEGER PRIMARY KEY, version INTEGER",
             "id INTEGER PRIMARY KEY, version INTEGER DEFAULT NULL -- of the row\n",
             "id INTEGER PRIMARY KEY, version INTEGER CHECK (version > 0), later TEXT",
             "id INTEGER PRIMARY KEY, \"version\" INT /* ), ( */ NULL, later TEXT DEFAULT 'a, b)'",
             "version BIGINT CONSTRAINT positive CHECK (version IN (NULL, 1, 2)), id TEXT,"
             " PRIMARY KEY (id)",
             "id INTEGER PRIMARY KEY, [version] INTEGER COLLATE NOCASE, UNIQUE (id)",
             "id INTEGER PRIMARY KEY, `Version` INTEGER REFERENCES others (id)",
             "rowid TEXT, _rowid_ TEXT, id INTEGER PRIMARY KEY, version INTEGER",
             "rowid TEXT, oid TEXT, id INTEGER PRIMARY KEY, version INTEGER",
             "id INTEGER PRIMARY KEY, double INTEGER AS (id * 2), version INTEGER",
         }) {
        for (std::string const options : {"", "STRICT", "WITHOUT ROWID"}) {
            bool const has_other_types = columns.find("BIGINT") != std::string::npos;
            if (options == "STRICT" && has_other_types)
                continue;
            SCOPED_TRACE(columns + " " + options);
            auto const table = "t" + std::to_string(++number);
            db_.execute("CREATE TABLE IF NOT EXISTS others (id INTEGER PRIMARY KEY)");
            db_.execute("INSERT OR IGNORE INTO others (id) VALUES (1), (2)");
            db_.execute("CREATE TABLE " + table + " (" + columns + ") " + options);
            for (auto const* id : {"1", "2", "3"})
                db_.execute("INSERT INTO " + table + " (id) VALUES (" + id + ")");
            auto const result = add_version(db_, table, {.guard = true});
            EXPECT_FALSE(result.done.empty());
            EXPECT_EQ(ask<std::int64_t>("SELECT sum(version) FROM " + table),
                      std::vector<std::int64_t>{3});
            EXPECT_EQ(db_.execute("UPDATE " + table + " SET id = id WHERE id = 2"), 1);
            EXPECT_EQ(ask<std::int64_t>("SELECT version FROM " + table + " WHERE id = 2"),
                      std::vector<std::int64_t>{2});
            EXPECT_THROW(db_.execute("UPDATE " + table + " SET version = NULL"), error);
            EXPECT_TRUE(add_version(db_, table, {.guard = true}).done.empty());
        }
    }
    expect_whole();
}

TEST_F(AddVersionOnSqlite, WhatIsNoNumberOrNoTableOfTheFileIsRefused)
{
    db_.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, version INTEGER)");
    db_.execute("INSERT INTO items (version) VALUES (1), ('two'), (NULL)");
    auto const no_number = error_of([&] { add_version(db_, "items"); });
    ASSERT_TRUE(no_number);
    EXPECT_EQ(no_number->code(), errc::unsupported);
    EXPECT_NE(std::string_view{no_number->what()}.find("no whole numbers"), std::string_view::npos);
    db_.execute("CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)");
    db_.execute("CREATE VIRTUAL TABLE found USING fts5(text)");
    for (auto const* name : {"sqlite_sequence", "sqlite_schema", "found", "found_data"}) {
        auto const refused = error_of([&] { add_version(db_, name); });
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->code(), errc::unsupported) << name << ": " << refused->what();
    }
    expect_whole();
}

// Rows written before a column was added are shorter than the table; a default that came later
// would change them without a trace in the indexes.
TEST_F(AddVersionOnSqlite, RowsThatAreShorterThanTheTableAreFilledForGood)
{
    db_.execute("CREATE TABLE items (id INTEGER PRIMARY KEY)");
    db_.execute("INSERT INTO items (id) VALUES (1), (2)");
    db_.execute("ALTER TABLE items ADD COLUMN version INTEGER");
    db_.execute("ALTER TABLE items ADD COLUMN later TEXT DEFAULT 'x'");
    db_.execute("CREATE INDEX by_version ON items (version)");
    add_version(db_, "items");
    EXPECT_EQ(ask<std::int64_t>("SELECT count(*) FROM items INDEXED BY by_version WHERE version "
                                "= 1"),
              std::vector<std::int64_t>{2});
    expect_whole();
}

TEST(SqliteText, TheColumnIsFoundByNumberAndName)
{
    auto const changed = [](std::string_view text, std::size_t number) {
        return schema::detail::with_more_for_column(text, number, "version", " NOT NULL");
    };
    EXPECT_EQ(changed("CREATE TABLE t (version INT)", 0), "CREATE TABLE t (version INT NOT NULL)");
    EXPECT_EQ(changed("CREATE TABLE \"(,\" (a, VERSION INT -- end\n) STRICT", 1),
              "CREATE TABLE \"(,\" (a, VERSION INT NOT NULL -- end\n) STRICT");
    EXPECT_EQ(changed("CREATE TABLE t (a TEXT DEFAULT (',' || ')'), 'version' INT CHECK (a IN (1,"
                      " 2)), UNIQUE (a))",
                      1),
              "CREATE TABLE t (a TEXT DEFAULT (',' || ')'), 'version' INT CHECK (a IN (1, 2)) NOT"
              " NULL, UNIQUE (a))");
    EXPECT_EQ(changed("CREATE TABLE t (\"a\"\",\" INT, [version] INT)", 1),
              "CREATE TABLE t (\"a\"\",\" INT, [version] INT NOT NULL)");
    for (auto const* text : {"CREATE TABLE t (a, version)", "CREATE TABLE t", "CREATE TABLE t ("})
        EXPECT_THROW((void)changed(text, 0), error) << text;
}

}  // namespace

}  // namespace tiebreak::test
