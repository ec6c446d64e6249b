/// \file
/// Finding a column in the text by which SQLite remembers a table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tiebreak::schema::detail {

/// The statement with `more` (" NOT NULL", " DEFAULT 1") at the end of the column `number`, counted
/// from 0 as `pragma_table_xinfo` does, comments and all else as they were. Of two defaults SQLite
/// takes the last.
/// \param create_table  as `sqlite_schema` has it
/// \param column  the name that has to stand there
/// \throws error `unsupported`: there is no such column in the text
[[nodiscard]] std::string with_more_for_column(std::string_view create_table,
                                               std::size_t number,
                                               std::string_view column,
                                               std::string_view more);

}  // namespace tiebreak::schema::detail
