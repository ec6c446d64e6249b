// One statement of one MariaDB connection, prepared by the server; a second time when it waits for
// locks under a limit, with the limit in its text.
#pragma once

#include "mariadb/connection.hpp"
#include "mariadb/handle.hpp"
#include "mariadb/parameters.hpp"
#include "mariadb/rows.hpp"
#include "mariadb/text.hpp"
#include "sql/statement.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tiebreak::mariadb {

// The rows that the server says it has matched; an error when it does not say, because a count that
// is not known must be neither a win nor a loss.
[[nodiscard]] std::int64_t rows_counted(std::uint64_t told);

class statement final : public sql::statement {
public:
    statement(connection& on, std::string_view text, sql::taken_key then);
    ~statement() override;

    std::int64_t execute(std::span<value const> parameters) override;
    std::optional<std::int64_t> insert(std::span<value const> parameters) override;
    std::span<value const> first(std::span<value const> parameters) override;
    std::span<value const> next() override;
    void reset() noexcept override;

    [[nodiscard]] std::size_t column_count() const noexcept override;
    [[nodiscard]] std::string_view column_name(std::size_t index) const override;

    [[nodiscard]] bool reads_only() const noexcept override
    {
        return kind_ == statement_kind::reads;
    }

    // True when many runs can be sent as one, and are answered by the sum of their rows.
    [[nodiscard]] bool goes_in_bulk() const noexcept;

    // The server takes one message with values of so many bytes.
    [[nodiscard]] bool has_room_for(std::size_t bytes_of_values) const noexcept;

    // Runs all rows of the table, which takes the statement's own parameters out of force. The sum
    // of the rows matched.
    [[nodiscard]] std::int64_t execute(parameter_table& all);

private:
    // The text as the server has prepared it.
    struct prepared {
        explicit prepared(statement_handle made);

        statement_handle handle;
        parameters bound;
        rows result;
        bool is_outdated = false;  // the table has other columns now
    };

    // Rows that had to be read to the end: more results followed them.
    struct kept_rows;

    enum class outcome : std::uint8_t {
        done,          // all rows are here
        passed_over,   // a key was taken
        not_prepared,  // it did not run: the server asks for another preparation
    };

    struct answer {
        unsigned int code = 0;  // of an error
        std::string spoken{};
        bool ran_without_begin = false;
    };

    [[nodiscard]] std::unique_ptr<prepared> prepare(std::string const& text);
    [[nodiscard]] prepared& chosen();
    [[nodiscard]] bool may_wait_for_locks() const noexcept;
    void check_place() const;
    void check_size(std::size_t bytes) const;
    outcome run(std::span<value const> parameters);
    template <class Bind>
    outcome run_prepared(Bind&& bind);
    [[nodiscard]] outcome attempt(prepared& what, bool may_prepare_again);
    [[nodiscard]] bool may_run_again(unsigned int code) const noexcept;
    [[nodiscard]] answer send_and_answer(prepared& what);
    [[nodiscard]] bool drain(prepared& what);
    void run_as_text(std::span<value const> parameters);
    [[nodiscard]] std::int64_t count() const;
    [[nodiscard]] std::span<value const> next_kept() noexcept;

    connection& on_;
    std::string text_;
    statement_kind kind_;
    bool never_waits_ = false;  // its text says so
    sql::taken_key then_;
    std::unique_ptr<prepared> plain_;
    std::unique_ptr<prepared> limited_;
    std::chrono::milliseconds limit_{0};  // in the text of `limited_`
    prepared* current_ = nullptr;         // of the last run
    std::unique_ptr<kept_rows> kept_;
    bool as_text_ = false;  // the server does not prepare it
    bool has_rows_ = false;
    std::uint64_t text_rows_ = 0;  // as told, by a run as text
};

}  // namespace tiebreak::mariadb
