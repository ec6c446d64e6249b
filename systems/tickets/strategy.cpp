// Strategies by name.
#include "systems/tickets/strategy.hpp"

#include <stdexcept>
#include <string>

namespace tiebreak::systems::tickets {

strategy strategy_named(std::string_view name)
{
    if (auto const found = parse<strategy>(name))
        return *found;
    throw std::invalid_argument("ticket strategy '" + std::string{name} + "' is unknown");
}

}  // namespace tiebreak::systems::tickets
