#include "cli/required_tables.hpp"

#include "cli/commands.hpp"
#include "schema/schema.hpp"

namespace tiebreak::cli {

void require_tables(database& in)
{
    auto const found = schema::inspect(in);
    if (!found.missing.empty() || !found.missing_tables.empty())
        throw usage_error("there are tables missing on " + in.shown_url() +
                          ": run 'tiebreak schema apply' first");
}

}  // namespace tiebreak::cli
