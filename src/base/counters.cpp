// The observer that counts.
#include <tiebreak/counters.hpp>

#include <new>

namespace tiebreak {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

void counters::attempt_started(int) noexcept
{
    attempts_.fetch_add(1, relaxed);
}

void counters::committed(int) noexcept
{
    commits_.fetch_add(1, relaxed);
}

void counters::conflicted(conflict const& what) noexcept
{
    conflicts_.fetch_add(1, relaxed);
    std::scoped_lock const hold(mutex_);
    try {
        ++by_entity_[what.entity];
    } catch (std::bad_alloc const&) {
        return;  // the total is still right
    }
}

void counters::retried(errc why, int) noexcept
{
    retries_.fetch_add(1, relaxed);
    auto const at = static_cast<std::size_t>(why);
    if (at < std::size(retries_after_))
        retries_after_[at].fetch_add(1, relaxed);
}

void counters::waited(wait_kind kind, std::chrono::microseconds how_long) noexcept
{
    auto const at = static_cast<std::size_t>(kind);
    if (at < std::size(waited_us_))
        waited_us_[at].fetch_add(how_long.count(), relaxed);
}

void counters::gave_up(errc, int) noexcept
{
    failures_.fetch_add(1, relaxed);
}

void counters::resolved(bool) noexcept
{
    resolutions_.fetch_add(1, relaxed);
}

std::int64_t counters::attempts() const noexcept
{
    return attempts_.load(relaxed);
}

std::int64_t counters::commits() const noexcept
{
    return commits_.load(relaxed);
}

std::int64_t counters::conflicts() const noexcept
{
    return conflicts_.load(relaxed);
}

std::int64_t counters::retries() const noexcept
{
    return retries_.load(relaxed);
}

std::int64_t counters::retries_after(errc why) const noexcept
{
    auto const at = static_cast<std::size_t>(why);
    return at < std::size(retries_after_) ? retries_after_[at].load(relaxed) : 0;
}

std::int64_t counters::failures() const noexcept
{
    return failures_.load(relaxed);
}

std::int64_t counters::resolutions() const noexcept
{
    return resolutions_.load(relaxed);
}

std::chrono::microseconds counters::time_waited(wait_kind kind) const noexcept
{
    auto const at = static_cast<std::size_t>(kind);
    return std::chrono::microseconds{at < std::size(waited_us_) ? waited_us_[at].load(relaxed) : 0};
}

std::map<std::string, std::int64_t> counters::conflicts_by_entity() const
{
    std::scoped_lock const hold(mutex_);
    return by_entity_;
}

}  // namespace tiebreak
