// Rules for input.
#include "systems/runs/rules.hpp"

namespace tiebreak::systems::runs::detail {

std::optional<invalid_field> broken_rule_of_tenant(std::string_view tenant_id)
{
    if (tenant_id.empty() || !is_storable_text(tenant_id, 100))
        return invalid_field{"tenant_id", "must have 1 to 100 bytes of UTF-8"};
    return {};
}

std::optional<invalid_field> broken_rule_of_text(std::string_view field, std::string_view text)
{
    if (!is_storable_text(text, text_bytes_max))
        return invalid_field{field, "must be UTF-8 without NUL, of at most 1000000 bytes"};
    return {};
}

std::optional<invalid_field> broken_rule_of_amount(std::string_view field, std::int64_t amount)
{
    if (amount < 0 || amount > amount_max)
        return invalid_field{field, "must be 0 to 1000000000000000"};
    return {};
}

std::optional<run>
find_own(repository<run> const& runs, std::string_view tenant_id, std::int64_t run_id)
{
    auto found = runs.find(run_id);
    if (found && found->tenant_id != tenant_id)
        found.reset();
    return found;
}

}  // namespace tiebreak::systems::runs::detail
