// One prepared PostgreSQL statement. Its rows are all here when the first one is asked for.
#pragma once

#include "postgres/connection.hpp"
#include "postgres/keyword.hpp"
#include "sql/statement.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::postgres {

// The number that a command's tag ends with, empty for one that counts no rows; an error when it is
// no number, because a count that is not known must be neither a win nor a loss.
[[nodiscard]] std::int64_t rows_counted(std::string_view told);

// The rows that a command matched, by its tag: 0 for one that counts none.
[[nodiscard]] std::int64_t rows_matched(pg_result const* answer);

class statement final : public sql::statement {
public:
    statement(connection& on, std::string_view text);
    ~statement() override;

    std::int64_t execute(std::span<value const> parameters) override;
    std::optional<std::int64_t> insert(std::span<value const> parameters) override;
    std::span<value const> first(std::span<value const> parameters) override;
    std::span<value const> next() override;
    void reset() noexcept override;

    [[nodiscard]] std::size_t column_count() const noexcept override
    {
        return known_.columns.size();
    }

    [[nodiscard]] std::string_view column_name(std::size_t index) const override;

    [[nodiscard]] bool reads_only() const noexcept override { return kind_ == text_kind::reads; }

    // --- for batches ---------------------------------------------------------------------------

    [[nodiscard]] bool is_ready() const noexcept
    {
        return kind_ == text_kind::savepoint || on_.knows(known_);
    }

    // Prepares it (anew). Throws transaction_aborted when it returns other columns than before.
    void make_ready();

    // Valid until the next call.
    [[nodiscard]] bound_parameters bind(std::span<value const> parameters);

    [[nodiscard]] char const* name() const noexcept { return known_.name.c_str(); }

private:
    [[nodiscard]] result_handle run(std::span<value const> parameters);
    [[nodiscard]] value read(std::size_t column);

    connection& on_;
    std::string text_;
    text_kind kind_;
    prepared known_;
    result_handle rows_;
    int next_row_ = 0;
    std::vector<value> row_;
    std::vector<std::string> made_;  // text that a column's bytes were turned into
    std::vector<parameter> parameters_;
    std::vector<char const*> data_;
    std::vector<int> sizes_;
    std::vector<int> formats_;
};

}  // namespace tiebreak::postgres
