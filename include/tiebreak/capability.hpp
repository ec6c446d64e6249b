/// \file
/// What an engine can or cannot do, asked by name: `db.supports(capability::row_locks)`.
///
/// Whatever an engine lacks is refused with `errc::unsupported`, which names the capability; it is
/// never silently ignored. Code and tests ask for a capability, never for an engine.
#pragma once

#include <cstdint>
#include <string_view>

namespace tiebreak {

/// What an engine may be able to do. Asked with `database::supports`.
enum class capability : std::uint8_t {
    concurrent_writers,  ///< two transactions can write different rows at the same time
    row_locks,           ///< a lock holds one row, not the database
    shared_row_locks,    ///< several readers can hold a row against writers
    skip_locked,         ///< a query can pass over rows that others hold
    pipelining,          ///< several statements travel in one round trip
    several_processes,   ///< other processes can open the same database
    statement_timeout,   ///< a running statement can be ended at the deadline
    transactional_ddl,   ///< CREATE and DROP TABLE are part of the transaction they stand in
};

/// The name as written in source: "row_locks".
[[nodiscard]] std::string_view name_of(capability what) noexcept;

/// How much of other transactions a unit of work may see. `engine_default` is READ COMMITTED on
/// servers; on SQLite every level is at least as strict as its name, because there is one writer.
enum class isolation : std::uint8_t {
    engine_default,
    read_committed,
    repeatable_read,
    serializable,
};

/// "read_committed" …
[[nodiscard]] std::string_view name_of(isolation level) noexcept;

}  // namespace tiebreak
