// One prepared SQLite statement.
#pragma once

#include "sql/statement.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/handle.hpp"

#include <cstdint>
#include <vector>

struct sqlite3_value;

namespace tiebreak::sqlite {

class statement final : public sql::statement {
public:
    statement(connection& on, std::string_view text);
    ~statement() override;

    std::int64_t execute(std::span<value const> parameters) override;
    std::optional<std::int64_t> insert(std::span<value const> parameters) override;
    std::span<value const> first(std::span<value const> parameters) override;
    std::span<value const> next() override;
    void reset() noexcept override;

    [[nodiscard]] std::size_t column_count() const noexcept override { return row_.size(); }

    [[nodiscard]] std::string_view column_name(std::size_t index) const override;

    [[nodiscard]] bool reads_only() const noexcept override { return !writes_; }

private:
    // Rows of a writing statement that committed on its own: all were read before the commit.
    struct kept_rows;

    void bind(std::span<value const> parameters);
    void bind_bytes(int index, value const& v);
    int run_to_end(std::span<value const> parameters);
    [[nodiscard]] std::span<value const> decode();
    [[nodiscard]] value decode_bytes(sqlite3_value* from, int type);
    void run_apart(std::span<value const> parameters, bool keep);
    [[nodiscard]] std::span<value const> next_kept() noexcept;
    [[noreturn]] void fail(int code);
    [[noreturn]] void fail(error const& why);

    connection& on_;
    statement_handle handle_;
    std::vector<value> row_;
    std::unique_ptr<kept_rows> kept_;
    int parameter_count_ = 0;
    std::uint8_t runs_in_ = 0;  // the states in which it runs without further thought
    bool writes_ = false;
    bool counts_ = false;    // changes rows, so that the engine's count is this statement's
    bool controls_ = false;  // savepoints: may end a transaction
};

}  // namespace tiebreak::sqlite
