// Where Redis is and how it is talked to, from a URL.
#pragma once

#include <tiebreak/redis.hpp>

#include <string>

namespace tiebreak::detail {

struct redis_settings {
    std::string host{"127.0.0.1"};
    int port = 6379;
    std::string socket{};  // instead of host and port
    std::string user{};
    std::string password{};
    int database = 0;
    redis_options options{};
    std::string shown{};
};

// Throws std::invalid_argument with a sentence that says what to change.
[[nodiscard]] redis_settings parse_redis_url(std::string_view url, redis_options defaults);

}  // namespace tiebreak::detail
