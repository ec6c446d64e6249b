// Exchanges and the state of one PostgreSQL session.
#include "postgres/connection.hpp"

#include "postgres/batch.hpp"
#include "postgres/errors.hpp"
#include "postgres/postgres.hpp"
#include "postgres/statement.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string_view>

namespace tiebreak::postgres {

namespace {

using std::chrono::steady_clock;

// Statements that are closed in one round trip, so that it stays short.
constexpr std::size_t forgotten_at_once = 20;

constexpr int oldest_server = 120000;

[[nodiscard]] error unsafe(char const* sentence, std::string detail = {})
{
    return error(errc::unsafe_settings, sentence, std::move(detail)).seen_in(phase::connecting);
}

}  // namespace

connection::connection(settings const& how, sql::deadline until)
    : watcher_(how.watcher), wire_(connect(how, until)), owner_(generation_of_process())
{
    deadline_ = how.connect_limit.count() == 0
                    ? until
                    : std::min(until, steady_clock::now() + how.connect_limit);
    try {
        check_server(how.may_be_read_only);
    } catch (error const& e) {
        throw e.seen_in(phase::connecting);
    }
    deadline_ = sql::deadline::max();
}

// One round trip for what the promises stand on, and a limit for sessions that hold locks while
// their program does nothing, unless the server has one already.
void connection::check_server(bool may_be_read_only)
{
    int const version = PQserverVersion(session());
    if (version < oldest_server)
        throw unsafe("the database server is older than PostgreSQL 12",
                     "server_version_num " + std::to_string(version));
    auto const row = ask("SELECT pg_catalog.current_setting('fsync'), "
                         "pg_catalog.pg_is_in_recovery(), "
                         "pg_catalog.current_setting('default_transaction_read_only'), "
                         "pg_catalog.set_config('idle_in_transaction_session_timeout', "
                         "CASE pg_catalog.current_setting('idle_in_transaction_session_timeout') "
                         "WHEN '0' THEN '5min' ELSE "
                         "pg_catalog.current_setting('idle_in_transaction_session_timeout') END, "
                         "false)");
    if (row.at(0) == "off")
        throw unsafe("the database server does not flush to its disk (fsync is off): a crash "
                     "would lose or damage what it has committed");
    is_read_only_ = row.at(1) == "t" || row.at(2) == "on";
    if (is_read_only_ && !may_be_read_only) {
        throw make_error("25006",
                         phase::connecting,
                         row.at(1) == "t" ? "the server is a standby (in recovery)"
                                          : "default_transaction_read_only is on");
    }
}

sql::dialect const& connection::speaks() const noexcept
{
    return dialect();
}

std::unique_ptr<sql::statement> connection::prepare(std::string_view text, sql::taken_key)
{
    return std::make_unique<statement>(*this, text);
}

bool connection::alive() noexcept
{
    return state_ != state::unusable && !is_old_ && owner_ == generation_of_process() &&
           wire_.alive();
}

std::string connection::engine_version()
{
    char const* const text = PQparameterStatus(session(), "server_version");
    std::string_view const version = text == nullptr ? "unknown" : text;
    return std::string{version.substr(0, version.find(' '))};
}

void connection::run(sql::step_source& source)
{
    if (!in_transaction())
        return sql::connection::run(source);  // each commits on its own
    require_usable();
    start_exchange();
    batch all(*this, source);
    try {
        all.run();
    } catch (lost_session const& why) {
        throw_lost(why, phase::in_transaction);
    }
}

void connection::hear_first()
{
    if (first_.step == nullptr)
        return;
    auto const answer = exchange(true, true, [] {});
    if (answer && is_failed(answer))
        fail(answer.get(), false, true);
}

prepared connection::describe(std::string const& text)
{
    require_usable();
    if (batch_is_open_) [[unlikely]]
        refuse("a statement is prepared while a batch is on its way");
    prepared made{.name = "tiebreak_" + std::to_string(++last_name_), .generation = generation_};
    bool const alone = is_idle();
    auto const found = exchange(false, false, [&] {
        wire_.prepare(made.name.c_str(), text.c_str());
        wire_.describe(made.name.c_str());
    });
    if (is_failed(found))
        fail(found.get(), alone, false);
    for (int i = 0; i < PQnparams(found.get()); ++i)
        made.parameters.push_back(shape_of_type(PQparamtype(found.get(), i)));
    for (int i = 0; i < PQnfields(found.get()); ++i)
        made.columns.push_back({PQfname(found.get(), i), shape_of_type(PQftype(found.get(), i))});
    return made;
}

void connection::forget(prepared const& which) noexcept
{
    if (which.name.empty() || state_ == state::unusable)
        return;
    try {
        forgotten_.push_back(which.name);
    } catch (std::bad_alloc const&) {  // NOLINT(bugprone-empty-catch): it stays open, no more
    }
}

result_handle connection::run(prepared const& which, bound_parameters with, bool writes)
{
    return exchange(writes, true, [&] { wire_.run(which.name.c_str(), with); });
}

result_handle connection::run_savepoint(char const* text)
{
    if (!in_transaction())
        throw std::logic_error("a savepoint needs an open transaction");
    bool const failed = state_ == state::failed;
    auto answer = exchange(false, !failed, [&] { wire_.ask(text); });
    lock_limit_.went_back_to_savepoint();  // it may have
    return answer;
}

void connection::fail(pg_result const* failed, bool alone, bool writes)
{
    auto const code = code_of(failed);
    if (code == "25006" && !is_read_only_ && !reads_)
        is_old_ = true;
    if (code == "55P03" && watcher_ != nullptr) {
        watcher_->waited(wait_kind::lock,
                         std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() -
                                                                               exchange_began_));
    }
    if (is_stale_plan(failed)) {
        ++generation_;  // what is true of this statement may be true of all
        throw stale_plan_error(failed);
    }
    if (alone && writes) {
        // an error is as definite as inside a transaction, but for those that end the session
        auto const e = make_error(failed, phase::commit_sent);
        if (e.code() == errc::commit_unknown)
            throw e;
    }
    throw make_error(failed, phase::in_transaction);
}

