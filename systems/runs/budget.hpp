/// \file
/// A tenant's budget: reserved when a run is submitted, charged or released when it is finalised,
/// refunded at most once after that. Never below zero, never charged twice for one run.
#pragma once

#include <tiebreak/database.hpp>

#include "systems/invalid_field.hpp"
#include "systems/runs/entities.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak::systems::runs {

/// The largest limit, reserve or amount: sums of as many as fit a table stay within 64 bits.
inline constexpr std::int64_t amount_max = 1'000'000'000'000'000;

struct tenant_not_found {
    std::string tenant_id{};
};

struct run_not_found {
    std::int64_t run_id = 0;  ///< none has it, or it is another tenant's
};

/// The new limit is less than what is reserved and spent.
struct limit_too_low {
    std::int64_t limit_min = 0;
};

/// Gives a new tenant a budget; `lost` when it has one. `tenant_id`: 1 to 100 bytes of UTF-8;
/// `limit`: 0 to `amount_max`. One statement.
[[nodiscard]] std::variant<tiebreak::outcome, invalid_field>
open_budget(database& in, std::string_view tenant_id, std::int64_t limit);

/// Changes a limit. One statement for the change, one to say what is there.
[[nodiscard]] std::variant<tenant_budget, limit_too_low, tenant_not_found, invalid_field>
set_limit(database& in, std::string_view tenant_id, std::int64_t limit);

/// One statement.
[[nodiscard]] std::optional<tenant_budget> find_budget(database& in, std::string_view tenant_id);

/// The ledger of a run, by kind; empty when the run is unknown or another tenant's. One statement.
[[nodiscard]] std::vector<ledger_entry>
ledger_of(database& in, std::string_view tenant_id, std::int64_t run_id);

/// The refund stands.
struct refunded {
    std::int64_t amount = 0;
    bool replayed = false;  ///< it stood already
};

/// The run was not charged, or is not decided yet.
struct nothing_charged {};

struct amount_exceeds_charge {
    std::int64_t charged = 0;
};

/// Another amount was refunded before; a run is refunded once.
struct already_refunded {
    std::int64_t amount = 0;
};

using refund_result = std::variant<refunded,
                                   nothing_charged,
                                   amount_exceeds_charge,
                                   already_refunded,
                                   run_not_found,
                                   invalid_field>;

/// Gives back part or all of what a run was charged, once; the same refund again gets the same
/// answer. `amount`: 1 to `amount_max`. Six statements in one transaction.
[[nodiscard]] refund_result
refund(database& in, std::string_view tenant_id, std::int64_t run_id, std::int64_t amount);

}  // namespace tiebreak::systems::runs
