// The public face.
#include <tiebreak/redis.hpp>

#include "redis/client.hpp"

namespace tiebreak {

redis::redis(std::string_view url, redis_options options)
    : client_(
          std::make_unique<detail::redis_client>(detail::parse_redis_url(url, std::move(options))))
{
}

redis::redis(redis&&) noexcept = default;
redis& redis::operator=(redis&&) noexcept = default;
redis::~redis() = default;

bool redis::ping() const
{
    return client_->use([](detail::redis_link& link) { link.run({"PING"}); }, true);
}

bool redis::resting() const noexcept
{
    return client_->is_resting();
}

std::string const& redis::shown_url() const noexcept
{
    return client_->settings().shown;
}

}  // namespace tiebreak