void connection::require_usable() const
{
    if (owner_ != generation_of_process() || state_ == state::unusable || state_ == state::failed ||
        state_ == state::lost) [[unlikely]]
        refuse("a statement is run after its transaction has failed");
}

void connection::refuse(char const* what) const
{
    if (owner_ != generation_of_process())
        throw std::logic_error("a connection is used in a child of the process that opened it");
    if (state_ == state::unusable) {
        throw error(errc::unavailable, "the connection to the database is broken")
            .seen_in(phase::connecting);
    }
    throw std::logic_error(what);
}

std::vector<std::string> connection::ask(char const* text)
{
    bool const alone = is_idle();
    auto const found = exchange(false, false, [&] { wire_.ask(text); });
    if (is_failed(found))
        fail(found.get(), alone, false);
    std::vector<std::string> row;
    for (int i = 0; PQntuples(found.get()) > 0 && i < PQnfields(found.get()); ++i)
        row.emplace_back(PQgetvalue(found.get(), 0, i));
    return row;
}

void connection::start_exchange()
{
    exchange_began_ = steady_clock::now();
    if (exchange_began_ >= deadline_) [[unlikely]]
        throw make_error("57014", phase::in_transaction, "not sent: the deadline had passed");
    wire_.forget_cancelling();
}

template <class Send>
result_handle connection::exchange(bool writes, bool with_lead, Send send)
{
    bool const alone = is_idle();
    auto const when = alone && writes ? phase::commit_sent : phase::in_transaction;
    start_exchange();
    try {
        auto const before = with_lead ? send_lead(writes) : lead{};
        send();
        wire_.sync();
        auto answer = receive(before);
        if (alone)
            is_failed(answer) ? lock_limit_.rolled_back() : lock_limit_.committed();
        require_replicated();
        return answer;
    } catch (lost_session const& why) {
        throw_lost(why, when);
    }
}

