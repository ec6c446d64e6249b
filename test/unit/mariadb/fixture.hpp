// What the tests of the MariaDB driver share: a database of their own on the server that
// TIEBREAK_TEST_MARIADB_URL names, a connection that knows nothing of the library, and short words
// for the calls. Without a server they are skipped, unless TIEBREAK_REQUIRE_ENGINES=1.
#pragma once

#include <tiebreak/error.hpp>

#include "mariadb/driver.hpp"
#include "mariadb/options.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mysql.h>
#include <mysqld_error.h>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace tiebreak::mariadb {

// Another program: plain C API, text, whatever settings the server has.
class stranger {
public:
    explicit stranger(std::string const& url) : session_(mysql_init(nullptr))
    {
        auto const how = options_of(base::parse_url(url), nullptr);
        auto const& at = how.servers.front();
        auto const* const connected =
            mysql_real_connect(session_,
                               at.host.empty() ? nullptr : at.host.c_str(),
                               how.user ? how.user->c_str() : nullptr,
                               how.password ? how.password->c_str() : nullptr,
                               how.database.c_str(),
                               at.port,
                               at.socket.empty() ? nullptr : at.socket.c_str(),
                               0);
        EXPECT_NE(connected, nullptr) << mysql_error(session_);
    }

    stranger(stranger const&) = delete;
    stranger& operator=(stranger const&) = delete;

    ~stranger() { mysql_close(session_); }

    // The first column of the first row, as text; "!" and the number of the error when it failed.
    std::string ask(std::string const& sql)
    {
        if (mysql_query(session_, sql.c_str()) != 0)
            return "!" + std::to_string(mysql_errno(session_));
        std::string answer;
        if (auto* const rows = mysql_store_result(session_)) {
            if (auto* const row = mysql_fetch_row(rows); row != nullptr && row[0] != nullptr)
                answer = row[0];
            mysql_free_result(rows);
        }
        return answer;
    }

    // Sends a statement that has to wait, and does not wait for it.
    void send(std::string const& sql)
    {
        EXPECT_EQ(mysql_send_query(session_, sql.c_str(), static_cast<unsigned long>(sql.size())),
                  0);
    }

    // The number of the error of what was sent, 0 for none.
    [[nodiscard]] unsigned int receive()
    {
        return mysql_read_query_result(session_) == 0 ? 0 : mysql_errno(session_);
    }

    [[nodiscard]] std::string id() const { return std::to_string(mysql_thread_id(session_)); }

private:
    MYSQL* session_;
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

inline bool names_code(error const& e, unsigned int code)
{
    return e.server_message().starts_with("MariaDB " + std::to_string(code) + ":");
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

inline std::unique_ptr<sql::engine> engine_at(std::string const& url)
{
    return open_engine(base::parse_url(url), nullptr);
}

inline std::unique_ptr<sql::connection> open_at(std::string const& url)
{
    return engine_at(url)->open(in(std::chrono::seconds{20}));
}

// "mariadb://user:password@host:port/", without the database.
inline std::string without_database(std::string const& url)
{
    auto const place = url.substr(0, url.find('?'));
    return place.substr(0, place.rfind('/') + 1);
}

class MariaServer : public testing::Test {
protected:
    void SetUp() override
    {
        server_ = environment("TIEBREAK_TEST_MARIADB_URL");
        if (server_.empty()) {
            if (environment("TIEBREAK_REQUIRE_ENGINES") == "1")
                FAIL() << "no MariaDB server is named, and all are required";
            GTEST_SKIP() << "this machine lacks mariadb: TIEBREAK_TEST_MARIADB_URL is empty";
        }
        static int made = 0;
        name_ = "unit_" + std::to_string(::getpid()) + "_" + std::to_string(++made);
        administrator_ = std::make_unique<stranger>(server_);
        EXPECT_EQ(administrator_->ask("CREATE DATABASE " + name_), "");
        other_ = std::make_unique<stranger>(url());
    }

    void TearDown() override
    {
        if (administrator_) {
            EXPECT_EQ(administrator_->ask("DROP DATABASE " + name_), "");
        }
    }

    // With parameters, joined by '&'.
    [[nodiscard]] std::string url(std::string const& parameters = {}) const
    {
        return without_database(server_) + name_ + (parameters.empty() ? "" : "?" + parameters);
    }

    // As another user.
    [[nodiscard]] std::string url_of(std::string const& user, std::string const& password) const
    {
        auto const place = url();
        return "mariadb://" + user + ":" + password + place.substr(place.find('@'));
    }

    [[nodiscard]] std::unique_ptr<sql::connection> open(std::string const& parameters = {}) const
    {
        return open_at(url(parameters));
    }

    // In the database of the test, as another program.
    std::string ask(std::string const& sql) { return other_->ask(sql); }

    void must(std::string const& sql) { ASSERT_EQ(ask(sql), "") << sql; }

    [[nodiscard]] static std::string id_of(sql::connection& on)
    {
        return std::to_string(number(on, "SELECT CONNECTION_ID()"));
    }

    // Waits until the server says that a condition holds.
    void wait_until(std::string const& condition,
                    std::chrono::milliseconds between = std::chrono::milliseconds{1})
    {
        auto const until = in(std::chrono::seconds{20});
        while (ask("SELECT " + condition) != "1") {
            ASSERT_LT(std::chrono::steady_clock::now(), until) << condition;
            std::this_thread::sleep_for(between);
        }
    }

    void wait_until_waiting(std::string const& id)
    {
        // the server shows news only to who has not looked for 0.1 s
        wait_until("EXISTS(SELECT * FROM information_schema.innodb_trx "
                   "WHERE trx_state = 'LOCK WAIT' AND trx_mysql_thread_id = " +
                       id + ")",
                   std::chrono::milliseconds{110});
    }

    void wait_until_running(std::string const& id, std::string const& beginning)
    {
        wait_until("EXISTS(SELECT * FROM information_schema.processlist WHERE id = " + id +
                   " AND info LIKE '" + beginning + "%')");
    }

    void wait_until_gone(std::string const& id)
    {
        wait_until("NOT EXISTS(SELECT * FROM information_schema.processlist WHERE id = " + id +
                   ")");
    }

    // Ends a session as an administrator would, and waits for its end.
    void terminate(std::string const& id)
    {
        EXPECT_EQ(ask("KILL " + id), "");
        wait_until_gone(id);
    }

    // A table with two rows: n = 0.
    void make_counter()
    {
        must("CREATE TABLE counter(id BIGINT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB");
        must("INSERT INTO counter VALUES(1, 0), (2, 0)");
    }

    [[nodiscard]] std::string counted(int id = 1)
    {
        return ask("SELECT n FROM counter WHERE id = " + std::to_string(id));
    }

    std::string server_;
    std::string name_;  // of the database

private:
    std::unique_ptr<stranger> administrator_;
    std::unique_ptr<stranger> other_;
};

constexpr std::string_view add_one = "UPDATE counter SET n = n + 1 WHERE id = 1";
constexpr std::string_view add_one_to_other = "UPDATE counter SET n = n + 1 WHERE id = 2";

}  // namespace tiebreak::mariadb
