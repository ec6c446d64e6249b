// One database as its URL names it: what the drivers hand to the layers above.
#pragma once

#include "sql/connection.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tiebreak::sql {

// What is guaranteed on a database, or what weakens it: one sentence, for `tiebreak schema check`.
struct finding {
    bool weakens = false;
    std::string text{};
};

// Thread-safe: constant after construction.
class engine {
public:
    engine() = default;
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;
    virtual ~engine() = default;

    // The dialect of this database's connections.
    [[nodiscard]] virtual dialect const& speaks() const noexcept = 0;

    // Opens one connection and checks what the promises stand on. Waits until `until` at most.
    // Throws unavailable (cannot be reached, does not accept work), unsafe_settings,
    // backend_failure (wrong password, no such database, not a database, corrupt).
    [[nodiscard]] virtual std::unique_ptr<connection> open(deadline until) const = 0;

    // What is guaranteed here and what weakens it. `of` was opened by this engine.
    [[nodiscard]] virtual std::vector<finding> check(connection& of) const = 0;
};

}  // namespace tiebreak::sql
