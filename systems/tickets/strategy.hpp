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
    idempotency_sql,    ///< C8: the payment key is an idempotency key; repeats get its answer
    idempotency_redis,  ///< C8: the same, with answers remembered in Redis
    redis_cas,          ///< A11: compare-and-set in Redis, confirmed by a conditional update
};

BOOST_DESCRIBE_ENUM(strategy,
                    naive,
                    in_process,
                    conditional,
                    unique_claim,
                    optimistic,
                    pessimistic,
                    pessimistic_where,
                    idempotency_sql,
                    idempotency_redis,
                    redis_cas)

/// \throws std::invalid_argument with one sentence: the name is unknown
[[nodiscard]] strategy strategy_named(std::string_view name);

/// True for the strategies that decide wrongly on purpose, to show that a race can be lost.
[[nodiscard]] constexpr bool is_negative_control(strategy how) noexcept
{
    return how == strategy::naive || how == strategy::in_process;
}

/// True for the strategies that need `approve_options::cache`.
[[nodiscard]] constexpr bool needs_redis(strategy how) noexcept
{
    return how == strategy::idempotency_redis || how == strategy::redis_cas;
}

/// True for the strategies that need the library's own tables (`tiebreak::install`).
[[nodiscard]] constexpr bool needs_library_tables(strategy how) noexcept
{
    return how == strategy::idempotency_sql || how == strategy::idempotency_redis;
}

}  // namespace tiebreak::systems::tickets
