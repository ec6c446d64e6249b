/// \file
/// The ways to decide which of several approvals of one order goes ahead, by name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tiebreak::systems::tickets {

enum class strategy : std::uint8_t {
    naive,              ///< control: reads in one transaction, writes in another, unchecked
    in_process,         ///< control (C1): compare-and-set in the memory of this process
    conditional,        ///< C2: UPDATE … WHERE id = ? AND status = 'WAITING'
    unique_claim,       ///< C3: inserting the payment key is the claim
    optimistic,         ///< C4, C5: version check; a loser reads the status again and answers
    pessimistic,        ///< C6: the row is locked while deciding, not while paying
    pessimistic_where,  ///< C7: locks the row only if it is WAITING; the wait is bounded
};

inline constexpr std::array strategies{strategy::naive,
                                       strategy::in_process,
                                       strategy::conditional,
                                       strategy::unique_claim,
                                       strategy::optimistic,
                                       strategy::pessimistic,
                                       strategy::pessimistic_where};

/// As written in source.
[[nodiscard]] std::string_view name_of(strategy how) noexcept;

/// \throws std::invalid_argument with one sentence: the name is unknown, or the strategy comes with
///   the service (idempotency_sql, idempotency_redis, redis_cas)
[[nodiscard]] strategy strategy_named(std::string_view name);

/// True for strategies that are expected to break promises: for labs only.
[[nodiscard]] constexpr bool is_control(strategy how) noexcept
{
    return how == strategy::naive || how == strategy::in_process;
}

}  // namespace tiebreak::systems::tickets
