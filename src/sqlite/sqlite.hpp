// What the rest of the library knows of the SQLite driver: how to open a database.
#pragma once

#include <tiebreak/observer.hpp>

#include "base/url.hpp"
#include "sql/engine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tiebreak::sqlite {

enum class synchronous : std::uint8_t { full, normal };

struct options {
    std::string path{};                     // a file, or ":memory:"
    synchronous flush = synchronous::full;  // normal: a power cut can lose the last commits
    bool gate = true;             // take turns fairly with other processes through a sidecar file
    bool create = true;           // make the file when it does not exist
    observer* watcher = nullptr;  // told of waits; may be null
};

// Opens one connection and checks what the promises stand on: foreign keys on, WAL (for a file),
// synchronous as asked, not a shared cache, writable unless `unsafe_settings`. Throws
// unsafe_settings, unavailable (cannot open), backend_failure (not a database, corrupt).
[[nodiscard]] std::unique_ptr<sql::connection> open(options const& how);

// The dialect, for printing SQL without a database.
[[nodiscard]] sql::dialect const& dialect() noexcept;

// The database a URL names, `sqlite:FILE` or `sqlite::memory:`, with the parameters `synchronous`,
// `gate` and `create`. `watcher` is told of waits; may be null. Throws std::invalid_argument.
[[nodiscard]] std::unique_ptr<sql::engine> open_engine(base::url const& from, observer* watcher);

}  // namespace tiebreak::sqlite
