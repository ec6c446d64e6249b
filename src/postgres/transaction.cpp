// How the transactions of a PostgreSQL session begin and end, and what travels along.
#include "postgres/connection.hpp"
#include "postgres/errors.hpp"
#include "postgres/statement.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace tiebreak::postgres {

namespace {

using std::chrono::steady_clock;

// A server does not wait for anything to roll back: one that does not answer so soon is dead.
constexpr std::chrono::seconds rollback_limit{5};

[[nodiscard]] std::string_view tag_of(result_handle const& of) noexcept
{
    char const* tag = PQcmdStatus(of.get());
    return tag == nullptr ? std::string_view{} : std::string_view{tag};
}

}  // namespace

connection::control& connection::begin_for(sql::begin_mode mode, isolation level) noexcept
{
    // one snapshot for all statements of a reader, whatever was asked for
    if (mode == sql::begin_mode::read)
        return level == isolation::serializable ? begin_serializable_view_ : begin_view_;
    switch (level) {
    case isolation::engine_default:
    case isolation::read_committed: break;
    case isolation::repeatable_read: return begin_repeatable_read_;
    case isolation::serializable: return begin_serializable_;
    }
    return begin_read_committed_;
}

void connection::begin(sql::begin_mode mode, isolation level)
{
    require_usable();
    if (state_ != state::idle) [[unlikely]]
        refuse("a transaction is begun inside another");
    begin_ = &begin_for(mode, level);
    reads_ = mode == sql::begin_mode::read;
    lock_limit_.begun();
    state_ = state::begun;
}

void connection::commit()
{
    if (state_ == state::begun && first_.step == nullptr) {
        state_ = state::idle;
        return;
    }
    hear_first();
    if (state_ != state::open && state_ != state::failed) [[unlikely]]
        refuse("a commit without an open transaction");
    commit_after(0, [] {});
}

// One message, one answer: the statement fails by itself when it did not do what it had to, and
// then the server passes over COMMIT.
void connection::commit_with(sql::step const& last)
{
    hear_first();
    auto& one = static_cast<statement&>(*last.run);
    if (state_ != state::open || !one.is_ready()) [[unlikely]]
        return sql::connection::commit_with(last);
    auto const parameters = one.bind(last.parameters);
    commit_after(1, [&] { wire_.run(one.name(), parameters); });
}

template <class Send>
void connection::commit_after(int steps, Send send)
{
    commit_answer answer;
    try {
        send();
        static_cast<void>(send_control(commit_));
        wire_.sync();
        answer = receive_commit(steps);
    } catch (lost_session const& why) {
        throw_lost(why, phase::commit_sent);
    }
    if (!answer.reached && state_ == state::failed)
        fail(answer.failed.get(), false, true);
    answer.committed ? lock_limit_.committed() : lock_limit_.rolled_back();
    if (answer.failed)
        throw make_error(answer.failed.get(), phase::commit_sent);
    if (!answer.committed) {
        throw make_error(
            "25P02", phase::commit_sent, "the answer to COMMIT was not COMMIT: rolled back");
    }
    require_replicated();
}

// A wait for the standby that was cancelled ends with a warning, and with success.
void connection::require_replicated()
{
    if (!wire_.take_replication_warning()) [[likely]]
        return;
    throw error(errc::commit_unknown,
                "the transaction is committed on this server, but not surely on its standby",
                "PostgreSQL 01000: the wait for synchronous replication was cancelled")
        .seen_in(phase::commit_sent);
}

sql::deadline connection::commit_limit() const noexcept
{
    if (commit_limit_ != sql::deadline::max())
        return commit_limit_;
    auto const now = steady_clock::now();
    auto const from = deadline_ == sql::deadline::max() ? now : std::max(now, deadline_);
    return from > sql::deadline::max() - commit_patience ? sql::deadline::max()
                                                         : from + commit_patience;
}

