#include "cli/isolation_name.hpp"

#include "cli/commands.hpp"

namespace tiebreak::cli {

isolation isolation_named(std::string const& name)
{
    for (auto const level : {isolation::engine_default,
                             isolation::read_committed,
                             isolation::repeatable_read,
                             isolation::serializable})
        if (name == name_of(level))
            return level;
    throw usage_error("--isolation must be read_committed, repeatable_read or serializable");
}

}  // namespace tiebreak::cli
