// Owners of SQLite's two kinds of handles.
#pragma once

#include <memory>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tiebreak::sqlite {

struct close_database {
    void operator()(sqlite3* which) const noexcept;
};

struct finalize_statement {
    void operator()(sqlite3_stmt* which) const noexcept;
};

using database_handle = std::unique_ptr<sqlite3, close_database>;
using statement_handle = std::unique_ptr<sqlite3_stmt, finalize_statement>;

// Prepares the one statement in `text`, to be kept. Throws tiebreak::error for wrong SQL and
// std::invalid_argument when the text holds none or more than one.
[[nodiscard]] statement_handle prepare(sqlite3* on, std::string_view text);

}  // namespace tiebreak::sqlite
