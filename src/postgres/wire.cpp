// Sending, receiving and cancelling.
#include "postgres/wire.hpp"

#include "postgres/waiting.hpp"

#include <libpq-fe.h>

#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <poll.h>
#include <string_view>
#include <system_error>
#include <thread>

namespace tiebreak::postgres {

namespace {

using std::chrono::steady_clock;

// How long a server may take to hear of a cancellation, and then to answer. More means that the
// link or the server is dead.
constexpr std::chrono::seconds cancel_limit{2};

// libpq can hold decrypted bytes that the socket knows nothing of: it is asked again this often.
constexpr std::chrono::milliseconds encrypted_slice{20};

struct cancelling {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
};

// PQcancel blocks, and waits without a limit on a server that accepts and says nothing. When it has
// returned the signal is with the server: no later statement is hit by it. False when it has not
// returned in time.
[[nodiscard]] bool cancel_within(PGconn* session, std::chrono::seconds limit)
{
    auto* const handle = PQgetCancel(session);
    if (handle == nullptr)
        return false;
    auto shared = std::make_shared<cancelling>();
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the caller's threads
    bool started = true;
    try {
        std::thread([shared, handle] {
            char why[256];
            PQcancel(handle, why, sizeof why);
            PQfreeCancel(handle);
            std::lock_guard const guard(shared->mutex);
            shared->done = true;
            shared->changed.notify_all();
        }).detach();
    } catch (std::system_error const&) {
        PQfreeCancel(handle);
        started = false;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::unique_lock lock(shared->mutex);
    return started && shared->changed.wait_for(lock, limit, [&] { return shared->done; });
}

}  // namespace

wire::wire(session_handle connected) : session_(std::move(connected))
{
    auto* const session = session_.get();
    encrypted_ = PQsslInUse(session) != 0 || PQgssEncInUse(session) != 0;
    PQsetNoticeReceiver(session, on_notice, this);
    require(PQsetnonblocking(session, 1) == 0 ? 1 : 0);
    require(PQenterPipelineMode(session));
}

void wire::ask(char const* text, bound_parameters with)
{
    require(PQsendQueryParams(
        session(), text, with.count, nullptr, with.data, with.sizes, with.formats, 0));
}

void wire::run(char const* name, bound_parameters with)
{
    require(
        PQsendQueryPrepared(session(), name, with.count, with.data, with.sizes, with.formats, 1));
}

void wire::prepare(char const* name, char const* text)
{
    require(PQsendPrepare(session(), name, text, 0, nullptr));
}

void wire::describe(char const* name)
{
    require(PQsendDescribePrepared(session(), name));
}

void wire::sync()
{
    require(PQpipelineSync(session()));
}

result_handle wire::next(sql::deadline until, when_late then)
{
    for (;;) {
        while (PQisBusy(session()) != 0) {
            if (wait_for_input(until))
                continue;
            if (cancelled_ || then == when_late::give_up)
                throw_lost(lost_session::cause::no_answer);
            cancel();
            until = steady_clock::now() + cancel_limit;
        }
        if (result_handle found{PQgetResult(session())})
            return found;
        if (PQstatus(session()) == CONNECTION_BAD)
            throw_lost(lost_session::cause::lost);
    }
}

result_handle wire::next_if_here()
{
    for (int empty = 0; empty < 2; ++empty) {  // an empty one stands between two results
        if (PQisBusy(session()) != 0)
            return {};
        if (result_handle found{PQgetResult(session())})
            return found;
    }
    return {};
}

bool wire::drain(sql::deadline until)
{
    while (PQflush(session()) == 1) {
        if (!wait_on(PQsocket(session()), wait_for::both, until)) {
            if (cancelled_)
                throw_lost(lost_session::cause::no_answer);
            cancel();
            until = steady_clock::now() + cancel_limit;
        }
        if (PQconsumeInput(session()) == 0 && PQisBusy(session()) != 0)
            throw_lost(lost_session::cause::lost);
        if (PQisBusy(session()) == 0)
            return false;
    }
    return true;
}

bool wire::take_replication_warning() noexcept
{
    return std::exchange(replication_warning_, false);
}

bool wire::alive() noexcept
{
    if (ended_ || PQstatus(session()) != CONNECTION_OK)
        return false;
    pollfd asked{.fd = PQsocket(session()), .events = POLLIN | POLLRDHUP, .revents = 0};
    if (::poll(&asked, 1, 0) <= 0)
        return true;
    if ((asked.revents & (POLLHUP | POLLERR | POLLNVAL | POLLRDHUP)) != 0)
        return false;
    // news of settings, or a last word
    return PQconsumeInput(session()) != 0 && PQisBusy(session()) == 0 && !ended_ &&
           PQstatus(session()) == CONNECTION_OK;
}

void wire::on_notice(void* self, pg_result const* notice)
{
    auto& me = *static_cast<wire*>(self);
    // "canceling wait for synchronous replication", in whatever language
    if (error_field(notice, PG_DIAG_SOURCE_FUNCTION) == "SyncRepWaitForLSN")
        me.replication_warning_ = true;
    auto const severity = error_field(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != "FATAL" && severity != "PANIC")
        return;
    me.ended_ = true;
    me.last_code_ = error_field(notice, PG_DIAG_SQLSTATE);
    me.last_word_ = error_field(notice, PG_DIAG_MESSAGE_PRIMARY);
}

void wire::require(int sent)
{
    if (sent == 0) [[unlikely]]
        throw_lost(lost_session::cause::lost);
}

// False when the time was up. A session that ended is noticed when its last results were read.
bool wire::wait_for_input(sql::deadline until)
{
    for (;;) {
        int const unsent = PQflush(session());
        auto slice = until;
        if (encrypted_) {
            if (PQconsumeInput(session()) == 0 && PQisBusy(session()) != 0)
                throw_lost(lost_session::cause::lost);
            if (PQisBusy(session()) == 0)
                return true;
            slice = std::min(until, steady_clock::now() + encrypted_slice);
        }
        auto const what = unsent == 1 ? wait_for::both : wait_for::input;
        if (!wait_on(PQsocket(session()), what, slice)) {
            if (steady_clock::now() >= until)
                return false;
            continue;
        }
        if (PQconsumeInput(session()) == 0 && PQisBusy(session()) != 0)
            throw_lost(lost_session::cause::lost);
        return true;
    }
}

void wire::cancel()
{
    cancelled_ = true;
    if (!cancel_within(session(), cancel_limit))
        throw_lost(lost_session::cause::no_answer);
}

// A server that ends a session says why, which may have been read but not looked at yet when
// sending failed.
void wire::hear_last_word()
{
    constexpr int results_max = 10;
    for (int i = 0; !ended_ && i < results_max && PQisBusy(session()) == 0; ++i) {
        result_handle const one{PQgetResult(session())};
        if (one && !error_field(one.get(), PG_DIAG_SQLSTATE).empty())
            on_notice(this, one.get());
    }
}

void wire::throw_lost(lost_session::cause why)
{
    if (why == lost_session::cause::no_answer)
        throw lost_session(why, {}, "the database server does not answer");
    std::string said = PQerrorMessage(session());
    hear_last_word();
    throw lost_session(why, last_code_, ended_ ? last_word_ : std::move(said));
}

}  // namespace tiebreak::postgres
