// Transactions, deadlines and the state of one MariaDB connection.
#include "mariadb/connection.hpp"

#include "mariadb/bulk.hpp"
#include "mariadb/driver.hpp"
#include "mariadb/generation.hpp"
#include "mariadb/statement.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <mysql.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace tiebreak::mariadb {

namespace {

using std::chrono::steady_clock;

// Where no kill could be sent, a statement ends so long after the deadline.
constexpr std::chrono::seconds last_wait{60};
// A server that has not answered ROLLBACK or a ping for so long is dead.
constexpr std::chrono::seconds grace{5};
// A connection that was idle for longer is asked whether it still works; one that was closed by
// the server shows it by its socket.
constexpr std::chrono::seconds trusted_idle{30};
constexpr std::chrono::seconds killer_timeout{2};

// No answer of the server is shorter: its head, and the least that says yes.
constexpr int shortest_answer = 11;

constexpr std::string_view begin_text = "START TRANSACTION";
constexpr std::string_view begin_read_text =
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

[[nodiscard]] std::string_view text_of(isolation level) noexcept
{
    switch (level) {
    case isolation::engine_default:
    case isolation::read_committed: return "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
    case isolation::repeatable_read:
        return "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
    case isolation::serializable: break;
    }
    return "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE";
}

// KILL QUERY through a connection of its own.
class side_connection final : public killer {
public:
    side_connection(std::shared_ptr<options const> how,
                    server_address to,
                    unsigned long victim) noexcept
        : how_(std::move(how)),
          address_(std::move(to)),
          text_("KILL QUERY " + std::to_string(victim))
    {
    }

    [[nodiscard]] std::size_t server() const noexcept override
    {
        std::hash<std::string> const number;
        return (number(address_.host) * 31 + number(address_.socket)) * 31 + address_.port;
    }

    [[nodiscard]] bool connect() noexcept override
    {
        try {
            handle_ = connect_briefly(*how_, address_, killer_timeout);
            return true;
        } catch (...) {
            return false;
        }
    }

