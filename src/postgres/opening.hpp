// From a URL to a session: what libpq is told, and connecting within a time.
#pragma once

#include <tiebreak/observer.hpp>

#include "base/url.hpp"
#include "postgres/handle.hpp"
#include "sql/connection.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tiebreak::postgres {

// libpq's keywords with their values.
using keywords = std::vector<std::pair<std::string, std::string>>;

struct settings {
    keywords common{};
    std::vector<keywords> hosts{};  // tried in this order; one that is empty means libpq's own
    bool prefers_standby = false;   // look for a standby first, then take any
    bool may_be_read_only = false;  // somebody asked for such a server
    std::chrono::milliseconds connect_limit{};  // for one host; 0: only the deadline
    observer* watcher = nullptr;
};

// Throws std::invalid_argument for a parameter that is not known or not possible. Reads the file
// that `password_file` names.
[[nodiscard]] settings settings_of(base::url const& from, observer* watcher);

// Connects to the first host that is as asked. Throws unavailable and backend_failure. A name is
// looked up by the system, which cannot be cut short.
[[nodiscard]] session_handle connect(settings const& to, sql::deadline until);

}  // namespace tiebreak::postgres
