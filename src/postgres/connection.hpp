// One PostgreSQL session: its transaction, and what travels together in one round trip.
//
// BEGIN is only noted by `begin` and travels with the first statement, as a changed limit on lock
// waits does; a transaction that ran nothing costs nothing. So does what `run_first` was given.
// What COMMIT travels with is one statement that fails by itself when it must not be committed.
#pragma once

#include "postgres/lock_limit.hpp"
#include "postgres/types.hpp"
#include "postgres/wire.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tiebreak::postgres {

// What a session is in the middle of.
enum class state : std::uint8_t {
    unusable,  // broken, or left behind by fork
    idle,
    begun,   // noted, nothing was sent
    open,    // as the server sees it
    failed,  // an error: the server accepts nothing but ROLLBACK and ROLLBACK TO
    lost,    // the server has rolled back by itself: nothing but rollback() is accepted
};

// A statement as the server has prepared it.
struct prepared {
    std::string name{};
    unsigned generation = 0;  // of the session's statements
    std::vector<shape> parameters{};

    struct column {
        std::string name{};
        shape travels{};
    };

    std::vector<column> columns{};
};

class connection final : public sql::connection {
public:
    connection(settings const& how, sql::deadline until);

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

    void limit_lock_waits(std::chrono::milliseconds to) noexcept override
    {
        lock_limit_.ask_for(to);
    }

    [[nodiscard]] bool alive() noexcept override;
    [[nodiscard]] std::string engine_version() override;
    void run(sql::step_source& source) override;
    void run_first(sql::first_step& first) override;
    void hear_first() override;
    void commit_with(sql::step const& last) override;

    // --- for statements ------------------------------------------------------------------------

    // Prepares and describes: one round trip, one more for a type that is met for the first time.
    [[nodiscard]] prepared describe(std::string const& text);

    // False when the server has forgotten all statements since.
    [[nodiscard]] bool knows(prepared const& which) const noexcept
    {
        return which.generation == generation_ && !which.name.empty();
    }

    // The statement is of no use any more; the server is told when it costs nothing.
    void forget(prepared const& which) noexcept;

    // Runs it, alone or as part of the transaction. Answers a result, which may be a failed one.
    [[nodiscard]] result_handle run(prepared const& which, bound_parameters with, bool writes);

    // The same for SAVEPOINT, RELEASE and ROLLBACK TO, which are not prepared.
    [[nodiscard]] result_handle run_savepoint(char const* text);

    // What a failed result means; `alone`: it ran in no transaction.
    [[noreturn]] void fail(pg_result const* failed, bool alone, bool writes);

    // The server was told to forget all statements.
    void forget_all() noexcept { ++generation_; }

    // True when statements commit on their own.
    [[nodiscard]] bool is_idle() const noexcept { return state_ == state::idle; }

    // Throws where nothing but rollback() is accepted, or not even that.
    void require_usable() const;

    // The columns of the first row, as text; empty when there is none.
    [[nodiscard]] std::vector<std::string> ask(char const* text);

    [[nodiscard]] pg_conn* session() const noexcept { return wire_.session(); }

private:
    // What comes before the results of the exchange itself.
    struct lead {
        int exchanges = 0;
        int results = 0;
        int after_first = -1;  // results between that of the first step and the exchange's own

        // The next of them is that of the first step.
        [[nodiscard]] bool is_first(int results_left) const noexcept
        {
            return after_first >= 0 && results_left == after_first + 1;
        }
    };

    // What a transaction begins with, until it was answered.
    struct first_write {
        sql::first_step* step = nullptr;
        std::chrono::milliseconds wait = lock_limit::none;
    };

    // How COMMIT was answered.
    struct commit_answer {
        bool committed = false;
        bool reached = true;  // the server got as far as COMMIT
        result_handle failed{};
    };

    class batch;

    // What begins and ends transactions. Prepared with its first use.
    struct control {
        char const* text;
        std::string name{};
        unsigned generation = 0;
    };

    [[nodiscard]] control& begin_for(sql::begin_mode mode, isolation level) noexcept;
    void check_server(bool may_be_read_only);
    [[nodiscard]] lead send_lead(bool writes);
    void send_first(lead& before, bool then_writes);
    [[nodiscard]] int send_lock_limit(bool writes);
    void take_first(result_handle const& answer);
    [[noreturn]] void fail_first(pg_result const* failed);
    [[nodiscard]] int send_control(control& what);
    [[nodiscard]] result_handle receive(lead before);
    void note_state() noexcept;
    template <class Send>
    [[nodiscard]] result_handle exchange(bool writes, bool with_lead, Send send);
    [[noreturn]] void throw_lost(lost_session const& why, phase when);
    [[noreturn]] void refuse(char const* what) const;
    void start_exchange();
    [[nodiscard]] shape shape_of_type(type_id type);
    void require_replicated();
    template <class Send>
    void commit_after(int steps, Send send);
    [[nodiscard]] commit_answer receive_commit(int steps);
    [[nodiscard]] sql::deadline commit_limit() const noexcept;
    void note_end(commit_answer const& of) noexcept;

    observer* watcher_;
    wire wire_;
    unsigned owner_;
    state state_ = state::idle;
    bool is_old_ = false;  // to be replaced when it is free: the server takes no writes any more
    bool is_read_only_ = false;              // the server, or the user, is
    bool reads_ = false;                     // this transaction only reads
    bool batch_is_open_ = false;             // steps are on their way
    control begin_read_committed_{"BEGIN"};  // the session's default; to name it costs 3 us
    control begin_repeatable_read_{"BEGIN ISOLATION LEVEL REPEATABLE READ"};
    control begin_serializable_{"BEGIN ISOLATION LEVEL SERIALIZABLE"};
    control begin_view_{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
    control begin_serializable_view_{"BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"};
    control commit_{"COMMIT"};
    control rollback_{"ROLLBACK"};
    control* begin_ = &begin_read_committed_;
    sql::deadline deadline_ = sql::deadline::max();
    sql::deadline exchange_began_{};
    sql::deadline commit_limit_ = sql::deadline::max();
    lock_limit lock_limit_;
    first_write first_;
    std::vector<std::string> forgotten_;
    std::map<type_id, shape> met_types_;
    unsigned generation_ = 1;  // raised when the server may have forgotten all statements
    unsigned last_name_ = 0;
};

}  // namespace tiebreak::postgres
