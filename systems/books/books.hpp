/// \file
/// Books that several clients edit: an update states the version it was based on, and a mismatch
/// is answered with what is there now, so that the client can merge and send again.
///
/// Two ways to write. `replace`, `patch` and `remove` are for clients that hold a version (an
/// If-Match header): losing is an answer that carries the current book. `add_line` is a client
/// that adds its own line by rewriting the whole text, with a choice of who decides:
///
/// | strategy      | who decides                                            | promise       |
/// |---------------|--------------------------------------------------------|---------------|
/// | `optimistic`  | the version check of a unit of work, rerun on conflict | exact         |
/// | `pessimistic` | the lock on the row, held from the first look          | exact         |
/// | `naive`       | nobody: reads in one transaction, writes in another    | none, control |
/// | `in_process`  | a mutex of this process around the same                | none, control |
///
/// Tables: `schema::apply`.
#pragma once

#include <tiebreak/database.hpp>

#include "systems/enum_text.hpp"
#include "systems/invalid_field.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tiebreak::systems::books {

struct book {
    std::int64_t id = 0;
    std::string title{};
    std::string author{};
    std::int64_t price = 0;
    std::string text{};
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(book, (), (id, title, author, price, text, version))

constexpr auto mapping_of(book const*)
{
    return map<book>("books", generated_key<&book::id>);
}

/// What a client says of a book.
struct book_content {
    std::string title{};     ///< 1 to 500 bytes of UTF-8
    std::string author{};    ///< 1 to 200 bytes of UTF-8
    std::int64_t price = 0;  ///< in minor units, 0 or more
    std::string text{};      ///< at most 4 MiB of UTF-8
};

/// Some of it; what is absent stays as it is.
struct book_patch {
    std::optional<std::string> title{};
    std::optional<std::string> author{};
    std::optional<std::int64_t> price{};
    std::optional<std::string> text{};
};

struct book_not_found {
    std::int64_t id = 0;
};

/// The book has another version than the update was based on. Nothing was written.
struct stale_book {
    tiebreak::version expected{};
    tiebreak::version actual{};
    book current{};  ///< as it is now: merge into it and send again with `actual`
};

struct removed {};

/// Makes a book with the first version. One statement.
[[nodiscard]] std::variant<book, invalid_field> create(database& in, book_content const& of);

/// One statement.
[[nodiscard]] std::optional<book> find(database& in, std::int64_t id);

using update_result = std::variant<book, stale_book, book_not_found, invalid_field>;

/// Replaces everything but the key; answers the book with its new version. One statement, one
/// more when it was not as expected.
/// \throws error `version_exhausted`: the book's version is at its maximum
[[nodiscard]] update_result
replace(database& in, std::int64_t id, version expected, book_content const& by);

/// Replaces what the patch holds; nothing is written, and the version stays, when that is as it
/// was. A read and a write in one transaction. \throws as `replace`
[[nodiscard]] update_result
patch(database& in, std::int64_t id, version expected, book_patch const& by);

using remove_result = std::variant<removed, stale_book, book_not_found>;

/// Removes the book. Its id never comes back. One statement, one more when not as expected.
[[nodiscard]] remove_result remove(database& in, std::int64_t id, version expected);

using systems::name_of;

/// A way to decide whose text stays. See the head of this file. Names: `name_of`,
/// `systems::parse<strategy>`.
enum class strategy : std::uint8_t { naive, in_process, optimistic, pessimistic };
BOOST_DESCRIBE_ENUM(strategy, naive, in_process, optimistic, pessimistic)

/// True for the strategies that decide wrongly on purpose, to show that a race can be lost.
[[nodiscard]] constexpr bool is_negative_control(strategy how) noexcept
{
    return how == strategy::naive || how == strategy::in_process;
}

/// How to add a line. The defaults are the right ones for a service.
struct line_options {
    strategy how = strategy::optimistic;
    std::optional<retry_policy> retry{};  ///< instead of the database's
    isolation level = isolation::engine_default;
    /// Called in every attempt between reading and writing, with whatever the strategy holds then
    /// held: a race pauses here, a test meets another client here. May be empty.
    std::function<void()> between{};
};

/// The line is at the end of the text.
struct accepted {
    tiebreak::version version{};  ///< the book's, with this line; for controls a guess
};

/// The retry policy allowed no further attempt; the line was not added.
struct writing_failed {
    int attempts = 0;                 ///< total runs
    errc last = errc::stale_version;  ///< why the last one failed
};

using line_result = std::variant<accepted, book_not_found, writing_failed, invalid_field>;

/// Reads the text, adds the line and a line feed, writes the whole text. `line`: 1 to 1000 bytes of
/// UTF-8 without a line feed. A read and a write in one transaction; controls use two. Inside a
/// running unit of this thread and database it is part of that unit: `retry` and `level` are the
/// unit's own then, and what would be `writing_failed` is thrown, for the unit to run again.
/// \throws error `commit_unknown`: added or not, nobody knows
/// \throws error `unavailable`, `backend_failure`, …: the line was not added
[[nodiscard]] line_result
add_line(database& in, std::int64_t id, std::string_view line, line_options const& options = {});

/// The lines of a text, without their line feeds. Pure.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace tiebreak::systems::books
