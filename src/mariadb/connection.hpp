// One MariaDB connection.
//
// BEGIN travels with the first statement of a transaction, so it costs no round trip; until then
// the connection is `pending`. Nothing is promised to the caller before that statement's answer.
// What commits by itself (CREATE TABLE) runs only there, and without BEGIN.
//
// state     statement              commit       rollback           after an error
// idle      commits on its own     misuse       -                  idle
// pending   sends BEGIN before it  idle         idle, sends none   failed or lost
// open      runs                   sends it     sends it           failed or lost
// failed    ROLLBACK TO only       misuse       sends it           failed
// lost      misuse                 misuse       sends it           lost
// unusable  throws                 throws       -                  unusable
//
// failed: the server undid the statement, the transaction is still open and half done (1205).
// lost: the server rolled all of it back (1213); a further statement would commit on its own.
#pragma once

#include "mariadb/errors.hpp"
#include "mariadb/handle.hpp"
#include "mariadb/opening.hpp"
#include "mariadb/options.hpp"
#include "mariadb/watchdog.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace tiebreak::mariadb {

enum class state : std::uint8_t { unusable, idle, pending, open, failed, lost };

class connection final : public sql::connection {
public:
    connection(std::shared_ptr<options const> how, server_address const& to, sql::deadline until);
    ~connection() override;

    [[nodiscard]] sql::dialect const& speaks() const noexcept override;
    [[nodiscard]] std::unique_ptr<sql::statement> prepare(std::string_view text,
                                                          sql::taken_key then) override;
    void begin(sql::begin_mode mode, isolation level) override;
    void commit() override;
    void rollback() noexcept override;
    [[nodiscard]] bool in_transaction() const noexcept override;

    void set_deadline(sql::deadline at) noexcept override { deadline_ = at; }

    void set_commit_limit(sql::deadline at) noexcept override { commit_limit_ = at; }

    [[nodiscard]] std::int64_t session_number() const noexcept override;
    void end_idle_transaction(std::int64_t session, std::chrono::milliseconds idle_for) override;

    void limit_lock_waits(std::chrono::milliseconds to) noexcept override { lock_wait_ = to; }

    [[nodiscard]] bool alive() noexcept override;
    void require_transactions(std::string_view table) override;
    [[nodiscard]] std::string engine_version() override;
    void run(sql::step_source& source) override;

    // --- for statements
    // ---------------------------------------------------------------------------
    [[nodiscard]] st_mysql* handle() const noexcept { return handle_.get(); }

    [[nodiscard]] state now() const noexcept { return state_; }

    [[nodiscard]] bool is_reading() const noexcept { return reading_; }

    // The server takes shorter messages only.
    [[nodiscard]] std::size_t message_max() const noexcept { return facts_.message_max; }

    [[nodiscard]] std::chrono::milliseconds lock_wait() const noexcept { return lock_wait_; }

    // A call to the server, for as long as it lives: refuses where nothing can be sent, and is
    // ended at the deadline.
    class call {
    public:
        enum class kind : std::uint8_t {
            statement,
            undo,      // ROLLBACK TO: also after an error
            commit,    // ended only when the server can be taken for dead
            rollback,  // the same, sooner
        };

        call(connection& on, kind what);
        call(call const&) = delete;
        call& operator=(call const&) = delete;
        ~call();

        // Over now. True when we killed the statement.
        bool end() noexcept;

    private:
        connection& on_;
        bool over_ = false;
    };

    // Sends BEGIN if it is pending, without waiting for the answer, which is first in the queue
    // then. True when an answer is due.
    [[nodiscard]] bool send_begin();
    // Takes the answers due, each before that of the statement sent behind them. A number other
    // than 0: BEGIN failed, and what follows ran without it, or within. `statement_follows`: that
    // statement has been sent, so its answer is waited for, too, though not taken.
    [[nodiscard]] unsigned int take_begin_answers(std::string& spoken,
                                                  bool statement_follows) noexcept;

    // Notes what an error did to the transaction and translates it. `writes`: of the statement.
    [[nodiscard]] error
    failed(unsigned int code, std::string_view spoken, bool writes, bool killed);
    // The same for the client library's last error.
    [[nodiscard]] error failed(bool writes, bool killed);
    // The first statement ran although BEGIN had failed: it is committed, alone.
    [[nodiscard]] error wrote_without_begin(std::string_view spoken) noexcept;
    // After an answer without an error: throws when the statement has ended the transaction.
    void verify_still_open(bool writes);

    // The call that ends now waited for a lock and did not get it.
    void report_wait() const noexcept;

    // After ROLLBACK TO was answered.
    void recovered() noexcept;

    // The same process that opened it.
    [[nodiscard]] bool is_at_home() const noexcept;

    // By a unix socket, or to this machine's own address.
    [[nodiscard]] bool is_local() const noexcept;

    [[nodiscard]] options const& opened_with() const noexcept { return *how_; }

private:
    void send(std::string_view text);
    void wait_for_begin();
    void retire_if_condemned() noexcept;
    [[nodiscard]] sql::deadline commit_limit(sql::deadline now) const noexcept;
    [[nodiscard]] moment moment_of(bool writes) const noexcept;
    [[noreturn]] void refuse(char const* what) const;

    std::shared_ptr<options const> how_;
    server_address address_;
    connection_handle handle_;
    std::unique_ptr<watched> watched_;
    server_facts facts_;
    unsigned int generation_;
    state state_ = state::idle;
    bool reading_ = false;    // the transaction was begun for reading
    bool condemned_ = false;  // a kill was sent: not used for another transaction
    isolation level_ = isolation::read_committed;           // of the transaction
    isolation level_in_force_ = isolation::read_committed;  // of the session
    int answers_due_ = 0;
    sql::deadline deadline_ = sql::deadline::max();
    sql::deadline used_last_{};
    sql::deadline commit_limit_ = sql::deadline::max();
    std::chrono::milliseconds lock_wait_ = no_limit;
};

}  // namespace tiebreak::mariadb
