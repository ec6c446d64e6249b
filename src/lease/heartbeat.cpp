// Renews in the background. Two threads: one renews and may be kept waiting by the database; the
// other only watches the clock, so that the work is stopped in time whatever the renewal does.
#include <tiebreak/lease.hpp>
#include <tiebreak/log.hpp>

#include <array>
#include <optional>
#include <utility>

namespace tiebreak {

namespace {

using std::chrono::steady_clock;

// Empty when nobody answered.
std::optional<outcome> answer_of(std::function<outcome()> const& renew) noexcept
{
    std::array<log_field, 1> fields{log_field{.name = "reason", .value = "unknown exception"}};
    try {
        return renew();
    } catch (std::exception const& failure) {
        fields[0].value = failure.what();
        log(log_level::warning, "renewal_unanswered", fields);
    } catch (...) {
        log(log_level::warning, "renewal_unanswered", fields);
    }
    return {};
}

}  // namespace

heartbeat::heartbeat(std::function<outcome()> renew,
                     steady_clock::time_point claimed_at,
                     lease_options options)
    : renew_(std::move(renew)),
      options_(checked(options)),
      trusted_until_(claimed_at + options_.ttl - options_.margin),
      beating_([this](std::stop_token const& stopping) { beat(stopping); }),
      watching_([this](std::stop_token const& stopping) { watch(stopping); })
{
}

heartbeat::~heartbeat() = default;

bool heartbeat::trusted() const noexcept
{
    std::scoped_lock const hold(mutex_);
    return !over_ && steady_clock::now() < trusted_until_;
}

steady_clock::time_point heartbeat::trusted_until() const noexcept
{
    std::scoped_lock const hold(mutex_);
    return trusted_until_;
}

std::stop_token heartbeat::stop_token() const noexcept
{
    return lost_.get_token();
}

std::int64_t heartbeat::renewals() const noexcept
{
    std::scoped_lock const hold(mutex_);
    return renewals_;
}

bool heartbeat::wait_for_renewals(std::int64_t at_least) const
{
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [&] { return lost_.stop_requested() || renewals_ >= at_least; });
    return renewals_ >= at_least;
}

void heartbeat::end()
{
    {
        std::scoped_lock const hold(mutex_);
        over_ = true;
    }
    lost_.request_stop();  // runs callbacks of the work: not while the mutex is held
    {
        std::scoped_lock const hold(mutex_);  // or a waiter between its look and its wait misses it
    }
    changed_.notify_all();
}

bool heartbeat::acknowledge(steady_clock::time_point started)
{
    std::scoped_lock const hold(mutex_);
    // An answer that comes too late cannot bring back trust that others saw ending.
    if (over_ || steady_clock::now() >= trusted_until_)
        return false;
    trusted_until_ = started + options_.ttl - options_.margin;
    ++renewals_;
    return true;
}

void heartbeat::beat(std::stop_token const& stopping)
{
    for (;;) {
        {
            std::unique_lock hold(mutex_);
            changed_.wait_for(hold, stopping, options_.heartbeat, [&] { return over_; });
            if (over_ || stopping.stop_requested())
                return;
        }
        auto const started = steady_clock::now();
        auto const answer = answer_of(renew_);
        if (answer == outcome::lost || (answer == outcome::won && !acknowledge(started)))
            return end();
        changed_.notify_all();
    }
}

void heartbeat::watch(std::stop_token const& stopping)
{
    std::unique_lock hold(mutex_);
    while (!over_ && !stopping.stop_requested()) {
        auto const until = trusted_until_;
        if (steady_clock::now() >= until) {
            hold.unlock();
            return end();
        }
        changed_.wait_until(
            hold, stopping, until, [&] { return over_ || trusted_until_ != until; });
    }
}

}  // namespace tiebreak
