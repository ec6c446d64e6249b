// The names of capabilities and isolation levels.
#include <tiebreak/capability.hpp>

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
    case capability::transactional_ddl: return "transactional_ddl";
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

}  // namespace tiebreak
