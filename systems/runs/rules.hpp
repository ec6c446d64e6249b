/// \file
/// What the sources of this folder share: rules for input, and the write of a run that keeps
/// `updated_at`.
#pragma once

#include "systems/invalid_field.hpp"
#include "systems/runs/entities.hpp"
#include "systems/runs/finalize.hpp"
#include "systems/runs/runs.hpp"

#include <optional>
#include <string_view>

namespace tiebreak::systems::runs::detail {

[[nodiscard]] std::optional<invalid_field> broken_rule_of_tenant(std::string_view tenant_id);
[[nodiscard]] std::optional<invalid_field> broken_rule_of_text(std::string_view field,
                                                               std::string_view text);
[[nodiscard]] std::optional<invalid_field> broken_rule_of_amount(std::string_view field,
                                                                 std::int64_t amount);

/// The first rule that is broken, in the order given.
template <class... Rules>
[[nodiscard]] std::optional<invalid_field> first_broken(Rules const&... rules)
{
    std::optional<invalid_field> broken;
    static_cast<void>(((broken = rules).has_value() || ...));
    return broken;
}

/// Changes a run if the condition holds, and says when.
template <class... Changes>
[[nodiscard]] tiebreak::outcome write_run(repository<run> const& runs,
                                          std::int64_t run_id,
                                          condition<run> const& holds,
                                          Changes const&... changes)
{
    return runs.update_if(run_id, holds, changes..., field<&run::updated_at> = database_now());
}

/// The run, if it is this tenant's.
[[nodiscard]] std::optional<run>
find_own(repository<run> const& runs, std::string_view tenant_id, std::int64_t run_id);

}  // namespace tiebreak::systems::runs::detail
