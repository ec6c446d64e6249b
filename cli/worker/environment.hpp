// What a command sees of this process's environment: all but what could open a database.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::cli {

// The variables of this process as "NAME=text", without TIEBREAK_…, the password variables of the
// database clients, and whatever holds one of the secrets. Empty secrets are ignored.
[[nodiscard]] std::vector<std::string> environment_without(std::span<std::string const> secrets);

}  // namespace tiebreak::cli
