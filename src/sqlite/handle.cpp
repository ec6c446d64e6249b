// Preparing and closing.
#include "sqlite/handle.hpp"

#include "sqlite/errors.hpp"

#include <sqlite3.h>

#include <limits>
#include <stdexcept>

namespace tiebreak::sqlite {

namespace {

// Prepares what `text` begins with and takes it off; null when there are only blanks and comments.
[[nodiscard]] statement_handle take_one(sqlite3* on, std::string_view& text, unsigned int flags)
{
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw make_error(SQLITE_TOOBIG, phase::in_transaction, "the text of a statement");
    sqlite3_stmt* made = nullptr;
    char const* rest = nullptr;
    int const code =
        sqlite3_prepare_v3(on, text.data(), static_cast<int>(text.size()), flags, &made, &rest);
    statement_handle owned(made);
    if (code != SQLITE_OK)
        throw last_error(on, code, phase::in_transaction);
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    return owned;
}

}  // namespace

void close_database::operator()(sqlite3* which) const noexcept
{
    sqlite3_close_v2(which);
}

void finalize_statement::operator()(sqlite3_stmt* which) const noexcept
{
    sqlite3_finalize(which);
}

statement_handle prepare(sqlite3* on, std::string_view text)
{
    auto made = take_one(on, text, SQLITE_PREPARE_PERSISTENT);
    if (!made)
        throw std::invalid_argument("the text holds no SQL statement");
    while (text.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
        auto const before = text.size();
        if (take_one(on, text, 0))
            throw std::invalid_argument("the text holds several statements");
        if (text.size() == before)
            break;
    }
    return made;
}

}  // namespace tiebreak::sqlite
