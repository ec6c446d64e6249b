// Programs that make no tables say what to run when there are none.
#pragma once

#include <tiebreak/database.hpp>

namespace tiebreak::cli {

// Throws usage_error when tables of the systems are missing.
void require_tables(database& in);

}  // namespace tiebreak::cli