connection::lead connection::send_lead(bool writes)
{
    lead before;
    if (!forgotten_.empty() && (state_ == state::idle || state_ == state::begun)) [[unlikely]] {
        // each an exchange of its own: whether it succeeds is of no matter
        auto const some = std::min(forgotten_.size(), forgotten_at_once);
        for (auto i = forgotten_.size() - some; i < forgotten_.size(); ++i) {
            wire_.ask(("DEALLOCATE " + forgotten_[i]).c_str());
            wire_.sync();
            ++before.exchanges;
        }
        forgotten_.resize(forgotten_.size() - some);
    }
    if (state_ == state::begun) {
        before.results += send_control(*begin_);
        state_ = state::open;
    }
    if (first_.step != nullptr) [[unlikely]]
        send_first(before, writes);
    auto const limits = send_lock_limit(writes);
    before.results += limits;
    if (before.after_first >= 0) [[unlikely]]
        before.after_first = limits;
    return before;
}

// Answers how many results it has.
int connection::send_lock_limit(bool writes)
{
    using std::chrono::milliseconds;
    auto const left = deadline_ == sql::deadline::max()
                          ? lock_limit::none
                          : std::chrono::floor<milliseconds>(deadline_ - exchange_began_);
    auto const set = lock_limit_.before_statement(left, is_idle(), writes);
    if (set.empty()) [[likely]]
        return 0;
    wire_.ask(set.c_str());
    return 1;
}

// The exchange's last result, or the first failed one.
result_handle connection::receive(lead before)
{
    result_handle wanted;
    result_handle failed;
    bool first_failed = false;
    std::exception_ptr refused;  // by the first step
    for (int number = 0;;) {
        auto one = wire_.next(deadline_, when_late::cancel);
        if (is_failed(one) && ends_session(one.get())) {
            state_ = state::unusable;
            return failed ? std::move(failed) : std::move(one);
        }
        if (before.exchanges > 0) {
            before.exchanges -= is_end(one) ? 1 : 0;
            continue;
        }
        if (is_end(one))
            break;
        bool const is_first = before.is_first(before.results - number);
        if (is_failed(one) && !failed) {
            failed = std::move(one);
            first_failed = is_first;
        } else if (is_first) {
            try {
                take_first(one);
            } catch (...) {
                refused = std::current_exception();
            }
        } else if (number >= before.results && !failed) {
            wanted = std::move(one);
        }
        ++number;
    }
    note_state();
    if (refused)
        std::rethrow_exception(refused);
    if (first_failed)
        fail_first(failed.get());
    return failed ? std::move(failed) : std::move(wanted);
}

// Takes over from the server what the transaction is.
void connection::note_state() noexcept
{
    switch (PQtransactionStatus(session())) {
    case PQTRANS_IDLE:
        if (state_ == state::open || state_ == state::failed)
            state_ = state::lost;
        break;
    case PQTRANS_INTRANS: state_ = state_ == state::idle ? state::unusable : state::open; break;
    case PQTRANS_INERROR: state_ = state::failed; break;
    case PQTRANS_ACTIVE:
    case PQTRANS_UNKNOWN: state_ = state::unusable; break;
    }
}

void connection::throw_lost(lost_session const& why, phase when)
{
    state_ = state::unusable;
    auto const e = lost_error(why.code(), when, why.said());
    if (why.why() == lost_session::cause::no_answer && when == phase::in_transaction)
        throw error(errc::deadline_exceeded,
                    "the database server did not answer in time",
                    std::string{e.server_message()})
            .seen_in(when);
    throw e;
}

shape connection::shape_of_type(type_id type)
{
    if (auto const known = shape_of(type))
        return *known;
    if (auto const met = met_types_.find(type); met != met_types_.end())
        return met->second;
    auto const row = ask(("SELECT typtype, typbasetype, typname FROM pg_catalog.pg_type "
                          "WHERE oid = " +
                          std::to_string(type))
                             .c_str());
    auto found = shape::other;
    if (!row.empty() && row[0] == "d")  // a domain travels as what it stands on
        found = shape_of_type(static_cast<type_id>(std::stoul(row[1])));
    else if (!row.empty() && (row[0] == "e" || row[2] == "citext"))
        found = shape::text;
    met_types_.emplace(type, found);
    return found;
}

}  // namespace tiebreak::postgres
