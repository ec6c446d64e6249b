// What the tests of the SQLite driver share: a file of their own, a connection that knows nothing
// of the library, and short words for the calls.
#pragma once

#include <tiebreak/error.hpp>

#include "sqlite/sqlite.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace tiebreak::sqlite {

// Another program: plain C API, stock settings, no gate.
class stranger {
public:
    explicit stranger(std::string const& path)
    {
        EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK);
    }

    stranger(stranger const&) = delete;
    stranger& operator=(stranger const&) = delete;

    ~stranger() { close(); }

    void close()
    {
        sqlite3_close(handle_);
        handle_ = nullptr;
    }

    int run(char const* sql) { return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); }

    std::string ask(char const* sql)
    {
        sqlite3_stmt* question = nullptr;
        EXPECT_EQ(sqlite3_prepare_v2(handle_, sql, -1, &question, nullptr), SQLITE_OK) << sql;
        std::string answer;
        if (sqlite3_step(question) == SQLITE_ROW) {
            auto const* text = reinterpret_cast<char const*>(sqlite3_column_text(question, 0));
            if (text != nullptr)
                answer = text;
        }
        sqlite3_finalize(question);
        return answer;
    }

private:
    sqlite3* handle_ = nullptr;
};

inline std::int64_t run(sql::connection& on, std::string_view sql)
{
    return on.prepare(sql)->execute({});
}

template <class... Values>
std::int64_t run(sql::connection& on, std::string_view sql, Values... parameters)
{
    std::array const bound{parameters...};
    return on.prepare(sql)->execute(bound);
}

inline std::int64_t number(sql::connection& on, std::string_view sql)
{
    auto const question = on.prepare(sql);
    auto const row = question->first({});
    EXPECT_EQ(row.size(), 1U) << sql;
    return row.empty() ? -1 : row[0].integer();
}

inline value integer(std::int64_t v)
{
    return value{v};
}

inline value text(std::string_view v)
{
    return value{v};
}

// The error that a call throws; another kind of exception, or none, fails the test.
template <class Call>
error error_of(Call&& call)
{
    try {
        call();
    } catch (error const& e) {
        return e;
    } catch (std::exception const& e) {
        ADD_FAILURE() << "another exception: " << e.what();
        return error{errc::backend_failure, "another exception"};
    }
    ADD_FAILURE() << "no exception";
    return error{errc::backend_failure, "no exception"};
}

inline bool names_code(error const& e, int code)
{
    return e.server_message().starts_with("SQLite " + std::to_string(code) + ":");
}

// A wait long enough for what should happen, and one that is over at once.
inline sql::deadline soon()
{
    return std::chrono::steady_clock::now() + std::chrono::milliseconds{30};
}

inline sql::deadline much_later()
{
    return std::chrono::steady_clock::now() + std::chrono::seconds{60};
}

class SqliteFile : public testing::Test {
protected:
    [[nodiscard]] std::string path() const { return folder_.file("shop.db"); }

    [[nodiscard]] std::unique_ptr<sql::connection> open(options how = {}) const
    {
        how.path = path();
        return sqlite::open(how);
    }

    // A table with one row: n = 0 at version 1.
    void make_counter() const
    {
        auto const made = open();
        run(*made, "CREATE TABLE counter(id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
        run(*made, "INSERT INTO counter VALUES(1, 0)");
    }

    [[nodiscard]] std::int64_t counted() const
    {
        return number(*open(), "SELECT n FROM counter WHERE id = 1");
    }

    test::temporary_folder folder_;
};

constexpr std::string_view add_one = "UPDATE counter SET n = n + 1 WHERE id = 1";

}  // namespace tiebreak::sqlite
