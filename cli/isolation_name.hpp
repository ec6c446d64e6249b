// --isolation, the same in every subcommand.
#pragma once

#include <tiebreak/capability.hpp>

#include <string>

namespace tiebreak::cli {

// The level of this name; throws usage_error for any other.
[[nodiscard]] isolation isolation_named(std::string const& name);

}  // namespace tiebreak::cli
