#include "redis/client.hpp"

#include <tiebreak/log.hpp>

#include <array>
#include <utility>

namespace tiebreak::detail {

namespace {

using std::chrono::steady_clock;

void report(std::string const& url)
{
    std::array const fields{log_field{"url", url}};
    log(log_level::warning, "redis_resting", fields);
}

}  // namespace

redis_client::redis_client(redis_settings settings)
    : settings_(std::move(settings)),
      breaker_(settings_.options.failures_max, settings_.options.rest)
{
}

bool redis_client::is_resting() const noexcept
{
    return breaker_.is_open(steady_clock::now());
}

// Empty: Redis is left alone, or all links are in use.
std::unique_ptr<redis_link> redis_client::take(bool even_resting)
{
    if (!breaker_.may_try(steady_clock::now()) && !even_resting)
        return nullptr;
    {
        std::lock_guard const lock(mutex_);
        if (!idle_.empty()) {
            auto link = std::move(idle_.back());
            idle_.pop_back();
            return link;
        }
        if (links_ >= settings_.options.connections_max) {
            breaker_.withdrew();
            return nullptr;
        }
        ++links_;
    }
    return std::make_unique<redis_link>(settings_);  // a failure is counted by give_after_failure
}

void redis_client::keep(std::unique_ptr<redis_link> link)
{
    std::lock_guard const lock(mutex_);
    if (link)
        idle_.push_back(std::move(link));
    else
        --links_;
}

void redis_client::give(std::unique_ptr<redis_link> link)
{
    breaker_.succeeded();
    keep(std::move(link));
}

// The other idle links are as old as this one and likely as dead.
void redis_client::give_after_failure(std::unique_ptr<redis_link> link)
{
    bool const was_resting = is_resting();
    breaker_.failed(steady_clock::now());
    bool const is_dead = !link || !link->is_usable();
    keep(is_dead ? nullptr : std::move(link));
    if (!is_dead)
        return;
    std::vector<std::unique_ptr<redis_link>> dead;
    {
        std::lock_guard const lock(mutex_);
        dead.swap(idle_);
        links_ -= static_cast<int>(dead.size());
    }
    if (!was_resting && is_resting())
        report(settings_.shown);
}

}  // namespace tiebreak::detail
