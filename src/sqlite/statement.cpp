// Binding, stepping, reading rows: the hot path of every unit of work on SQLite.
#include "sqlite/statement.hpp"

#include "sqlite/errors.hpp"
#include "sqlite/keyword.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace tiebreak::sqlite {

namespace {

constexpr std::uint8_t in_transaction = bits(state::reading) | bits(state::writing);

}  // namespace

struct statement::kept_rows {
    std::vector<stored_value> values;
    std::size_t next = 0;
};

statement::statement(connection& on, std::string_view text)
    : on_(on),
      handle_(prepare(on.handle(), text)),
      row_(static_cast<std::size_t>(sqlite3_column_count(handle_.get()))),
      parameter_count_(sqlite3_bind_parameter_count(handle_.get())),
      writes_(sqlite3_stmt_readonly(handle_.get()) == 0)
{
    auto const word = first_keyword(text);
    if (word == "BEGIN" || word == "COMMIT" || word == "END")
        throw std::invalid_argument("transactions are not begun or ended by a statement");
    controls_ = word == "SAVEPOINT" || word == "RELEASE" || word == "ROLLBACK";
    counts_ = writes_ && (word == "INSERT" || word == "UPDATE" || word == "DELETE" ||
                          word == "REPLACE" || word == "WITH");
    if (controls_)
        runs_in_ = 0;
    else if (writes_)
        runs_in_ = bits(state::writing);
    else
        runs_in_ = in_transaction | bits(state::idle);
}

statement::~statement()
{
    if (on_.is_left_behind())
        static_cast<void>(handle_.release());
}

std::int64_t statement::execute(std::span<value const> parameters)
{
    if (!on_.is_in(runs_in_)) [[unlikely]] {
        run_apart(parameters, false);
    } else {
        int const code = run_to_end(parameters);
        if (code != SQLITE_DONE) [[unlikely]]
            fail(code);
        sqlite3_reset(handle_.get());
    }
    return counts_ ? sqlite3_changes64(on_.handle()) : 0;
}

std::optional<std::int64_t> statement::insert(std::span<value const> parameters)
{
    if (execute(parameters) == 0) [[unlikely]]
        return {};
    return sqlite3_last_insert_rowid(on_.handle());
}

std::span<value const> statement::first(std::span<value const> parameters)
{
    if (!on_.is_in(runs_in_)) [[unlikely]] {
        run_apart(parameters, true);
        return next_kept();
    }
    bind(parameters);
    return next();
}

std::span<value const> statement::next()
{
    if (kept_) [[unlikely]]
        return next_kept();
    int const code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW)
        return decode();
    if (code != SQLITE_DONE) [[unlikely]]
        fail(code);
    sqlite3_reset(handle_.get());  // else it could not be run again
    return {};
}

void statement::reset() noexcept
{
    sqlite3_reset(handle_.get());
    kept_.reset();
}

std::string_view statement::column_name(std::size_t index) const
{
    if (index >= row_.size())
        throw std::out_of_range("a statement has no such column");
    char const* name = sqlite3_column_name(handle_.get(), static_cast<int>(index));
    if (name == nullptr)
        throw make_error(SQLITE_NOMEM, phase::in_transaction, "column name");
    return name;
}

// Text and blobs are bound without a copy. The engine never follows such a pointer after the run:
// all parameters are bound anew before the next one.
inline void statement::bind(std::span<value const> parameters)
{
    if (parameters.size() != static_cast<std::size_t>(parameter_count_)) [[unlikely]]
        throw std::invalid_argument("a statement has another number of parameters");
    sqlite3_stmt* const to = handle_.get();
    int index = 0;
    int code = SQLITE_OK;
    for (value const& v : parameters) {
        ++index;
        if (v.holds_integer()) [[likely]]
            code |= sqlite3_bind_int64(to, index, v.integer());
        else if (v.holds_bytes())
            bind_bytes(index, v);
        else if (v.is_null())
            code |= sqlite3_bind_null(to, index);
        else
            code |= sqlite3_bind_double(to, index, v.real());
    }
    if (code != SQLITE_OK) [[unlikely]]
        throw std::logic_error("a statement was run while its rows were being read");
}

