// Compare-and-set by WATCH, MULTI and EXEC: what was read is what is replaced, or nothing happens.
#include <tiebreak/redis_claim.hpp>

#include "redis/client.hpp"

#include <random>
#include <stdexcept>

namespace tiebreak {

namespace {

using detail::redis_link;

constexpr std::size_t name_bytes_max = 255;

std::string random_token()
{
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t length = 32;
    std::random_device source;
    std::string token;
    while (token.size() < length)
        for (auto bits = source(), left = 8U; left > 0; --left, bits >>= 4)
            token += digits[bits & 15];
    return token;
}

void check(std::string_view name)
{
    if (name.empty() || name.size() > name_bytes_max)
        throw std::invalid_argument("a claim's name must have 1 to 255 bytes");
}

// Empty `to` removes the key.
bool exchange(redis_link& on,
              std::string const& key,
              std::string_view from,
              std::string_view to,
              std::string const& lasts_ms)
{
    auto const read = on.run({{"WATCH", key}, {"GET", key}});
    auto const& now = read.at(1);
    if (now.is_nil() ? !from.empty() : now.text != from) {
        on.run({"UNWATCH"});
        return false;
    }
    auto const replies = to.empty()
                             ? on.run({{"MULTI"}, {"DEL", key}, {"EXEC"}})
                             : on.run({{"MULTI"}, {"SET", key, to, "PX", lasts_ms}, {"EXEC"}});
    return !replies.at(2).is_nil();
}

}  // namespace

redis_claims::redis_claims(redis const& in, std::chrono::milliseconds lasts)
    : in_(&in), lasts_(lasts)
{
    if (lasts.count() < 1)
        throw std::invalid_argument("a claim in Redis lasts at least 1 ms");
}

claim_answer redis_claims::claim(std::string_view name, redis_claim& won) const
{
    redis_claim mine{std::string{name}, random_token()};
    auto const answer = compare_and_set(name, {}, mine.token);
    if (answer == claim_answer::won)
        won = std::move(mine);
    return answer;
}

claim_answer redis_claims::compare_and_set(std::string_view name,
                                           std::string_view from,
                                           std::string_view to) const
{
    check(name);
    auto& client = detail::redis_access::client(*in_);
    bool exchanged = false;
    bool const answered = client.use([&](redis_link& link) {
        exchanged = exchange(link, client.key(name), from, to, std::to_string(lasts_.count()));
    });
    if (!answered)
        return claim_answer::unknown;
    return exchanged ? claim_answer::won : claim_answer::lost;
}

outcome redis_claims::release(redis_claim const& held) const
{
    return compare_and_set(held.name, held.token, {}) == claim_answer::won ? outcome::won
                                                                           : outcome::lost;
}

}  // namespace tiebreak
