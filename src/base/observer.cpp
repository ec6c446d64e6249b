// The observer that does nothing.
#include <tiebreak/observer.hpp>

namespace tiebreak {

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

void observer::attempt_started(int) noexcept {}

void observer::committed(int) noexcept {}

void observer::conflicted(conflict const&) noexcept {}

void observer::retried(errc, int) noexcept {}

void observer::waiting(wait_kind) noexcept {}

void observer::waited(wait_kind, std::chrono::microseconds) noexcept {}

void observer::gave_up(errc, int) noexcept {}

void observer::resolved(bool) noexcept {}

}  // namespace tiebreak
