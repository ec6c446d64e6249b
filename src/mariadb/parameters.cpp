#include "mariadb/parameters.hpp"

#include <tiebreak/error.hpp>

#include <chrono>
#include <stdexcept>

namespace tiebreak::mariadb {

namespace {

constexpr int first_year = 1;
constexpr int last_year = 9999;

// A number or a time, or the length before bytes; its type; whether it is NULL.
constexpr std::size_t bytes_of_a_value = 16;

[[nodiscard]] void* pointer_to(value const& v) noexcept
{
    // a null pointer would bind NULL
    auto const* const data = v.text().data();
    return const_cast<char*>(data == nullptr ? "" : data);
}

[[nodiscard]] enum_field_types type_of(value_kind kind) noexcept
{
    switch (kind) {
    case value_kind::null: return MYSQL_TYPE_NULL;
    case value_kind::boolean:
    case value_kind::integer: return MYSQL_TYPE_LONGLONG;
    case value_kind::real: return MYSQL_TYPE_DOUBLE;
    case value_kind::text: return MYSQL_TYPE_STRING;
    case value_kind::bytes: return MYSQL_TYPE_LONG_BLOB;
    case value_kind::time: return MYSQL_TYPE_DATETIME;
    }
    return MYSQL_TYPE_NULL;
}

}  // namespace

MYSQL_TIME to_server_time(std::int64_t microseconds)
{
    using namespace std::chrono;
    sys_time<std::chrono::microseconds> const at{std::chrono::microseconds{microseconds}};
    auto const day = floor<days>(at);
    year_month_day const date{day};
    int const year{date.year()};
    if (year < first_year || year > last_year || !date.ok())
        throw error(errc::constraint_violated, "a time is outside of the years 1 to 9999");
    hh_mm_ss const time{at - day};
    MYSQL_TIME result{};
    result.year = static_cast<unsigned int>(year);
    result.month = static_cast<unsigned int>(date.month());
    result.day = static_cast<unsigned int>(date.day());
    result.hour = static_cast<unsigned int>(time.hours().count());
    result.minute = static_cast<unsigned int>(time.minutes().count());
    result.second = static_cast<unsigned int>(time.seconds().count());
    result.second_part = static_cast<unsigned long>(time.subseconds().count());
    result.time_type = MYSQL_TIMESTAMP_DATETIME;
    return result;
}

std::size_t size_in_message(std::span<value const> values) noexcept
{
    std::size_t bytes = 0;
    for (value const v : values)
        bytes += bytes_of_a_value + (v.holds_bytes() ? v.text().size() : 0);
    return bytes;
}

void parameters::point(std::size_t index, enum_field_types type, void* to)
{
    auto& bind = binds_[index];
    if (bind.buffer_type == type && bind.buffer == to && bind.is_null != nullptr) [[likely]]
        return;
    auto& mine = slots_[index];
    bind = {};
    bind.buffer_type = type;
    bind.buffer = to;
    bind.length = &mine.length;
    bind.is_null = &mine.is_null;
    bound_ = false;
}

void parameters::bind(MYSQL_STMT* to, std::span<value const> values)
{
    if (values.size() != slots_.size()) [[unlikely]]
        throw std::invalid_argument("a statement has another number of parameters");
    for (std::size_t i = 0; i < values.size(); ++i) {
        value const v = values[i];
        auto& mine = slots_[i];
        mine.is_null = v.is_null() ? 1 : 0;
        auto const type = type_of(v.kind());
        switch (v.kind()) {
        case value_kind::null:
            if (binds_[i].is_null == nullptr)
                point(i, type, &mine.integer);  // else the type of the last value will do
            break;
        case value_kind::boolean:
        case value_kind::integer:
            mine.integer = v.integer();
            point(i, type, &mine.integer);
            break;
        case value_kind::real:
            mine.real = v.real();
            point(i, type, &mine.real);
            break;
        case value_kind::time:
            mine.time = to_server_time(v.integer());
            point(i, type, &mine.time);
            break;
        case value_kind::text:
        case value_kind::bytes:
            mine.length = static_cast<unsigned long>(v.text().size());
            point(i, type, pointer_to(v));
            break;
        }
    }
    if (bound_)
        return;
    if (!binds_.empty() && mysql_stmt_bind_param(to, binds_.data()) != 0)
        throw error(errc::backend_failure,
                    "a parameter could not be bound",
                    std::string(mysql_stmt_error(to)));
    bound_ = true;
}

// --- many rows
// ------------------------------------------------------------------------------------
value_kind parameter_table::class_of(value v) noexcept
{
    return v.kind() == value_kind::boolean ? value_kind::integer : v.kind();
}

bool parameter_table::accepts(std::span<value const> values) const noexcept
{
    if (values.size() != used_)
        return false;
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto const kind = class_of(values[i]);
        auto const of_column = columns_[i].kind;
        if (kind != of_column && kind != value_kind::null && of_column != value_kind::null)
            return false;
    }
    return true;
}

