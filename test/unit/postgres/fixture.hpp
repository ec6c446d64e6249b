// What the tests of the PostgreSQL driver share: a schema of their own on the server that
// TIEBREAK_TEST_POSTGRES_URL names, a connection that knows nothing of the library, and short words
// for the calls. Without a server they are skipped, unless TIEBREAK_REQUIRE_ENGINES=1.
#pragma once

#include <tiebreak/error.hpp>

#include "postgres/postgres.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace tiebreak::postgres {

// Another program: plain libpq, blocking, text.
class stranger {
public:
    explicit stranger(std::string const& url) : session_(PQconnectdb(url.c_str()))
    {
        EXPECT_EQ(PQstatus(session_), CONNECTION_OK) << PQerrorMessage(session_);
        PQsetNoticeProcessor(
            session_, [](void*, char const*) {}, nullptr);
    }

    stranger(stranger const&) = delete;
    stranger& operator=(stranger const&) = delete;

    ~stranger() { PQfinish(session_); }

    // The first column of the first row, as text; "!" and the SQLSTATE when it failed.
    std::string ask(std::string const& sql)
    {
        PGresult* const found = PQexec(session_, sql.c_str());
        std::string answer;
        if (PQresultStatus(found) == PGRES_TUPLES_OK && PQntuples(found) > 0 &&
            PQnfields(found) > 0)
            answer = PQgetvalue(found, 0, 0);
        else if (PQresultStatus(found) == PGRES_FATAL_ERROR) {
            char const* const code = PQresultErrorField(found, PG_DIAG_SQLSTATE);
            answer = std::string{"!"} + (code == nullptr ? "" : code);
        }
        PQclear(found);
        return answer;
    }

    // Sends a statement that has to wait, and does not wait for it.
    void send(std::string const& sql) { EXPECT_EQ(PQsendQuery(session_, sql.c_str()), 1); }

    [[nodiscard]] int process() const { return PQbackendPID(session_); }

    [[nodiscard]] PGconn* session() const noexcept { return session_; }

private:
    PGconn* session_;
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

inline std::string text_of(sql::connection& on, std::string_view sql)
{
    auto const question = on.prepare(sql);
    auto const row = question->first({});
    EXPECT_EQ(row.size(), 1U) << sql;
    return row.empty() ? std::string{} : std::string{row[0].text()};
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

inline bool names_code(error const& e, std::string const& code)
{
    return e.server_message().starts_with("PostgreSQL " + code + ":");
}

inline sql::deadline in(std::chrono::milliseconds time)
{
    return std::chrono::steady_clock::now() + time;
}

inline std::string environment(char const* name)
{
    char const* const found = std::getenv(name);
    return found == nullptr ? std::string{} : std::string{found};
}

class PostgresServer : public testing::Test {
protected:
    void SetUp() override
    {
        server_ = environment("TIEBREAK_TEST_POSTGRES_URL");
        if (server_.empty()) {
            if (environment("TIEBREAK_REQUIRE_ENGINES") == "1")
                FAIL() << "no PostgreSQL server is named, and all are required";
            GTEST_SKIP() << "this machine lacks postgresql: TIEBREAK_TEST_POSTGRES_URL is empty";
        }
        static int made = 0;
        schema_ = "unit_" + std::to_string(::getpid()) + "_" + std::to_string(++made);
        ask("CREATE SCHEMA " + schema_);
    }

    void TearDown() override
    {
        if (!schema_.empty())
            ask("DROP SCHEMA " + schema_ + " CASCADE");
    }

    // With more parameters, joined by '&'.
    [[nodiscard]] std::string url(std::string const& more = {}) const
    {
        return server_ + (server_.find('?') == std::string::npos ? '?' : '&') +
               "options=-c%20search_path%3D" + schema_ + (more.empty() ? "" : "&" + more);
    }

    [[nodiscard]] std::unique_ptr<sql::engine> engine(std::string const& more = {}) const
    {
        return open_engine(base::parse_url(url(more)), watcher_);
    }

    [[nodiscard]] std::unique_ptr<sql::connection> open(std::string const& more = {}) const
    {
        return engine(more)->open(in(std::chrono::seconds{20}));
    }

    // Of the server; its URL names host and port.
    [[nodiscard]] std::uint16_t port() const
    {
        return static_cast<std::uint16_t>(std::stoi(base::parse_url(server_).hosts.at(0).second));
    }

    // In the schema of the test, as another program.
    std::string ask(std::string const& sql)
    {
        if (!other_)
            other_ = std::make_unique<stranger>(url());
        return other_->ask(sql);
    }

    [[nodiscard]] static std::string process_of(sql::connection& on)
    {
        return std::to_string(number(on, "SELECT pg_backend_pid()"));
    }

    // Waits until the server says that a condition holds.
    void wait_until(std::string const& condition)
    {
        auto const until = in(std::chrono::seconds{20});
        while (ask("SELECT " + condition) != "t") {
            ASSERT_LT(std::chrono::steady_clock::now(), until) << condition;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }

    void wait_until_waiting(std::string const& process)
    {
        wait_until("EXISTS(SELECT FROM pg_locks WHERE NOT granted AND pid = " + process + ")");
    }

    void wait_until_gone(std::string const& process)
    {
        wait_until("NOT EXISTS(SELECT FROM pg_stat_activity WHERE pid = " + process + ")");
    }

    // Ends a session as an administrator would, and waits for its end.
    void terminate(std::string const& process)
    {
        EXPECT_EQ(ask("SELECT pg_terminate_backend(" + process + ")"), "t");
        wait_until_gone(process);
    }

    // A table with two rows: n = 0.
    void make_counter()
    {
        ask("CREATE TABLE counter(id bigint PRIMARY KEY, n bigint NOT NULL)");
        ask("INSERT INTO counter VALUES(1, 0), (2, 0)");
    }

    [[nodiscard]] std::string counted(int id = 1)
    {
        return ask("SELECT n FROM counter WHERE id = " + std::to_string(id));
    }

    std::string server_;
    std::string schema_;
    observer* watcher_ = nullptr;

private:
    std::unique_ptr<stranger> other_;
};

constexpr std::string_view add_one = "UPDATE counter SET n = n + 1 WHERE id = 1";
constexpr std::string_view add_one_to_other = "UPDATE counter SET n = n + 1 WHERE id = 2";

}  // namespace tiebreak::postgres