inline void statement::bind_bytes(int index, value const& v)
{
    // a null pointer would bind NULL
    auto const content = v.text();
    char const* const data = content.data() == nullptr ? "" : content.data();
    int const code =
        v.kind() == value_kind::text
            ? sqlite3_bind_text64(
                  handle_.get(), index, data, content.size(), SQLITE_STATIC, SQLITE_UTF8)
            : sqlite3_bind_blob64(handle_.get(), index, data, content.size(), SQLITE_STATIC);
    if (code == SQLITE_MISUSE) [[unlikely]]
        throw std::logic_error("a statement was run while its rows were being read");
    if (code != SQLITE_OK) [[unlikely]]
        fail(code);
}

inline int statement::run_to_end(std::span<value const> parameters)
{
    bind(parameters);
    int code = sqlite3_step(handle_.get());
    while (code == SQLITE_ROW)
        code = sqlite3_step(handle_.get());
    return code;
}

inline std::span<value const> statement::decode()
{
    sqlite3_stmt* const from = handle_.get();
    // a changed table can give "SELECT *" other columns after it was prepared
    auto const count = static_cast<std::size_t>(sqlite3_data_count(from));
    if (count != row_.size()) [[unlikely]]
        row_.resize(count);
    int column = 0;
    for (value& to : row_) {
        sqlite3_value* const v = sqlite3_column_value(from, column++);
        int const type = sqlite3_value_type(v);
        if (type == SQLITE_INTEGER) [[likely]]
            to = value{static_cast<std::int64_t>(sqlite3_value_int64(v))};
        else if (type == SQLITE_FLOAT)
            to = value{sqlite3_value_double(v)};
        else if (type == SQLITE_NULL)
            to = value{};
        else
            to = decode_bytes(v, type);
    }
    return row_;
}

inline value statement::decode_bytes(sqlite3_value* from, int type)
{
    auto const* const text = type == SQLITE_TEXT
                                 ? reinterpret_cast<char const*>(sqlite3_value_text(from))
                                 : static_cast<char const*>(sqlite3_value_blob(from));
    auto const size = static_cast<std::size_t>(sqlite3_value_bytes(from));
    if (text == nullptr && (type == SQLITE_TEXT || size != 0)) [[unlikely]]
        fail(SQLITE_NOMEM);
    if (type == SQLITE_TEXT)
        return value{std::string_view{text, size}};
    return value{std::span{reinterpret_cast<std::byte const*>(text), size}};
}

// What cannot run as it is: a writing statement with no transaction open, which commits on its
// own, and savepoints. Rows are read to the end, because the commit happens there and may fail.
void statement::run_apart(std::span<value const> parameters, bool keep)
{
    kept_.reset();
    auto rows = keep ? std::make_unique<kept_rows>() : nullptr;
    if (controls_) {
        if (!on_.is_in(in_transaction))
            throw std::logic_error("a savepoint needs an open transaction");
        int const code = run_to_end(parameters);
        if (code != SQLITE_DONE)
            fail(code);
        sqlite3_reset(handle_.get());
        on_.synchronise();
        kept_ = std::move(rows);
        return;
    }

    struct turn {
        explicit turn(connection& on) : of(on) { of.start_alone(); }

        turn(turn const&) = delete;
        turn& operator=(turn const&) = delete;

        ~turn() { of.end_alone(); }

        connection& of;
    };

    turn const mine(on_);
    bind(parameters);
    int code = sqlite3_step(handle_.get());
    for (; code == SQLITE_ROW; code = sqlite3_step(handle_.get())) {
        if (!rows)
            continue;
        for (value const& v : decode())
            rows->values.emplace_back(v);
    }
    if (code != SQLITE_DONE)
        fail(on_.failed_alone(code));
    sqlite3_reset(handle_.get());
    kept_ = std::move(rows);
}

std::span<value const> statement::next_kept() noexcept
{
    if (kept_->next == kept_->values.size())
        return {};
    for (value& v : row_)
        v = kept_->values[kept_->next++].get();
    return row_;
}

void statement::fail(int code)
{
    fail(on_.failed(code, phase::in_transaction));
}

void statement::fail(error const& why)
{
    sqlite3_reset(handle_.get());
    on_.synchronise();
    throw why;
}

}  // namespace tiebreak::sqlite
