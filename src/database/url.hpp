// Database URLs: which engine, where, and the parameters after '?'.
#pragma once

#include <tiebreak/database.hpp>

#include "sqlite/sqlite.hpp"

#include <string>
#include <string_view>

namespace tiebreak::detail {

struct parsed_url {
    std::string engine{};  // "sqlite"
    std::string path{};    // what stands between ':' and '?'
    database_options options{};
    sqlite::synchronous synchronous = sqlite::synchronous::full;
    bool gate = true;
    bool create = true;
    std::string shown{};  // without a password
};

// Throws std::invalid_argument with a sentence that says what to change.
[[nodiscard]] parsed_url parse_url(std::string_view url, database_options defaults);

// The URL with a password masked: "postgresql://app:***@db/shop".
[[nodiscard]] std::string masked(std::string_view url);

}  // namespace tiebreak::detail
