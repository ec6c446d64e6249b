// Strategies by name, with an answer for those that need more than a database.
#include "systems/tickets/strategy.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace tiebreak::systems::tickets {

strategy strategy_named(std::string_view name)
{
    if (auto const found = parse<strategy>(name))
        return *found;
    static constexpr std::array<std::string_view, 3> later{
        "idempotency_sql", "idempotency_redis", "redis_cas"};
    auto const quoted = "ticket strategy '" + std::string{name} + "'";
    if (std::ranges::find(later, name) != later.end())
        throw std::invalid_argument(quoted + " comes with the service");
    throw std::invalid_argument(quoted + " is unknown");
}

}  // namespace tiebreak::systems::tickets
