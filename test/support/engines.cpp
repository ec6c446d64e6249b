// See engines.hpp.
#include "support/engines.hpp"

#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace tiebreak::test {

namespace {

constexpr std::string_view file_name = "test.db";

std::string environment(char const* name)
{
    char const* const text = std::getenv(name);
    return text == nullptr ? std::string{} : std::string{text};
}

struct server {
    char const* name;
    char const* variable;
};

constexpr server known_servers[] = {
    {"postgresql", "TIEBREAK_TEST_POSTGRES_URL"},
    {"mariadb", "TIEBREAK_TEST_MARIADB_URL"},
};

// Splits "scheme:place?parameters" after the place.
std::pair<std::string, std::string> split(std::string const& url)
{
    auto const mark = url.find('?');
    if (mark == std::string::npos)
        return {url, {}};
    return {url.substr(0, mark), url.substr(mark + 1)};
}

void join(std::string& parameters, std::string_view more)
{
    if (more.empty())
        return;
    if (!parameters.empty())
        parameters += '&';
    parameters += more;
}

std::string next_name()
{
    static std::atomic<int> number{0};
    return "t" + std::to_string(::getpid()) + "_" + std::to_string(++number);
}

// One connection of this process to each server, because opening one takes longer than many a test.
// A child made by fork has its own.
void administer(std::string const& url, std::string const& statement)
{
    static std::mutex mutex;
    static std::map<std::pair<pid_t, std::string>, std::unique_ptr<database>> opened;
    std::lock_guard const lock(mutex);
    auto& mine = opened[{::getpid(), url}];
    if (!mine)
        mine = std::make_unique<database>(url, database_options{.connections_max = 1});
    mine->execute(statement);
}

}  // namespace

void PrintTo(engine_case const& engine, std::ostream* out)
{
    *out << engine.name;
}

std::vector<engine_case> engines()
{
    std::vector<engine_case> all = shared_engines();
    all.insert(all.begin() + 1,
               {.name = "sqlite_memory", .url = "sqlite::memory:", .is_shared = false});
    return all;
}

std::vector<engine_case> shared_engines()
{
    std::string sqlite = environment("TIEBREAK_TEST_SQLITE_URL");
    if (sqlite.empty())
        sqlite = "sqlite:" + std::filesystem::temp_directory_path().string();
    std::vector<engine_case> found{{.name = "sqlite", .url = sqlite}};
    bool const all_required = environment("TIEBREAK_REQUIRE_ENGINES") == "1";
    for (auto const& [name, variable] : known_servers) {
        std::string url = environment(variable);
        if (!url.empty() || all_required)
            found.push_back({.name = name, .url = std::move(url), .is_embedded = false});
    }
    return found;
}

std::vector<engine_case> servers()
{
    auto found = shared_engines();
    std::erase_if(found, [](engine_case const& one) { return one.is_embedded; });
    return found;
}

std::string name_of_case(testing::TestParamInfo<engine_case> const& info)
{
    return info.param.name;
}

fresh_database::fresh_database(engine_case const& engine) : engine_(engine)
{
    std::tie(place_, parameters_) = split(engine.url);
    if (!engine.is_embedded) {
        make_on_server();
    } else if (engine.is_shared) {
        folder_ = std::make_unique<temporary_folder>(place_.substr(place_.find(':') + 1));
        std::string const name{file_name};
        folder_->expect_only({name, name + "-tiebreak"});
        place_ = "sqlite:" + folder_->file(name);
    }
}

// On PostgreSQL a schema, on MariaDB a database of its own: both are there and gone in no time.
void fresh_database::make_on_server()
{
    name_ = next_name();
    if (engine_.name == "mariadb") {
        administer(engine_.url, "CREATE DATABASE " + name_ + " CHARACTER SET utf8mb4");
        place_.replace(place_.rfind('/') + 1, std::string::npos, name_);
    } else {
        administer(engine_.url, "CREATE SCHEMA " + name_);
        join(parameters_, "options=-csearch_path%3D" + name_);
    }
}

void fresh_database::remove_from_server() const
{
    try {
        if (engine_.name == "mariadb")
            administer(engine_.url, "DROP DATABASE " + name_);
        else
            administer(engine_.url, "DROP SCHEMA " + name_ + " CASCADE");
    } catch (std::exception const& failed) {
        ADD_FAILURE() << "the test's tables stay on the server: " << failed.what();
    }
}

// Processes that close a database at the same moment can each take the other for its last user, and
// leave the log to whoever comes next. A connection that a test forgot still keeps it.
fresh_database::~fresh_database()
{
    if (!name_.empty())
        remove_from_server();
    if (!folder_ || !std::filesystem::exists(file() + "-wal"))
        return;
    try {
        database{url("create=off")};
    } catch (std::exception const&) {  // NOLINT(bugprone-empty-catch): a test may leave anything
    }
}

std::string fresh_database::url(std::string_view more_parameters) const
{
    std::string parameters = parameters_;
    join(parameters, more_parameters);
    return parameters.empty() ? place_ : place_ + "?" + parameters;
}

database fresh_database::open(database_options options, std::string_view more_parameters) const
{
    return database{url(more_parameters), std::move(options)};
}

std::string fresh_database::file() const
{
    return folder_ ? folder_->file(file_name) : std::string{};
}

void fresh_database::allow_leftovers() noexcept
{
    if (!folder_)
        return;
    std::string const name{file_name};
    folder_->expect_only({name, name + "-tiebreak", name + "-wal", name + "-shm"});
}

void engine_test::SetUp()
{
    if (GetParam().url.empty())
        GTEST_FAIL() << "no " << GetParam().name << " server is named, and all are required";
    fresh_ = std::make_unique<fresh_database>(GetParam());
}

void engine_test::TearDown()
{
    db_.reset();
    fresh_.reset();
}

fresh_database& engine_test::fresh()
{
    return *fresh_;
}

database& engine_test::db()
{
    if (!db_)
        db_ = std::make_unique<database>(fresh().open());
    return *db_;
}

}  // namespace tiebreak::test
