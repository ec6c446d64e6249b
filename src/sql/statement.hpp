// One prepared statement of one connection: the lower half of the seam that drivers implement.
#pragma once

#include <tiebreak/value.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tiebreak::sql {

// What an INSERT does about a primary or unique key that is taken: fails with already_exists, or
// counts 0 and leaves the transaction as it was. `dialect::unless_taken` says the same in the
// text, on engines that have words for it.
enum class taken_key : std::uint8_t { fails, is_passed_over };

// Belongs to its connection and, like it, to one thread at a time. Every call may throw
// `tiebreak::error`, classified by the driver's table; the statement is then reset.
//
// A writing statement that runs while no transaction is open commits on its own: the driver waits
// its turn as `begin(write)` would, and a lost answer is `commit_unknown`.
class statement {
public:
    statement() = default;
    statement(statement const&) = delete;
    statement& operator=(statement const&) = delete;
    virtual ~statement() = default;

    // Binds, runs to the end, and answers how many rows were matched (not: changed). Rows the
    // statement returns are dropped. Throws backend_failure when the number cannot be known.
    virtual std::int64_t execute(std::span<value const> parameters) = 0;

    // Binds, runs an INSERT of one row to the end, and answers the key the database made for it;
    // nothing when the row was passed over because a key was taken.
    virtual std::optional<std::int64_t> insert(std::span<value const> parameters) = 0;

    // Binds and runs up to the first row; empty when there is none. Parameters and the row's text
    // stay valid until the next call on this statement. Call `reset` when done with the rows.
    virtual std::span<value const> first(std::span<value const> parameters) = 0;

    // The next row, or empty.
    virtual std::span<value const> next() = 0;

    // Ends reading: frees what the rows hold, a read lock included.
    virtual void reset() noexcept = 0;

    [[nodiscard]] virtual std::size_t column_count() const noexcept = 0;
    [[nodiscard]] virtual std::string_view column_name(std::size_t index) const = 0;

    // False when it might write.
    [[nodiscard]] virtual bool reads_only() const noexcept = 0;
};

// Resets a statement at the end of a scope in which its rows are read.
class reading {
public:
    explicit reading(statement& of) noexcept : statement_(of) {}

    reading(reading const&) = delete;
    reading& operator=(reading const&) = delete;

    ~reading() { statement_.reset(); }

private:
    statement& statement_;
};

}  // namespace tiebreak::sql
