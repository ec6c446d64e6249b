// Files that are not there, not allowed, not databases; and what every connection insists on.
#include "fixture.hpp"
#include "support/process.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace tiebreak::sqlite {
namespace {

namespace fs = std::filesystem;

class SqliteOpening : public SqliteFile {
protected:
    [[nodiscard]] error refused(options how = {}) const
    {
        if (how.path.empty())
            how.path = path();
        return error_of([&] { static_cast<void>(sqlite::open(how)); });
    }

    void write_file(std::string const& content) const
    {
        std::ofstream(path(), std::ios::binary) << content;
    }

    // Permissions do not bind root: runs `check` in a process of nobody's.
    void as_nobody(std::function<void()> const& check) const
    {
        auto const code = test::run_in_process([&] {
            if (::geteuid() == 0 && (::setegid(65534) != 0 || ::seteuid(65534) != 0))
                return 1;
            check();
            return 0;
        });
        EXPECT_EQ(code, 0);
    }
};

TEST_F(SqliteOpening, MakesAFileWithTheSettingsThePromisesStandOn)
{
    auto const on = open();
    run(*on, "CREATE TABLE t(a)");
    EXPECT_EQ(number(*on, "PRAGMA foreign_keys"), 1);
    EXPECT_EQ(number(*on, "PRAGMA synchronous"), 2);
    EXPECT_EQ(stranger(path()).ask("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(on->engine_version(), sqlite3_libversion());
    EXPECT_EQ(number(*open({.flush = synchronous::normal}), "PRAGMA synchronous"), 1);
}

TEST_F(SqliteOpening, TurnsTheLogOnInAnOlderDatabase)
{
    {
        stranger other(path());
        ASSERT_EQ(other.run("CREATE TABLE t(a); INSERT INTO t VALUES(7)"), SQLITE_OK);
        ASSERT_EQ(other.ask("PRAGMA journal_mode"), "delete");
    }
    EXPECT_EQ(number(*open(), "SELECT a FROM t"), 7);
    EXPECT_EQ(stranger(path()).ask("PRAGMA journal_mode"), "wal");
}

TEST_F(SqliteOpening, AMissingFileIsMadeOnlyWhenAskedFor)
{
    auto const e = refused({.create = false});
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_EQ(e.when(), phase::connecting);
    EXPECT_STREQ(e.what(), "there is no database file at this path");
    EXPECT_NE(e.server_message().find(path()), std::string_view::npos);
    EXPECT_FALSE(fs::exists(path()));
    EXPECT_FALSE(fs::exists(path() + "-tiebreak"));
    EXPECT_NO_THROW(open());
    EXPECT_NO_THROW(open({.create = false}));
}

TEST_F(SqliteOpening, AMissingDirectoryIsNamed)
{
    auto const e = refused({.path = folder_.file("nowhere/shop.db")});
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_STREQ(e.what(), "the directory of the database file does not exist");
}

TEST_F(SqliteOpening, ADirectoryIsNoDatabase)
{
    fs::create_directory(path());
    auto const e = refused();
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_STREQ(e.what(), "the path of the database is a directory");
}

TEST_F(SqliteOpening, AnotherFileIsNoDatabase)
{
    std::string const content(5000, 'x');
    write_file(content);
    auto const e = refused();
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, SQLITE_NOTADB));
    EXPECT_STREQ(e.what(), "the database file is not a SQLite database");
    EXPECT_EQ(fs::file_size(path()), content.size()) << "left as it was";
    EXPECT_FALSE(fs::exists(path() + "-tiebreak"));
}

TEST_F(SqliteOpening, ADamagedFileIsNamed)
{
    {
        stranger other(path());
        ASSERT_EQ(other.run("CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(20000))"), SQLITE_OK);
    }
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << std::string(3000, '\xff');
    file.close();
    auto const e = error_of([&] { number(*open(), "SELECT count(*) FROM t"); });
    EXPECT_EQ(e.code(), errc::backend_failure);
    EXPECT_TRUE(names_code(e, SQLITE_CORRUPT)) << e.server_message();
    EXPECT_STREQ(e.what(), "the database file is damaged");
}

TEST_F(SqliteOpening, AFileThatMayNotBeWrittenIsUnsafe)
{
    make_counter();
    fs::permissions(folder_.path(), fs::perms::all);
    fs::permissions(path(), fs::perms::owner_read | fs::perms::others_read);
    as_nobody([&] {
        auto const e = refused();
        EXPECT_EQ(e.code(), errc::unsafe_settings);
        EXPECT_STREQ(e.what(), "the database file is read-only");
    });
    fs::permissions(path(), fs::perms::all);  // root needs none
    EXPECT_EQ(counted(), 0);
}

TEST_F(SqliteOpening, AFileThatMayNotBeReadIsUnavailable)
{
    make_counter();
    fs::permissions(folder_.path(), fs::perms::all);
    fs::permissions(path(), fs::perms::none);
    if (::geteuid() != 0)
        GTEST_SKIP() << "this user lacks root: the file could not be opened afterwards";
    as_nobody([&] {
        auto const e = refused();
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_STREQ(e.what(), "there is no permission to open the database file");
    });
}

TEST_F(SqliteOpening, ADirectoryThatMayNotBeWrittenIsRefused)
{
    make_counter();
    fs::permissions(path(), fs::perms::all);
    fs::permissions(folder_.path(),
                    fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec |
                        fs::perms::group_read | fs::perms::group_exec);
    if (::geteuid() != 0)
        GTEST_SKIP() << "the folder belongs to this user";
    as_nobody([&] {
        auto const e = refused();
        EXPECT_TRUE(e.code() == errc::unavailable || e.code() == errc::unsafe_settings)
            << e.what() << " " << e.server_message();
    });
}

TEST_F(SqliteOpening, APathIsTakenLiterally)
{
    auto const before = fs::current_path();
    fs::current_path(folder_.path());
    for (auto const* name : {"file:odd.db?mode=memory", ":odd:", "file::memory:"}) {
        run(*sqlite::open({.path = name}), "CREATE TABLE t(a)");
        EXPECT_TRUE(fs::exists(folder_.path() / name)) << name;
    }
    fs::current_path(before);
}

TEST_F(SqliteOpening, AnImpossiblePathIsMisuse)
{
    EXPECT_THROW(sqlite::open({.path = ""}), std::invalid_argument);
    EXPECT_THROW(sqlite::open({.path = std::string("a\0b", 3)}), std::invalid_argument);
}

TEST_F(SqliteOpening, TwoDatabasesInMemoryShareNothing)
{
    auto const one = sqlite::open({.path = ":memory:"});
    auto const other = sqlite::open({.path = ":memory:"});
    run(*one, "CREATE TABLE t(a)");
    EXPECT_NO_THROW(run(*other, "CREATE TABLE t(a)"));
}

TEST_F(SqliteOpening, ManyMayOpenANewFileAtOnce)
{
    // each opens, so that the first switches the log on under the others' feet
    std::vector<std::unique_ptr<test::child_process>> openers;
    for (int i = 0; i < 8; ++i) {
        openers.push_back(std::make_unique<test::child_process>([this] {
            auto const on = open();
            run(*on, "CREATE TABLE IF NOT EXISTS t(a)");
            return static_cast<int>(run(*on, "INSERT INTO t VALUES(1)"));
        }));
    }
    for (auto const& one : openers)
        EXPECT_EQ(one->wait(), 1);
    EXPECT_EQ(number(*open(), "SELECT count(*) FROM t"), 8);
}

TEST_F(SqliteOpening, ManyMayOpenANewFileAtOnceWithoutTheGate)
{
    std::vector<std::unique_ptr<test::child_process>> openers;
    for (int i = 0; i < 8; ++i) {
        openers.push_back(std::make_unique<test::child_process>([this] {
            auto const on = open({.gate = false});
            run(*on, "CREATE TABLE IF NOT EXISTS t(a)");
            return static_cast<int>(run(*on, "INSERT INTO t VALUES(1)"));
        }));
    }
    for (auto const& one : openers)
        EXPECT_EQ(one->wait(), 1);
    EXPECT_FALSE(fs::exists(path() + "-tiebreak"));
    EXPECT_EQ(number(*open(), "SELECT count(*) FROM t"), 8);
}

}  // namespace
}  // namespace tiebreak::sqlite