    [[nodiscard]] bool kill() noexcept override
    {
        bool const sent = mysql_real_query(handle_.get(),
                                           text_.data(),
                                           static_cast<unsigned long>(text_.size())) == 0;
        handle_.reset();
        return sent;
    }

private:
    std::shared_ptr<options const> how_;
    server_address address_;
    std::string text_;
    connection_handle handle_;
};

// From now on a wait on the socket ends only when so many bytes are there, or the link is down. A
// unix socket takes no notice.
void wake_at(st_mysql* which, int bytes) noexcept
{
    ::setsockopt(mysql_get_socket(which), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

// The server does not say what a statement was busy with. One that writes is short, so it waited
// for a lock.
[[nodiscard]] error stopped_by_us(bool writes, std::string_view spoken)
{
    error const late = writes ? error(errc::lock_timeout,
                                      meaning_of(ER_LOCK_WAIT_TIMEOUT).sentence,
                                      std::string(spoken))
                              : error(errc::deadline_exceeded,
                                      meaning_of(ER_STATEMENT_TIMEOUT).sentence,
                                      std::string(spoken));
    return late.seen_in(phase::in_transaction);
}

[[nodiscard]] sql::deadline later(sql::deadline at, std::chrono::seconds by) noexcept
{
    return at > sql::deadline::max() - by ? sql::deadline::max() : at + by;
}

}  // namespace

connection::connection(std::shared_ptr<options const> how,
                       server_address const& to,
                       sql::deadline until)
    : how_(std::move(how)),
      address_(to),
      handle_(connect(*how_, to, until)),
      generation_(generation())
{
    watched_ = std::make_unique<watched>(
        mysql_get_socket(handle()),
        std::make_unique<side_connection>(how_, to, mysql_thread_id(handle())));
    auto const longest = steady_clock::now() + how_->connect_timeout;
    watched_->begin(sql::deadline::max(), std::min(until, longest));

    struct ending {
        watched& of;

        ~ending() { static_cast<void>(of.end()); }
    } const ends{*watched_};

    facts_ = look_at(handle());
    refuse_unsafe(facts_);
    set_session(handle(), facts_);
    used_last_ = steady_clock::now();
}

connection::~connection()
{
    if (is_at_home())
        return;
    static_cast<void>(handle_.release());
    static_cast<void>(watched_.release());
}

bool connection::is_at_home() const noexcept
{
    return generation_ == generation();
}

sql::dialect const& connection::speaks() const noexcept
{
    return dialect();
}

std::unique_ptr<sql::statement> connection::prepare(std::string_view text, sql::taken_key then)
{
    return std::make_unique<statement>(*this, text, then);
}

// --- calls
// ----------------------------------------------------------------------------------------
connection::call::call(connection& on, kind what) : on_(on)
{
    on.retire_if_condemned();
    auto const is = on.state_;
    bool const ends = what == kind::commit || what == kind::rollback;
    bool const usable = is == state::idle || is == state::pending || is == state::open ||
                        (is == state::failed && (what == kind::undo || ends)) ||
                        (is == state::lost && ends);
    if (!usable || !on.is_at_home()) [[unlikely]]
        on.refuse("a statement is run after its transaction has failed");
    auto const now = steady_clock::now();
    on.used_last_ = now;
    if (ends) {
        auto limit = later(now, grace);
        if (what == kind::commit)
            limit = on.commit_limit(now);
        on.watched_->begin(sql::deadline::max(), limit);
        return;
    }
    if (now >= on.deadline_) [[unlikely]] {
        throw error(errc::deadline_exceeded, meaning_of(ER_STATEMENT_TIMEOUT).sentence)
            .seen_in(phase::in_transaction);
    }
    on.watched_->begin(on.deadline_, later(on.deadline_, last_wait));
}

sql::deadline connection::commit_limit(sql::deadline now) const noexcept
{
    if (commit_limit_ != sql::deadline::max())
        return commit_limit_;
    return later(deadline_ == sql::deadline::max() ? now : std::max(now, deadline_),
                 commit_patience);
}

connection::call::~call()
{
    end();
}

void connection::retire_if_condemned() noexcept
{
    if (condemned_ && state_ == state::idle) [[unlikely]]
        state_ = state::unusable;
}

void connection::report_wait() const noexcept
{
    if (how_->watcher == nullptr)
        return;
    auto const waited = steady_clock::now() - used_last_;
    how_->watcher->waited(wait_kind::lock,
                          std::chrono::duration_cast<std::chrono::microseconds>(waited));
}

bool connection::call::end() noexcept
{
    if (std::exchange(over_, true))
        return false;
    bool const killed = on_.watched_->end();
    on_.condemned_ = on_.condemned_ || killed;
    return killed;
}

// --- transactions
// ---------------------------------------------------------------------------------
void connection::begin(sql::begin_mode mode, isolation level)
{
    retire_if_condemned();
    if (state_ != state::idle || !is_at_home()) [[unlikely]]
        refuse("a transaction is begun inside another");
    reading_ = mode == sql::begin_mode::read;
    level_ = level == isolation::engine_default ? isolation::read_committed : level;
    if (reading_)
        level_ = std::max(level_, isolation::repeatable_read);
    state_ = state::pending;
    if (!reading_)
        return;
    try {
        // takes its snapshot here
        call const talk(*this, call::kind::statement);
        if (send_begin())
            wait_for_begin();
    } catch (...) {
        rollback();
        throw;
    }
}

void connection::wait_for_begin()
{
    std::string spoken;
    if (auto const code = take_begin_answers(spoken, false); code != 0)
        throw failed(code, spoken, false, false);
}

bool connection::send_begin()
{
    if (state_ != state::pending)
        return false;
    if (level_ != level_in_force_) {
        send(text_of(level_));
        // what is in force is known again only when this was answered
        level_in_force_ = isolation::engine_default;
    }
    send(reading_ ? begin_read_text : begin_text);
    state_ = state::open;
    if (!facts_.in_cluster)
        return true;
    // a node could refuse BEGIN and accept the statement behind it
    wait_for_begin();
    return false;
}

unsigned int connection::take_begin_answers(std::string& spoken, bool statement_follows) noexcept
{
    // The answer to BEGIN alone would wake this thread for nothing. Whatever was read before a
    // wait, a byte of that answer and all of the statement's are still to come.
    if (statement_follows)
        wake_at(handle(), 1 + shortest_answer);
    unsigned int code = 0;
    for (; answers_due_ > 0; --answers_due_) {
        if (mysql_read_query_result(handle()) == 0)
            continue;
        if (code == 0) {
            code = mysql_errno(handle());
            spoken = mysql_error(handle());
        }
        if (is_cut_off(handle())) {
            answers_due_ = 0;
            return code;
        }
    }
    if (statement_follows)
        wake_at(handle(), 1);
    if (code == 0)
        level_in_force_ = level_;
    return code;
}

void connection::send(std::string_view text)
{
    if (mysql_send_query(handle(), text.data(), static_cast<unsigned long>(text.size())) != 0) {
        answers_due_ = 0;
        throw failed(false, false);
    }
    ++answers_due_;
}

void connection::commit()
{
    if (state_ == state::pending) {
        state_ = state::idle;
        return;
    }
    if (state_ != state::open) [[unlikely]]
        refuse("a commit without an open transaction");
    call talk(*this, call::kind::commit);
    bool const dead = is_cut_off(handle());
    static constexpr std::string_view text = "COMMIT";
    int const answer =
        mysql_real_query(handle(), text.data(), static_cast<unsigned long>(text.size()));
    talk.end();
    if (answer == 0 && (handle()->server_status & SERVER_STATUS_IN_TRANS) == 0) [[likely]] {
        state_ = condemned_ ? state::unusable : state::idle;
        return;
    }
    if (answer == 0) {
        // only a session set to chain transactions answers so
        state_ = state::failed;
        throw error(errc::commit_unknown,
                    "the database began another transaction when this one was committed")
            .seen_in(phase::commit_sent);
    }
    auto const code = mysql_errno(handle());
    error const why =
        make_error(code, dead ? moment::in_transaction : moment::committing, mysql_error(handle()));
    state_ = is_cut_off(handle()) ? state::unusable : state::lost;
    throw why;
}

void connection::rollback() noexcept
{
    if (!is_at_home() || state_ == state::idle || state_ == state::unusable)
        return;
    if (state_ == state::pending) {
        state_ = state::idle;
        return;
    }
    try {
        call talk(*this, call::kind::rollback);
        static constexpr std::string_view text = "ROLLBACK";
        int const answer =
            mysql_real_query(handle(), text.data(), static_cast<unsigned long>(text.size()));
        talk.end();
        bool const over =
            answer == 0 && (handle()->server_status & SERVER_STATUS_IN_TRANS) == 0 && !condemned_;
        state_ = over ? state::idle : state::unusable;
    } catch (...) {
        state_ = state::unusable;
    }
}

bool connection::in_transaction() const noexcept
{
    return state_ == state::pending || state_ == state::open || state_ == state::failed;
}

// --- errors
// ---------------------------------------------------------------------------------------
moment connection::moment_of(bool writes) const noexcept
{
    bool const begun = state_ != state::idle && state_ != state::pending;
    return writes && !begun ? moment::alone : moment::in_transaction;
}

error connection::failed(unsigned int code, std::string_view spoken, bool writes, bool killed)
{
    auto const& row = meaning_of(code);
    error why = make_error(code, moment_of(writes), spoken);
    if (killed && code == ER_QUERY_INTERRUPTED)
        why = stopped_by_us(writes, why.server_message());
    if (is_cut_off(handle()) || answers_due_ > 0) {
        state_ = state::unusable;
    } else if (state_ != state::idle) {
        state_ = row.rolls_back || state_ == state::lost ? state::lost : state::failed;
    }
    return why;
}

error connection::failed(bool writes, bool killed)
{
    return failed(mysql_errno(handle()), mysql_error(handle()), writes, killed);
}

error connection::wrote_without_begin(std::string_view spoken) noexcept
{
    state_ = is_cut_off(handle()) ? state::unusable : state::lost;
    return error(errc::commit_unknown,
                 "the transaction could not be begun, its first statement ran without it",
                 "MariaDB: " + std::string(spoken))
        .seen_in(phase::commit_sent);
}

void connection::verify_still_open(bool writes)
{
    if (state_ != state::open || (handle()->server_status & SERVER_STATUS_IN_TRANS) != 0) [[likely]]
        return;
    state_ = state::lost;
    if (!writes) {
        throw error(errc::transaction_aborted, "the transaction was ended by the database")
            .seen_in(phase::in_transaction);
    }
    throw error(errc::commit_unknown,
                "a statement ended the transaction: what came before it may be committed")
        .seen_in(phase::commit_sent);
}

void connection::recovered() noexcept
{
    if (state_ == state::failed || state_ == state::open) {
        bool const is_open = (handle()->server_status & SERVER_STATUS_IN_TRANS) != 0;
        state_ = is_open ? state::open : state::lost;
    }
}

void connection::refuse(char const* what) const
{
    if (!is_at_home())
        throw std::logic_error("a connection is used in a child of the process that opened it");
    if (state_ == state::unusable) {
        throw error(errc::unavailable, "the connection to the database is broken")
            .seen_in(phase::connecting);
    }
    throw std::logic_error(what);
}

// --- the rest
// -------------------------------------------------------------------------------------
bool connection::alive() noexcept
{
    if (state_ == state::unusable || condemned_ || !is_at_home() || is_cut_off(handle()))
        return false;
    char byte = 0;
    auto const got =
        ::recv(mysql_get_socket(handle()), &byte, 1, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL);
    if (got == 0)
        return false;
    auto const now = steady_clock::now();
    bool const silent = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (silent && now - used_last_ < trusted_idle)
        return true;
    watched_->begin(sql::deadline::max(), now + grace);
    bool const answered = mysql_ping(handle()) == 0;
    static_cast<void>(watched_->end());
    if (!answered)
        state_ = state::unusable;
    used_last_ = now;
    return answered;
}

bool connection::is_local() const noexcept
{
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(mysql_get_socket(handle()), reinterpret_cast<sockaddr*>(&peer), &size) != 0)
        return false;
    if (peer.ss_family == AF_INET) {
        auto const& four = reinterpret_cast<sockaddr_in const&>(peer);
        return ntohl(four.sin_addr.s_addr) >> 24U == IN_LOOPBACKNET;
    }
    if (peer.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<sockaddr_in6 const&>(peer).sin6_addr) != 0;
    return peer.ss_family == AF_UNIX;
}

std::string connection::engine_version()
{
    return mysql_get_server_info(handle());
}

void connection::run(sql::step_source& source)
{
    run_in_bulks(source);
}

}  // namespace tiebreak::mariadb
