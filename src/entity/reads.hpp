// Reads that give values, not tracked objects; and how a lost check is told.
#pragma once

#include <tiebreak/observer.hpp>
#include <tiebreak/row.hpp>

#include "entity/session.hpp"

namespace tiebreak::detail {

[[nodiscard]] std::int64_t count_rows(session& on, query const& what);
[[nodiscard]] bool any_row(session& on, query const& what);
void select_rows(session& on, query const& what, row_receiver to);
[[nodiscard]] bool
find_row(session& on, plan const& of, column_mask by, value const* values, void* into);

// Own SQL: runs `text` and gives each row to `to`.
void read_rows(session& on,
               std::string const& text,
               std::span<value const> parameters,
               row_plan const& of,
               row_receiver to);

// Refuses own SQL that would begin or end a transaction behind the unit's back.
void refuse_transaction_control(std::string_view sql);

// Tells the observer, if there is one, and the log.
void report_loss(observer* watcher, conflict const& what);

}  // namespace tiebreak::detail
