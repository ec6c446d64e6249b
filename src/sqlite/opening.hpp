// Opening a database file and making it keep the promises, in the order in which things can fail.
#pragma once

#include "sqlite/handle.hpp"
#include "sqlite/sqlite.hpp"

#include <string>

namespace tiebreak::sqlite {

[[nodiscard]] bool is_in_memory(options const& how) noexcept;

// Opens, and reads the head of the file, so that a file that is none shows here. Throws
// std::invalid_argument for an impossible path, unsafe_settings (read-only), unavailable (cannot be
// opened), backend_failure (damaged, or not a database).
[[nodiscard]] database_handle open_handle(options const& how);

[[nodiscard]] bool has_write_ahead_log(sqlite3* on);

// Switches the write-ahead log on; it stays on for the file. Throws unsafe_settings when the engine
// will not have it.
void use_write_ahead_log(sqlite3* on);

// Sets and verifies what counts for one connection: flushing and foreign keys; and adds
// tiebreak_now() and tiebreak_next().
void apply_settings(sqlite3* on, options const& how);

// The first column of the first row, as text; empty when there is none.
std::string ask(sqlite3* on, char const* sql);

}  // namespace tiebreak::sqlite
