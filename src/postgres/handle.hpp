// Owners of libpq's two kinds of handles.
#pragma once

#include <memory>
#include <string_view>

struct pg_conn;
struct pg_result;

namespace tiebreak::postgres {

// How often this process is the child of a fork, counted since a session was first opened: told
// apart from its parent without asking the system, which four times a transaction can be felt.
[[nodiscard]] unsigned generation_of_process() noexcept;

// A session belongs to the process that opened it. A child made by fork must not say goodbye to
// the server in its parent's name: it only closes its copy of the socket.
struct close_session {
    unsigned owner = generation_of_process();

    void operator()(pg_conn* which) const noexcept;
};

struct clear_result {
    void operator()(pg_result* which) const noexcept;
};

using session_handle = std::unique_ptr<pg_conn, close_session>;
using result_handle = std::unique_ptr<pg_result, clear_result>;

// The server refused the statement, or the session is lost.
[[nodiscard]] bool is_failed(result_handle const& of) noexcept;

// The end of a pipeline, not the answer to a statement.
[[nodiscard]] bool is_end(result_handle const& of) noexcept;

// One field (PG_DIAG_…) of what the server said; empty when it said none. Lives as long as `of`.
[[nodiscard]] std::string_view error_field(pg_result const* of, int which) noexcept;

}  // namespace tiebreak::postgres
