/// \file
/// The ways to decide which of several approvals of one order goes ahead, by name.
#pragma once

#include "systems/enum_text.hpp"

#include <cstdint>
#include <string_view>

namespace tiebreak::systems::tickets {

using systems::name_of;

enum class strategy : std::uint8_t {
    naive,              ///< control: reads in one transaction, writes in another, unchecked
    in_process,         ///< control (C1): compare-and-set in the memory of this process
    conditional,        ///< C2: UPDATE … WHERE id = ? AND status = 'WAITING'
    unique_claim,       ///< C3: inserting the payment key is the claim
    optimistic,         ///< C4, C5: version check; a loser reads the status again and answers
    pessimistic,        ///< C6: the row is locked while deciding, not while paying
    pessimistic_where,  ///< C7: locks the row only if it is WAITING; the wait is bounded
};

BOOST_DESCRIBE_ENUM(strategy,
                    naive,
                    in_process,
                    conditional,
                    unique_claim,
                    optimistic,
                    pessimistic,
                    pessimistic_where)

/// \throws std::invalid_argument with one sentence: the name is unknown, or the strategy comes with
///   the service (idempotency_sql, idempotency_redis, redis_cas)
[[nodiscard]] strategy strategy_named(std::string_view name);

/// True for the strategies that decide wrongly on purpose, to show that a race can be lost.
[[nodiscard]] constexpr bool is_negative_control(strategy how) noexcept
{
    return how == strategy::naive || how == strategy::in_process;
}

}  // namespace tiebreak::systems::tickets
