#include "cli/worker/environment.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace tiebreak::cli {

namespace {

constexpr std::array<std::string_view, 5> withheld{
    "TIEBREAK_", "PGPASSWORD=", "PGPASSFILE=", "MYSQL_PWD=", "MARIADB_PWD="};

}  // namespace

std::vector<std::string> environment_without(std::span<std::string const> secrets)
{
    std::vector<std::string> kept;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
        std::string_view const variable{*each};
        auto const begins = [&](std::string_view name) { return variable.starts_with(name); };
        auto const holds = [&](std::string const& secret) {
            return !secret.empty() && variable.find(secret) != std::string_view::npos;
        };
        if (!std::ranges::any_of(withheld, begins) && !std::ranges::any_of(secrets, holds))
            kept.emplace_back(variable);
    }
    return kept;
}

}  // namespace tiebreak::cli
