// The names of the enumerators that belong to no concept with a source of its own.
#include <tiebreak/capability.hpp>
#include <tiebreak/observer.hpp>

namespace tiebreak {

std::string_view name_of(capability what) noexcept
{
    switch (what) {
    case capability::concurrent_writers: return "concurrent_writers";
    case capability::row_locks: return "row_locks";
    case capability::shared_row_locks: return "shared_row_locks";
    case capability::skip_locked: return "skip_locked";
    case capability::pipelining: return "pipelining";
    case capability::several_processes: return "several_processes";
    case capability::statement_timeout: return "statement_timeout";
    }
    return "unknown";
}

std::string_view name_of(isolation level) noexcept
{
    switch (level) {
    case isolation::engine_default: return "engine_default";
    case isolation::read_committed: return "read_committed";
    case isolation::repeatable_read: return "repeatable_read";
    case isolation::serializable: return "serializable";
    }
    return "unknown";
}

std::string_view name_of(wait_kind kind) noexcept
{
    switch (kind) {
    case wait_kind::connection: return "connection";
    case wait_kind::turn: return "turn";
    case wait_kind::lock: return "lock";
    case wait_kind::pause: return "pause";
    }
    return "unknown";
}

}  // namespace tiebreak
