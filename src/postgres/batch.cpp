#include "postgres/batch.hpp"

#include "postgres/errors.hpp"
#include "postgres/statement.hpp"

#include <libpq-fe.h>

namespace tiebreak::postgres {

namespace {

// libpq keeps what is sent until it has 64 KiB; the server may begin sooner.
constexpr std::size_t bytes_at_once = 16384;
constexpr std::size_t bytes_of_a_step = 60;  // names, sizes and formats, about

}  // namespace

void connection::batch::run()
{
    try {
        send_all();
        finish();
    } catch (lost_session const&) {
        throw;
    } catch (...) {
        abandon();
        throw;
    }
    if (failed_ && first_failed_)
        on_.fail_first(failed_.get());
    if (failed_)
        on_.fail(failed_.get(), false, true);
}

void connection::batch::send_all()
{
    sql::step one;
    while (!failed_) {
        on_.batch_is_open_ = begun_;
        bool const more = source_.next(one);
        on_.batch_is_open_ = false;
        if (!more)
            return;
        send(one);
    }
}

void connection::batch::send(sql::step const& one)
{
    auto& statement = static_cast<postgres::statement&>(*one.run);
    if (!statement.is_ready()) {
        finish();  // its parameters depend on what the server says of it
        if (failed_)
            return;
        statement.make_ready();
    }
    auto const parameters = statement.bind(one.parameters);
    if (!begun_) {
        begun_ = true;
        ended_ = false;
        before_ = on_.send_lead(true);
    }
    on_.wire_.run(statement.name(), parameters);
    waiting_bytes_ += bytes_of_a_step;
    for (int i = 0; i < parameters.count; ++i)
        waiting_bytes_ += static_cast<std::size_t>(parameters.sizes[i]);
    if (waiting_bytes_ >= bytes_at_once)
        send_on();
}

void connection::batch::send_on()
{
    waiting_bytes_ = 0;
    for (bool all_sent = false; !all_sent && !failed_;) {
        all_sent = on_.wire_.drain(on_.deadline_);
        while (auto one = on_.wire_.next_if_here())
            take(std::move(one));
    }
}

void connection::batch::take(result_handle one)
{
    switch (PQresultStatus(one.get())) {
    case PGRES_PIPELINE_SYNC:
        --before_.exchanges;  // of what was sent before; the last one is -1
        return;
    case PGRES_PIPELINE_ABORTED: return;
    case PGRES_FATAL_ERROR: {
        bool const ended = ends_session(one.get());
        if (!failed_ && (ended || before_.exchanges == 0)) {
            first_failed_ = !ended && before_.is_first(before_.results);
            failed_ = std::move(one);
        }
        if (ended) {
            on_.state_ = state::unusable;
            before_.exchanges = -1;
        }
        return;
    }
    default: break;
    }
    if (before_.exchanges > 0)
        return;
    if (before_.results > 0) {
        bool const is_first = before_.is_first(before_.results--);
        if (is_first && !quiet_)
            on_.take_first(one);
        return;
    }
    if (!quiet_)
        source_.matched(rows_matched(one.get()));
}

// Ends the exchange and takes what is left of its answers.
void connection::batch::finish()
{
    if (!begun_)
        return;
    if (!ended_ && on_.state_ != state::unusable)
        on_.wire_.sync();
    ended_ = true;
    while (before_.exchanges >= 0)
        take(on_.wire_.next(on_.deadline_, when_late::cancel));
    begun_ = false;
    before_ = {};
    waiting_bytes_ = 0;
    if (on_.state_ != state::unusable)
        on_.note_state();
}

void connection::batch::abandon()
{
    on_.batch_is_open_ = false;
    quiet_ = true;
    finish();
}

}  // namespace tiebreak::postgres
