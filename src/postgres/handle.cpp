#include "postgres/handle.hpp"

#include <libpq-fe.h>

#include <atomic>
#include <pthread.h>
#include <unistd.h>

namespace tiebreak::postgres {

namespace {

std::atomic<unsigned> forks{0};

void in_child()
{
    forks.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

unsigned generation_of_process() noexcept
{
    [[maybe_unused]] static int const registered = ::pthread_atfork(nullptr, nullptr, in_child);
    return forks.load(std::memory_order_relaxed);
}

void close_session::operator()(pg_conn* which) const noexcept
{
    if (generation_of_process() == owner)
        PQfinish(which);
    else if (int const socket = PQsocket(which); socket >= 0)
        ::close(socket);
}

void clear_result::operator()(pg_result* which) const noexcept
{
    PQclear(which);
}

bool is_failed(result_handle const& of) noexcept
{
    return PQresultStatus(of.get()) == PGRES_FATAL_ERROR;
}

bool is_end(result_handle const& of) noexcept
{
    return PQresultStatus(of.get()) == PGRES_PIPELINE_SYNC;
}

std::string_view error_field(pg_result const* of, int which) noexcept
{
    char const* text = PQresultErrorField(of, which);
    return text == nullptr ? std::string_view{} : std::string_view{text};
}

}  // namespace tiebreak::postgres
