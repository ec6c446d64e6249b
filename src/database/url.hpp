// What a database URL says to the library: which engine, and the options that every engine has.
#pragma once

#include <tiebreak/database.hpp>

#include "base/url.hpp"
#include "sql/engine.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace tiebreak::detail {

struct parsed_url {
    base::url parts{};  // the driver's: without the parameters that became options
    database_options options{};
    std::string shown{};  // without a password
};

// Throws std::invalid_argument with a sentence that says what to change.
[[nodiscard]] parsed_url parse_url(std::string_view url, database_options defaults);

// The engine that a URL names. Opens nothing. Throws std::invalid_argument for parameters that its
// driver does not know, and for engines that nobody knows.
[[nodiscard]] std::unique_ptr<sql::engine> engine_of(base::url const& parts, observer* watcher);

}  // namespace tiebreak::detail