void parameter_table::clear(std::size_t columns)
{
    if (columns_.size() < columns)
        columns_.resize(columns);
    used_ = columns;
    rows_ = 0;
    bytes_ = 0;
    for (auto& one : columns_) {
        one.kind = value_kind::null;
        one.integers.clear();
        one.reals.clear();
        one.bytes.clear();
        one.ends.clear();
        one.indicators.clear();
    }
}

void parameter_table::add(std::span<value const> values)
{
    for (std::size_t i = 0; i < values.size(); ++i) {
        value const v = values[i];
        auto& to = columns_[i];
        auto const kind = class_of(v);
        if (to.kind == value_kind::null && kind != value_kind::null) {
            // the rows before were NULL: something has to stand in their places
            to.kind = kind;
            to.integers.resize(v.holds_integer() ? rows_ : 0);
            to.reals.resize(kind == value_kind::real ? rows_ : 0);
            to.ends.resize(v.holds_bytes() ? rows_ : 0);
        }
        to.indicators.push_back(
            static_cast<char>(v.is_null() ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE));
        switch (to.kind) {
        case value_kind::null: break;
        case value_kind::boolean:
        case value_kind::integer:
        case value_kind::time: to.integers.push_back(v.is_null() ? 0 : v.integer()); break;
        case value_kind::real: to.reals.push_back(v.is_null() ? 0 : v.real()); break;
        case value_kind::text:
        case value_kind::bytes:
            if (!v.is_null())
                to.bytes += v.text();
            to.ends.push_back(to.bytes.size());
            break;
        }
    }
    bytes_ += size_in_message(values);
    ++rows_;
}

value parameter_table::value_in(column const& of, std::size_t row) noexcept
{
    if (of.indicators[row] == STMT_INDICATOR_NULL)
        return value{};
    switch (of.kind) {
    case value_kind::null: return value{};
    case value_kind::boolean:
    case value_kind::integer: return value{of.integers[row]};
    case value_kind::real: return value{of.reals[row]};
    case value_kind::time: return value{time_point{std::chrono::microseconds{of.integers[row]}}};
    case value_kind::text:
    case value_kind::bytes: break;
    }
    auto const start = row == 0 ? 0 : of.ends[row - 1];
    auto const content = std::string_view{of.bytes}.substr(start, of.ends[row] - start);
    return of.kind == value_kind::text ? value{content} : value{std::as_bytes(std::span{content})};
}

std::span<value const> parameter_table::row(std::size_t index)
{
    row_.resize(used_);
    for (std::size_t i = 0; i < used_; ++i)
        row_[i] = value_in(columns_[i], index);
    return row_;
}

void parameter_table::bind(column& from, MYSQL_BIND& to)
{
    to = {};
    to.buffer_type = type_of(from.kind);
    to.u.indicator = from.indicators.data();
    from.pointers.clear();
    from.lengths.clear();
    switch (from.kind) {
    case value_kind::null: to.buffer = from.indicators.data(); return;  // not looked at
    case value_kind::boolean:
    case value_kind::integer: to.buffer = from.integers.data(); return;
    case value_kind::real: to.buffer = from.reals.data(); return;
    case value_kind::time:
        from.times.clear();
        for (auto const each : from.integers)
            from.times.push_back(to_server_time(each));
        for (auto& each : from.times)
            from.pointers.push_back(&each);
        break;
    case value_kind::text:
    case value_kind::bytes:
        for (std::size_t row = 0, start = 0; row < from.ends.size(); start = from.ends[row++]) {
            from.pointers.push_back(from.bytes.data() + start);
            from.lengths.push_back(static_cast<unsigned long>(from.ends[row] - start));
        }
        to.length = from.lengths.data();
        break;
    }
    to.buffer = from.pointers.data();
}

void parameter_table::bind(MYSQL_STMT* to)
{
    binds_.resize(used_);
    for (std::size_t i = 0; i < used_; ++i)
        bind(columns_[i], binds_[i]);
    auto const count = static_cast<unsigned int>(rows_);
    if (mysql_stmt_attr_set(to, STMT_ATTR_ARRAY_SIZE, &count) != 0 ||
        mysql_stmt_bind_param(to, binds_.data()) != 0)
        throw error(errc::backend_failure,
                    "the parameters of many rows could not be bound",
                    std::string(mysql_stmt_error(to)));
}

}  // namespace tiebreak::mariadb
