/// \file
/// Claims by compare-and-set in Redis (WATCH, MULTI, EXEC): the alternative to a decision in the
/// database, as a filter before it.
///
/// A claim in Redis can be lost with its memory, be forgotten by a failover, or run out while its
/// holder is paused. So winning one allows to *ask the database*, which confirms or refuses; losing
/// one says that somebody else is probably asking it. `unknown` means: ask the database yourself.
#pragma once

#include <tiebreak/outcome.hpp>
#include <tiebreak/redis.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tiebreak {

/// What came of a claim.
enum class claim_answer : std::uint8_t {
    won,      ///< nobody else holds it, as far as Redis knows
    lost,     ///< somebody else holds it, or was faster
    unknown,  ///< Redis did not answer: it says nothing
};

/// A claim that was won, until its time is over or it is released. A value.
struct redis_claim {
    std::string name{};   ///< of what is claimed
    std::string token{};  ///< random: whose claim it is
};

/// Claims by name. Thread-safe.
class redis_claims {
public:
    /// \param in  must outlive this
    /// \param lasts  a claim ends by itself after this time of Redis' clock; at least 1 ms
    explicit redis_claims(redis const& in,
                          std::chrono::milliseconds lasts = std::chrono::seconds{10});

    /// Takes the claim if nobody has it: watches the key, reads it, and sets it if it has not
    /// changed since. Two round trips. Fills in `claim` when won.
    /// \throws std::invalid_argument: the name is empty or longer than 255 bytes
    [[nodiscard]] claim_answer claim(std::string_view name, redis_claim& won) const;

    /// Gives it back if it is still this one: `lost` when it had ended or Redis did not answer. Two
    /// round trips.
    outcome release(redis_claim const& held) const;

    /// General: sets `name` to `to` if its value is `from` (empty: if there is none).
    [[nodiscard]] claim_answer
    compare_and_set(std::string_view name, std::string_view from, std::string_view to) const;

private:
    redis const* in_;
    std::chrono::milliseconds lasts_;
};

}  // namespace tiebreak
