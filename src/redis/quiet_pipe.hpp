// Keeps a write to a connection that the other side has closed from ending the process: hiredis
// writes without MSG_NOSIGNAL.
#pragma once

#include <csignal>

namespace tiebreak::detail {

// For a scope, this thread gets no SIGPIPE, and one that came meanwhile is taken away, unless there
// was one before. The process' own handler is left alone.
class quiet_pipe {
public:
    quiet_pipe() noexcept;
    quiet_pipe(quiet_pipe const&) = delete;
    quiet_pipe& operator=(quiet_pipe const&) = delete;
    ~quiet_pipe();

private:
    sigset_t before_;
    bool was_pending_;
};

}  // namespace tiebreak::detail
