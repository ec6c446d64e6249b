// What the rest of the library knows of the PostgreSQL driver: how to open a database.
#pragma once

#include <tiebreak/observer.hpp>

#include "base/url.hpp"
#include "sql/engine.hpp"

#include <memory>

namespace tiebreak::postgres {

// The database that the URL names: everything libpq takes, in the URL, the environment, a service
// file or ~/.pgpass, and `password_file`. Connects to nothing yet. Throws std::invalid_argument for
// a parameter that is not known or not possible.
//
// What its connections set for themselves: isolation READ COMMITTED, no limits on statements and
// lock waits but those of the seam, UTF-8; and, unless the URL says otherwise, keepalives on both
// sides, so that a dead link ends within half a minute, and sessions that idle inside a transaction
// for 5 minutes end.
[[nodiscard]] std::unique_ptr<sql::engine> open_engine(base::url const& from, observer* watcher);

// The dialect, for printing SQL without a database.
[[nodiscard]] sql::dialect const& dialect() noexcept;

}  // namespace tiebreak::postgres
