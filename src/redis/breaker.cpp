#include "redis/breaker.hpp"

namespace tiebreak::detail {

bool breaker::may_try(time now) noexcept
{
    std::lock_guard const lock(mutex_);
    if (failures_ < failures_max_)
        return true;
    if (is_trying_ || now < open_until_)
        return false;
    is_trying_ = true;
    return true;
}

void breaker::succeeded() noexcept
{
    std::lock_guard const lock(mutex_);
    failures_ = 0;
    is_trying_ = false;
}

// A call that began before the others failed changes nothing.
void breaker::failed(time now) noexcept
{
    std::lock_guard const lock(mutex_);
    if (failures_ < failures_max_ && ++failures_ < failures_max_)
        return;
    is_trying_ = false;
    open_until_ = now + rest_;
}

void breaker::withdrew() noexcept
{
    std::lock_guard const lock(mutex_);
    is_trying_ = false;
}

bool breaker::is_open(time now) const noexcept
{
    std::lock_guard const lock(mutex_);
    return failures_ >= failures_max_ && (is_trying_ || now < open_until_);
}

}  // namespace tiebreak::detail
