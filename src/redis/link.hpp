// One connection to Redis, by hiredis. Belongs to one thread at a time.
#pragma once

#include "redis/settings.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;

namespace tiebreak::detail {

// Redis did not answer, or answered with an error: what it was asked for may have happened or not.
struct redis_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct redis_reply {
    enum class kind : std::uint8_t { nil, text, integer, list };
    kind what = kind::nil;
    std::string text{};
    std::int64_t integer = 0;
    std::vector<redis_reply> list{};

    [[nodiscard]] bool is_nil() const noexcept { return what == kind::nil; }
};

using redis_command = std::initializer_list<std::string_view>;

class redis_link {
public:
    // Connects, logs in and chooses the database. Throws redis_failure.
    explicit redis_link(redis_settings const& to);
    redis_link(redis_link const&) = delete;
    redis_link& operator=(redis_link const&) = delete;
    ~redis_link();

    // Sends one command and waits for its answer. Throws redis_failure; then the link is of no use
    // any more, unless `is_usable` says otherwise.
    redis_reply run(redis_command command);
    // Several in one round trip; the answers of all, in order.
    std::vector<redis_reply> run(std::initializer_list<redis_command> commands);

    [[nodiscard]] bool is_usable() const noexcept;

private:
    struct closed {
        void operator()(redisContext* context) const noexcept;
    };

    void append(redis_command command);
    redis_reply receive();
    void log_in(redis_settings const& to);

    std::unique_ptr<redisContext, closed> context_;
};

}  // namespace tiebreak::detail
