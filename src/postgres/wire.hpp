// One session's protocol: sending without blocking, receiving until a deadline, cancelling. Knows
// nothing of transactions. Always in pipeline mode: what is sent between two `sync` is one exchange
// and one round trip.
#pragma once

#include "postgres/handle.hpp"
#include "postgres/opening.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <exception>
#include <span>
#include <string>

namespace tiebreak::postgres {

// The session is of no use any more. What that means is for the connection to say.
class lost_session : public std::exception {
public:
    enum class cause : std::uint8_t { lost, no_answer };

    lost_session(cause why, std::string code, std::string said)
        : why_(why), code_(std::move(code)), said_(std::move(said))
    {
    }

    [[nodiscard]] cause why() const noexcept { return why_; }

    // The SQLSTATE with which the server ended it; empty when it ended without a word.
    [[nodiscard]] std::string const& code() const noexcept { return code_; }

    [[nodiscard]] std::string const& said() const noexcept { return said_; }

    [[nodiscard]] char const* what() const noexcept override { return said_.c_str(); }

private:
    cause why_;
    std::string code_;
    std::string said_;
};

// Parameters as libpq wants them: three arrays of one length.
struct bound_parameters {
    int count = 0;
    char const* const* data = nullptr;
    int const* sizes = nullptr;
    int const* formats = nullptr;
};

// What is done about an answer that does not come until the deadline.
enum class when_late : std::uint8_t {
    cancel,  // the statement is cancelled, and its answer awaited for a bounded time
    give_up  // the session is given up
};

class wire {
public:
    explicit wire(session_handle connected);
    wire(wire const&) = delete;
    wire& operator=(wire const&) = delete;

    // What follows goes into the buffer; the socket takes what it can. Throw lost_session.
    void ask(char const* text, bound_parameters with = {});
    void run(char const* name, bound_parameters with);
    void prepare(char const* name, char const* text);
    void describe(char const* name);
    void sync();

    // The next result; PGRES_PIPELINE_SYNC ends an exchange. Never empty. Throws lost_session.
    [[nodiscard]] result_handle next(sql::deadline until, when_late then);

    // The next result if it is here already, else empty.
    [[nodiscard]] result_handle next_if_here();

    // Sends what is waiting to be sent, unless a result comes first. For batches: neither side's
    // buffers must fill while the other waits for them to empty.
    // True when all was sent.
    bool drain(sql::deadline until);

    // True when `next` or `drain` had to cancel since `forget_cancelling`.
    [[nodiscard]] bool was_cancelled() const noexcept { return cancelled_; }

    void forget_cancelling() noexcept { cancelled_ = false; }

    // True when the server said since the last call that a commit is not known to be replicated.
    [[nodiscard]] bool take_replication_warning() noexcept;

    // False when the server is known to have ended the session. Does not wait.
    [[nodiscard]] bool alive() noexcept;

    [[nodiscard]] pg_conn* session() const noexcept { return session_.get(); }

private:
    static void on_notice(void* self, pg_result const* notice);
    void require(int sent);
    bool wait_for_input(sql::deadline until);
    void cancel();
    void hear_last_word();
    [[noreturn]] void throw_lost(lost_session::cause why);

    session_handle session_;
    bool encrypted_ = false;
    bool cancelled_ = false;
    bool replication_warning_ = false;
    bool ended_ = false;
    std::string last_code_;  // of the server, when it ended the session while nothing was asked
    std::string last_word_;
};

}  // namespace tiebreak::postgres
