/// \file
/// Clearing away what the library's own tables keep for a time only.
#pragma once

#include <tiebreak/database.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tiebreak::schema {

/// What became of one kind.
struct collected {
    std::string_view what{};   ///< "commit tokens"
    std::string_view table{};  ///< without the prefix
    bool is_installed = true;  ///< its table is there
    std::int64_t rows = 0;     ///< removed, or ended
};

/// Removes what is older than this, by the database's clock, of every kind that ages: commit
/// tokens; and ends leases that expired so long ago and that nobody ended. The rows of leases stay,
/// as their epochs may never start again. Other programs go on meanwhile; safe to repeat.
/// \throws std::invalid_argument: less than one hour
std::vector<collected>
collect_garbage(database& in, std::chrono::seconds older_than = std::chrono::hours{24 * 7});

}  // namespace tiebreak::schema
