// What `tiebreak schema check` is told of a database.
#include "fixture.hpp"
#include "sqlite/checks.hpp"
#include "support/captured_log.hpp"

#include <algorithm>
#include <filesystem>

namespace tiebreak::sqlite {
namespace {

class SqliteCheck : public SqliteFile {
protected:
    // True when a finding of that kind holds the words.
    static bool says(std::vector<sql::finding> const& of, bool weakens, std::string_view words)
    {
        return std::ranges::any_of(of, [&](sql::finding const& one) {
            return one.weakens == weakens && one.text.find(words) != std::string::npos;
        });
    }

    static int weaknesses(std::vector<sql::finding> const& of)
    {
        return static_cast<int>(std::ranges::count_if(of, &sql::finding::weakens));
    }
};

TEST_F(SqliteCheck, AFileAsOpenedByDefaultKeepsAllPromises)
{
    auto const on = open();
    auto const found = check(*on);
    EXPECT_TRUE(says(found, false, sqlite3_libversion()));
    EXPECT_TRUE(says(found, false, "write-ahead log"));
    EXPECT_TRUE(says(found, false, "synchronous=FULL"));
    EXPECT_TRUE(says(found, false, path() + "-tiebreak"));
    EXPECT_TRUE(says(found, false, "not damaged"));
    EXPECT_TRUE(says(found, false, "foreign keys"));
}

TEST_F(SqliteCheck, WhatIsSwitchedOffIsNamed)
{
    auto const on = open({.flush = synchronous::normal, .gate = false});
    auto const found = check(*on);
    EXPECT_TRUE(says(found, true, "synchronous=NORMAL"));
    EXPECT_TRUE(says(found, true, "the gate is off"));
}

TEST_F(SqliteCheck, AGateThatCannotBeHadIsNamedWithTheReason)
{
    test::captured_log const log;
    std::filesystem::create_directory(path() + "-tiebreak");
    auto const on = open();
    EXPECT_TRUE(says(check(*on), true, "writers do not take turns"));
}

TEST_F(SqliteCheck, AnotherJournalIsNamed)
{
    auto const on = open();
    stranger other(path());
    ASSERT_EQ(sqlite::run(*on, "PRAGMA journal_mode = DELETE"), 0);
    EXPECT_TRUE(says(check(*on), true, "no write-ahead log"));
}

TEST_F(SqliteCheck, ReferencesThatLeadNowhereAreCounted)
{
    auto const on = open();
    run(*on, "CREATE TABLE p(id INTEGER PRIMARY KEY)");
    run(*on, "CREATE TABLE t(p REFERENCES p(id))");
    ASSERT_EQ(stranger(path()).run("INSERT INTO t VALUES(7), (8)"), SQLITE_OK);
    EXPECT_TRUE(says(check(*on), true, "2 references"));
}

TEST_F(SqliteCheck, ADamagedFileIsNamed)
{
    auto const on = open();
    run(*on, "CREATE TABLE t(a INTEGER)");
    run(*on, "INSERT INTO t VALUES(NULL)");
    run(*on, "PRAGMA writable_schema = ON");
    run(*on,
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a INTEGER NOT NULL)' WHERE name = 't'");
    auto const again = open();
    EXPECT_TRUE(says(check(*again), true, "damaged"));
}

TEST_F(SqliteCheck, MemoryEndsWithTheProcess)
{
    auto const on = sqlite::open({.path = ":memory:"});
    auto const found = check(*on);
    EXPECT_TRUE(says(found, true, "in memory"));
    EXPECT_EQ(weaknesses(found), 1);
}

}  // namespace
}  // namespace tiebreak::sqlite
