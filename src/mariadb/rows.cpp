#include "mariadb/rows.hpp"

#include <tiebreak/error.hpp>

#include <charconv>
#include <chrono>
#include <limits>

namespace tiebreak::mariadb {

namespace {

// Texts longer than this are fetched a second time, into a place of their size.
constexpr std::size_t first_capacity = 256;
constexpr unsigned int binary_charset = 63;
constexpr std::size_t bits_bytes_max = 8;

[[noreturn]] void refuse(MYSQL_FIELD const& field, char const* why)
{
    std::string_view const name{field.name, field.name_length};
    throw error(errc::backend_failure, "the column " + std::string{name} + ' ' + why)
        .seen_in(phase::in_transaction);
}

[[noreturn]] void refuse_row(MYSQL_STMT* from)
{
    throw error(
        errc::backend_failure, "a row could not be read", std::string(mysql_stmt_error(from)))
        .seen_in(phase::in_transaction);
}

[[nodiscard]] value decimal(std::string_view text, bool is_whole, MYSQL_FIELD const& field)
{
    auto const* const last = text.data() + text.size();
    if (is_whole) {
        std::int64_t number = 0;
        auto const [end, wrong] = std::from_chars(text.data(), last, number);
        if (wrong != std::errc{} || end != last)
            refuse(field, "holds a number outside of 64 bits");
        return value{number};
    }
    double number = 0;
    auto const [end, wrong] = std::from_chars(text.data(), last, number);
    if (wrong != std::errc{} || end != last)
        refuse(field, "holds a number that cannot be read");
    return value{number};
}

[[nodiscard]] value bits(std::string_view bytes, MYSQL_FIELD const& field)
{
    std::uint64_t number = 0;
    for (char const byte : bytes)
        number = (number << 8U) | static_cast<unsigned char>(byte);
    if (bytes.size() > bits_bytes_max ||
        number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        refuse(field, "holds a number above 9223372036854775807");
    return value{static_cast<std::int64_t>(number)};
}

[[nodiscard]] value time(MYSQL_TIME const& from, MYSQL_FIELD const& field)
{
    using namespace std::chrono;
    year_month_day const date{year{static_cast<int>(from.year)}, month{from.month}, day{from.day}};
    if (!date.ok())
        refuse(field, "holds a time that does not exist");
    return value{time_point{sys_days{date} + hours{from.hour} + minutes{from.minute} +
                            seconds{from.second} + microseconds{from.second_part}}};
}

}  // namespace

void rows::shape_of(column& to, MYSQL_FIELD const& field)
{
    to.is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
    switch (field.type) {
    case MYSQL_TYPE_NULL: to.is = shape::null; return;
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_YEAR: to.is = shape::integer; return;
    case MYSQL_TYPE_FLOAT: to.is = shape::single; return;
    case MYSQL_TYPE_DOUBLE: to.is = shape::real; return;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        to.is = shape::decimal;
        to.is_whole = field.decimals == 0;
        return;
    case MYSQL_TYPE_BIT: to.is = shape::bits; return;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP: to.is = shape::time; return;
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_ENUM:
    case MYSQL_TYPE_SET:
    case MYSQL_TYPE_JSON:
        to.is = field.charsetnr == binary_charset ? shape::bytes : shape::text;
        return;
    default: refuse(field, "has a type that is not supported");
    }
}

void rows::bind(column& to, MYSQL_BIND& bind)
{
    bind = {};
    bind.is_null = &to.is_null;
    bind.error = &to.is_cut;
    bind.length = &to.length;
    switch (to.is) {
    case shape::null: bind.buffer_type = MYSQL_TYPE_NULL; return;
    case shape::integer:
        bind.buffer_type = MYSQL_TYPE_LONGLONG;
        bind.is_unsigned = to.is_unsigned ? 1 : 0;
        bind.buffer = &to.integer;
        return;
    case shape::real:
        bind.buffer_type = MYSQL_TYPE_DOUBLE;
        bind.buffer = &to.real;
        return;
    case shape::single:
        bind.buffer_type = MYSQL_TYPE_FLOAT;
        bind.buffer = &to.single;
        return;
    case shape::time:
        bind.buffer_type = MYSQL_TYPE_DATETIME;
        bind.buffer = &to.time;
        bind.buffer_length = sizeof to.time;
        return;
    case shape::bits:
    case shape::bytes: bind.buffer_type = MYSQL_TYPE_LONG_BLOB; break;
    case shape::decimal:
    case shape::text: bind.buffer_type = MYSQL_TYPE_STRING; break;
    }
    if (to.bytes.size() < first_capacity)
        to.bytes.resize(first_capacity);
    bind.buffer = to.bytes.data();
    bind.buffer_length = static_cast<unsigned long>(to.bytes.size());
}

bool rows::take(MYSQL_STMT* from)
{
    auto const count = mysql_stmt_field_count(from);
    auto const* const fields = mariadb_stmt_fetch_fields(from);
    if (mysql_stmt_store_result(from) != 0)
        return false;
    columns_.resize(count);
    binds_.resize(count);
    row_.resize(count);
    for (unsigned int i = 0; i < count; ++i) {
        shape_of(columns_[i], fields[i]);
        bind(columns_[i], binds_[i]);
    }
    return mysql_stmt_bind_result(from, binds_.data()) == 0;
}

std::span<value const> rows::next(MYSQL_STMT* from)
{
    int const answer = mysql_stmt_fetch(from);
    if (answer == MYSQL_NO_DATA)
        return {};
    if (answer != 0 && answer != MYSQL_DATA_TRUNCATED)
        refuse_row(from);
    auto const* const fields = mariadb_stmt_fetch_fields(from);
    bool has_grown = false;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto const& one = columns_[i];
        if (one.length > one.bytes.size() && one.is_null == 0 && !one.bytes.empty()) [[unlikely]] {
            fetch_rest(from, i);
            has_grown = true;
        }
        row_[i] = decode(one, fields[i]);
    }
    // not before all of the row is here: the client forgets where its columns are
    if (has_grown && mysql_stmt_bind_result(from, binds_.data()) != 0) [[unlikely]]
        refuse_row(from);
    return row_;
}

void rows::fetch_rest(MYSQL_STMT* from, std::size_t index)
{
    auto& one = columns_[index];
    one.bytes.resize(one.length);
    bind(one, binds_[index]);
    if (mysql_stmt_fetch_column(from, &binds_[index], static_cast<unsigned int>(index), 0) != 0)
        refuse_row(from);
}

value rows::decode(column const& from, MYSQL_FIELD const& field) const
{
    if (from.is_null != 0)
        return value{};
    std::string_view const content{from.bytes.data(),
                                   from.bytes.empty() ? 0 : static_cast<std::size_t>(from.length)};
    switch (from.is) {
    case shape::null: break;
    case shape::integer:
        if (from.is_unsigned && from.integer < 0)
            refuse(field, "holds a number above 9223372036854775807");
        return value{from.integer};
    case shape::real: return value{from.real};
    case shape::single: return value{static_cast<double>(from.single)};
    case shape::decimal: return decimal(content, from.is_whole, field);
    case shape::bits: return bits(content, field);
    case shape::time: return time(from.time, field);
    case shape::text: return value{content};
    case shape::bytes: return value{std::as_bytes(std::span{content})};
    }
    return value{};
}

}  // namespace tiebreak::mariadb
