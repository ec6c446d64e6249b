// Owners of libpq's two kinds of handles.
#pragma once

#include <memory>
#include <sys/types.h>
#include <unistd.h>

struct pg_conn;
struct pg_result;

namespace tiebreak::postgres {

// A session belongs to the process that opened it. A child made by fork must not say goodbye to
// the server in its parent's name: it only closes its copy of the socket.
struct close_session {
    pid_t owner = ::getpid();

    void operator()(pg_conn* which) const noexcept;
};

struct clear_result {
    void operator()(pg_result* which) const noexcept;
};

using session_handle = std::unique_ptr<pg_conn, close_session>;
using result_handle = std::unique_ptr<pg_result, clear_result>;

}  // namespace tiebreak::postgres
