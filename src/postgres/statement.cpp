// Binding, running and reading rows.
#include "postgres/statement.hpp"

#include "postgres/errors.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace tiebreak::postgres {

namespace {

[[nodiscard]] text_kind allowed_kind_of(std::string_view text)
{
    auto const kind = kind_of(text);
    switch (kind) {
    case text_kind::nothing: throw std::invalid_argument("the text holds no statement");
    case text_kind::transaction:
        throw std::invalid_argument("transactions are not begun or ended by a statement");
    case text_kind::copy: throw std::invalid_argument("COPY is not supported as a statement");
    case text_kind::reads:
    case text_kind::forgets:
    case text_kind::may_write:
    case text_kind::savepoint: break;
    }
    if (text.find('\0') != std::string_view::npos)
        throw std::invalid_argument("the text of a statement holds a NUL byte");
    return kind;
}

}  // namespace

std::int64_t rows_counted(std::string_view told)
{
    std::int64_t rows = 0;
    auto const [end, wrong] = std::from_chars(told.data(), told.data() + told.size(), rows);
    bool const is_known = wrong == std::errc{} && end == told.data() + told.size() && rows >= 0;
    if (!told.empty() && !is_known)
        throw error(errc::backend_failure, "the database did not say how many rows it matched");
    return rows;
}

std::int64_t rows_matched(pg_result const* answer)
{
    return rows_counted(PQcmdTuples(const_cast<PGresult*>(answer)));
}

statement::statement(connection& on, std::string_view text)
    : on_(on), text_(text), kind_(allowed_kind_of(text))
{
    if (kind_ != text_kind::savepoint)
        make_ready();
}

statement::~statement()
{
    on_.forget(known_);
}

void statement::make_ready()
{
    bool const again = !known_.name.empty();
    auto made = on_.describe(text_);
    std::swap(known_, made);
    row_.resize(known_.columns.size());
    made_.resize(known_.columns.size());
    parameters_.resize(known_.parameters.size());
    data_.resize(known_.parameters.size());
    sizes_.resize(known_.parameters.size());
    formats_.resize(known_.parameters.size());
    if (!again)
        return;
    on_.forget(made);
    // whoever reads its rows has looked at the names already
    if (!std::ranges::equal(
            known_.columns, made.columns, {}, &prepared::column::name, &prepared::column::name))
        throw make_error("26000", phase::in_transaction, "the statement returns other columns now");
}

bound_parameters statement::bind(std::span<value const> parameters)
{
    if (parameters.size() != known_.parameters.size()) [[unlikely]]
        throw std::invalid_argument("a statement has another number of parameters");
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        auto& one = parameters_[i];
        encode(parameters[i], known_.parameters[i], i + 1, one);
        data_[i] = one.data;
        sizes_[i] = one.size;
        formats_[i] = one.format;
    }
    return {static_cast<int>(parameters.size()), data_.data(), sizes_.data(), formats_.data()};
}

result_handle statement::run(std::span<value const> parameters)
{
    rows_.reset();
    bool const writes = kind_ != text_kind::reads;
    if (kind_ == text_kind::savepoint) {
        if (!parameters.empty())
            throw std::invalid_argument("a statement has another number of parameters");
        auto answer = on_.run_savepoint(text_.c_str());
        if (is_failed(answer))
            on_.fail(answer.get(), false, false);
        return answer;
    }
    on_.require_usable();
    for (bool again = false;; again = true) {
        if (!is_ready())
            make_ready();
        bool const alone = on_.is_idle();
        auto answer = on_.run(known_, bind(parameters), writes);
        if (kind_ == text_kind::forgets)
            on_.forget_all();
        if (!is_failed(answer)) [[likely]]
            return answer;
        bool const repeat = alone && !again && is_stale_plan(answer.get());
        try {
            on_.fail(answer.get(), alone, writes);
        } catch (error const&) {
            if (!repeat)
                throw;
        }
    }
}

std::int64_t statement::execute(std::span<value const> parameters)
{
    return rows_matched(run(parameters).get());
}

std::optional<std::int64_t> statement::insert(std::span<value const> parameters)
{
    auto const answer = run(parameters);
    if (rows_matched(answer.get()) == 0)
        return {};
    if (PQntuples(answer.get()) != 1 || known_.columns.size() != 1)
        throw std::logic_error("an INSERT that shall answer its key returns nothing");
    std::string made;
    std::string_view const data{PQgetvalue(answer.get(), 0, 0),
                                static_cast<std::size_t>(PQgetlength(answer.get(), 0, 0))};
    auto const key = decode(data, known_.columns[0].travels, known_.columns[0].name.c_str(), made);
    return key.holds_integer() ? std::optional{key.integer()} : std::optional<std::int64_t>{0};
}

std::span<value const> statement::first(std::span<value const> parameters)
{
    rows_ = run(parameters);
    next_row_ = 0;
    return next();
}

std::span<value const> statement::next()
{
    if (!rows_ || next_row_ >= PQntuples(rows_.get())) {
        rows_.reset();
        return {};
    }
    for (std::size_t i = 0; i < row_.size(); ++i)
        row_[i] = read(i);
    ++next_row_;
    return row_;
}

value statement::read(std::size_t column)
{
    auto const index = static_cast<int>(column);
    if (PQgetisnull(rows_.get(), next_row_, index) != 0)
        return {};
    auto const& of = known_.columns[column];
    std::string_view const data{
        PQgetvalue(rows_.get(), next_row_, index),
        static_cast<std::size_t>(PQgetlength(rows_.get(), next_row_, index))};
    return decode(data, of.travels, of.name.c_str(), made_[column]);
}

void statement::reset() noexcept
{
    rows_.reset();
}

std::string_view statement::column_name(std::size_t index) const
{
    if (index >= known_.columns.size())
        throw std::out_of_range("a statement has no such column");
    return known_.columns[index].name;
}

}  // namespace tiebreak::postgres