// Up to the end of the exchange. What is lost after the tag was lost after the commit.
connection::commit_answer connection::receive_commit(int steps)
{
    auto const until = commit_limit();
    commit_answer answer;
    for (;; --steps) {
        try {
            auto one = wire_.next(until, when_late::give_up);
            if (is_end(one))
                break;
            if (is_failed(one)) {
                bool const ended = ends_session(one.get());
                if (!answer.committed && !answer.failed) {
                    answer.failed = std::move(one);
                    answer.reached = steps <= 0;
                }
                if (ended) {
                    state_ = state::unusable;
                    return answer;
                }
            } else if (steps <= 0 && tag_of(one) == "COMMIT") {
                answer.committed = true;
            }
        } catch (lost_session const&) {
            if (!answer.committed)
                throw;
            state_ = state::unusable;
            return answer;
        }
    }
    note_end(answer);
    return answer;
}

void connection::note_end(commit_answer const& of) noexcept
{
    auto const now = PQtransactionStatus(session());
    if (now == PQTRANS_IDLE)
        state_ = state::idle;
    else if (!of.reached && now == PQTRANS_INERROR)
        state_ = state::failed;
    else
        state_ = state::unusable;
}

void connection::rollback() noexcept
{
    if (state_ == state::idle || state_ == state::unusable)
        return;
    bool const sent = state_ == state::open || state_ == state::failed;
    state_ = state::idle;
    first_ = {};
    lock_limit_.rolled_back();
    if (!sent)
        return;
    try {
        auto const until = steady_clock::now() + rollback_limit;
        static_cast<void>(send_control(rollback_));
        wire_.sync();
        while (!is_end(wire_.next(until, when_late::give_up))) {
        }
        if (PQtransactionStatus(session()) != PQTRANS_IDLE)
            state_ = state::unusable;
    } catch (...) {
        state_ = state::unusable;
    }
}

bool connection::in_transaction() const noexcept
{
    return state_ == state::begun || state_ == state::open || state_ == state::failed;
}

// Both forms are prepared now: nothing can be when they are sent.
void connection::run_first(sql::first_step& first)
{
    for (bool const fails : {false, true})
        if (auto& one = static_cast<statement&>(*first.send(fails).run); !one.is_ready())
            one.make_ready();
    first_ = {&first, lock_limit_.asked_for()};
}

void connection::send_first(lead& before, bool then_writes)
{
    auto const asked = lock_limit_.asked_for();
    lock_limit_.ask_for(first_.wait);
    before.results += send_lock_limit(true);
    lock_limit_.ask_for(asked);
    auto const one = first_.step->send(then_writes);
    auto& statement = static_cast<postgres::statement&>(*one.run);
    wire_.run(statement.name(), statement.bind(one.parameters));
    ++before.results;
    before.after_first = 0;
}

// Throws when the transaction shall not go on.
void connection::take_first(result_handle const& answer)
{
    auto* const step = std::exchange(first_, {}).step;
    if (PQresultStatus(answer.get()) != PGRES_PIPELINE_ABORTED)  // BEGIN itself failed
        step->matched(rows_matched(answer.get()));
}

void connection::fail_first(pg_result const* failed)
{
    auto* const step = std::exchange(first_, {}).step;
    try {
        fail(failed, false, true);
    } catch (error const& why) {
        step->failed(why);
        throw;
    }
}

// Answers how many results it has.
int connection::send_control(control& what)
{
    bool const is_new = what.generation != generation_;
    if (is_new) [[unlikely]] {
        what.name = "tiebreak_" + std::string(what.text, std::strcspn(what.text, " ")) + "_" +
                    std::to_string(++last_name_);
        what.generation = generation_;
        wire_.prepare(what.name.c_str(), what.text);
    }
    wire_.run(what.name.c_str(), {});
    return is_new ? 2 : 1;
}

}  // namespace tiebreak::postgres
