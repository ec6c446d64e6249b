// The engines that the tests run on, and a fixture that gives each test a fresh database.
//
//     class UnitOfWork : public tiebreak::test::engine_test {};
//     TEST_P(UnitOfWork, WritesOnlyChangedColumns) { auto& db = this->db(); … }
//     TIEBREAK_ON_ALL_ENGINES(UnitOfWork);
//
// SQLite needs no server: a file in a folder of its own, and memory. Environment:
// TIEBREAK_TEST_SQLITE_URL (`sqlite:FOLDER?parameters`: where the files are made, and how they are
// opened), TIEBREAK_TEST_POSTGRES_URL and TIEBREAK_TEST_MARIADB_URL (a server on which
// every test makes a schema or database of its own; tools/databases.sh). A server that is not named
// is not tested, unless TIEBREAK_REQUIRE_ENGINES=1: then its tests fail. A test that needs what an
// engine lacks is skipped by the capability's name: TIEBREAK_NEEDS(capability::row_locks).
#pragma once

#include <tiebreak/database.hpp>

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::test {

// One way to run the tests.
struct engine_case {
    std::string name{};     // "sqlite", "sqlite_memory", "postgresql", "mariadb"
    std::string url{};      // of the server or folder; empty: no server is named
    bool is_shared = true;  // several databases and processes can open it
    bool is_embedded = true;
};

void PrintTo(engine_case const& engine, std::ostream* out);

// Every engine that is to be tested.
[[nodiscard]] std::vector<engine_case> engines();

// Those that several `database` objects, threads and processes can work on at once.
[[nodiscard]] std::vector<engine_case> shared_engines();

// Those that are reached over a connection.
[[nodiscard]] std::vector<engine_case> servers();

[[nodiscard]] std::string name_of_case(testing::TestParamInfo<engine_case> const& info);

// A fresh, empty database on one engine, gone at the end. Not bound to a fixture, so that a test
// can use several.
class fresh_database {
public:
    explicit fresh_database(engine_case const& engine);
    fresh_database(fresh_database const&) = delete;
    fresh_database& operator=(fresh_database const&) = delete;
    ~fresh_database();

    // With more parameters, joined by `&`: "pool=2&synchronous=normal".
    [[nodiscard]] std::string url(std::string_view more_parameters = {}) const;

    // Opens one more `database` on it.
    [[nodiscard]] database open(database_options options = {},
                                std::string_view more_parameters = {}) const;

    // The database's file; empty when there is none.
    [[nodiscard]] std::string file() const;

    // Files that killed processes leave (-wal, -shm) are no failure.
    void allow_leftovers() noexcept;

private:
    void make_on_server();
    void remove_from_server() const;

    engine_case engine_;
    std::unique_ptr<temporary_folder> folder_;
    std::string name_;  // of the schema or database made on a server
    std::string place_;
    std::string parameters_;
};

// The same as a fixture, with one `database` that is opened when it is first asked for.
class engine_test : public testing::TestWithParam<engine_case> {
protected:
    void SetUp() override;
    void TearDown() override;

    [[nodiscard]] fresh_database& fresh();
    [[nodiscard]] database& db();

    // Closes what `db` opened; it opens anew when asked again.
    void close() noexcept { db_.reset(); }

private:
    std::unique_ptr<fresh_database> fresh_;
    std::unique_ptr<database> db_;
};

}  // namespace tiebreak::test

#define TIEBREAK_ON_ALL_ENGINES(suite)                                                             \
    INSTANTIATE_TEST_SUITE_P(engines,                                                              \
                             suite,                                                                \
                             testing::ValuesIn(tiebreak::test::engines()),                         \
                             tiebreak::test::name_of_case)

#define TIEBREAK_ON_SHARED_ENGINES(suite)                                                          \
    INSTANTIATE_TEST_SUITE_P(engines,                                                              \
                             suite,                                                                \
                             testing::ValuesIn(tiebreak::test::shared_engines()),                  \
                             tiebreak::test::name_of_case)

// For suites of which no test makes sense but where there is a connection that can be lost.
#define TIEBREAK_ON_SERVERS(suite)                                                                 \
    GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite);                                          \
    INSTANTIATE_TEST_SUITE_P(engines,                                                              \
                             suite,                                                                \
                             testing::ValuesIn(tiebreak::test::servers()),                         \
                             tiebreak::test::name_of_case)

// Skips the running test by the name of the capability that its engine lacks.
#define TIEBREAK_NEEDS(what)                                                                       \
    if (!db().supports(what))                                                                      \
    GTEST_SKIP() << "this engine lacks " << tiebreak::name_of(what)

// The same where the engine must be reached over connections, which can be lost.
#define TIEBREAK_NEEDS_CONNECTIONS()                                                               \
    if (GetParam().is_embedded)                                                                    \
    GTEST_SKIP() << "this engine lacks connections"
