// Encoding parameters, decoding columns.
#include "postgres/types.hpp"

#include <tiebreak/error.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace tiebreak::postgres {

namespace {

struct known_type {
    type_id id;
    shape travels;
};

// From the server's catalogue (pg_type.dat): these numbers never change.
constexpr std::array known_types{
    known_type{16, shape::boolean},      // boolean
    known_type{17, shape::bytes},        // bytea
    known_type{18, shape::text},         // "char"
    known_type{19, shape::text},         // name
    known_type{20, shape::int8},         // bigint
    known_type{21, shape::int2},         // smallint
    known_type{23, shape::int4},         // integer
    known_type{25, shape::text},         // text
    known_type{26, shape::oid},          // oid
    known_type{114, shape::text},        // json
    known_type{142, shape::text},        // xml
    known_type{700, shape::float4},      // real
    known_type{701, shape::float8},      // double precision
    known_type{705, shape::text},        // unknown
    known_type{1042, shape::text},       // character
    known_type{1043, shape::text},       // character varying
    known_type{1082, shape::date},       // date
    known_type{1114, shape::timestamp},  // timestamp
    known_type{1184, shape::timestamp},  // timestamp with time zone
    known_type{1700, shape::numeric},    // numeric
    known_type{2278, shape::nothing},    // void
    known_type{2950, shape::uuid},       // uuid
    known_type{3802, shape::jsonb},      // jsonb
};

constexpr std::int64_t microseconds_to_2000 = 946'684'800'000'000;
constexpr std::int64_t microseconds_a_day = 86'400'000'000;
constexpr std::int64_t days_to_2000 = microseconds_to_2000 / microseconds_a_day;
constexpr auto int64_max = std::numeric_limits<std::int64_t>::max();
constexpr auto int64_min = std::numeric_limits<std::int64_t>::min();

// The longest value that the server takes is 1 GiB - 1.
constexpr std::size_t bytes_max = (std::size_t{1} << 30U) - 1;

[[noreturn]] void refuse(char const* sentence, std::size_t number, shape to)
{
    throw error(errc::constraint_violated,
                sentence,
                "parameter $" + std::to_string(number) + " (" + std::string{name_of(to)} + ")");
}

[[noreturn]] void refuse_kind(std::size_t number, shape to)
{
    refuse("a value does not fit the type of its column", number, to);
}

[[noreturn]] void refuse_range(std::size_t number, shape to)
{
    refuse(to == shape::timestamp || to == shape::date
               ? "a time is outside of the range of its column"
               : "a number is outside of the range of its column",
           number,
           to);
}

template <class Unsigned>
void put(Unsigned v, parameter& out)
{
    for (std::size_t i = 0; i < sizeof v; ++i)
        out.space[i] = static_cast<char>(v >> (8 * (sizeof v - 1 - i)));
    out.data = out.space.data();
    out.size = sizeof v;
    out.format = 1;
}

template <class Unsigned>
[[nodiscard]] Unsigned take(std::string_view from) noexcept
{
    Unsigned v = 0;
    for (std::size_t i = 0; i < sizeof v && i < from.size(); ++i)
        v = static_cast<Unsigned>(v << 8) | static_cast<unsigned char>(from[i]);
    return v;
}

template <class Integer>
void put_integer(value const& v, shape to, std::size_t number, parameter& out)
{
    if (v.kind() != value_kind::integer && v.kind() != value_kind::boolean)
        refuse_kind(number, to);
    if (!std::in_range<Integer>(v.integer()))
        refuse_range(number, to);
    put(static_cast<std::make_unsigned_t<Integer>>(v.integer()), out);
}

// libpq measures text parameters by their NUL byte; only binary ones have a size.
template <class Number>
void put_text(Number v, parameter& out)
{
    auto const [end, wrong] = std::to_chars(out.space.data(), out.space.data() + 31, v);
    static_cast<void>(wrong);  // the longest are 24 characters
    *end = '\0';
    out.data = out.space.data();
    out.format = 0;
}

void put_bytes(value const& v, shape to, std::size_t number, parameter& out)
{
    auto const content = v.text();
    if (content.size() > bytes_max)
        refuse("a value is too large", number, to);
    if (v.kind() == value_kind::text && to != shape::bytes &&
        content.find('\0') != std::string_view::npos)
        refuse("a text holds a NUL byte, which PostgreSQL cannot store", number, to);
    out.data = content.data() == nullptr ? "" : content.data();
    out.size = static_cast<int>(content.size());
    out.format = 1;
}

[[nodiscard]] double real_in(value const& v, shape to, std::size_t number)
{
    if (v.kind() == value_kind::real)
        return v.real();
    if (v.kind() != value_kind::integer)
        refuse_kind(number, to);
    auto const number_as_real = static_cast<double>(v.integer());
    constexpr double beyond = 9223372036854775808.0;  // 2^63
    if (number_as_real >= beyond || static_cast<std::int64_t>(number_as_real) != v.integer())
        refuse_range(number, to);
    return number_as_real;
}

void put_real(value const& v, shape to, std::size_t number, parameter& out)
{
    double const exact = real_in(v, to, number);
    if (to == shape::float8)
        return put(std::bit_cast<std::uint64_t>(exact), out);
    auto const rounded = static_cast<float>(exact);
    if (std::isinf(rounded) && !std::isinf(exact))
        refuse_range(number, to);
    put(std::bit_cast<std::uint32_t>(rounded), out);
}

void put_numeric(value const& v, std::size_t number, parameter& out)
{
    if (v.kind() == value_kind::integer)
        return put_text(v.integer(), out);
    if (v.kind() != value_kind::real)
        refuse_kind(number, shape::numeric);
    if (std::isfinite(v.real()))
        return put_text(v.real(), out);
    out.data = std::isnan(v.real()) ? "NaN" : v.real() > 0 ? "Infinity" : "-Infinity";
    out.format = 0;
}

void put_time(value const& v, shape to, std::size_t number, parameter& out)
{
    if (v.kind() != value_kind::time)
        refuse_kind(number, to);
    if (v.integer() < int64_min + microseconds_to_2000 + 1)
        refuse_range(number, to);  // the lowest one means -infinity
    auto const since_2000 = v.integer() - microseconds_to_2000;
    if (to == shape::timestamp)
        return put(static_cast<std::uint64_t>(since_2000), out);
    if (since_2000 % microseconds_a_day != 0)
        refuse("a time of day does not fit a date", number, to);
    put(static_cast<std::uint32_t>(since_2000 / microseconds_a_day), out);
}

[[noreturn]] void unreadable(char const* column, std::string_view why)
{
    throw error(errc::backend_failure,
                "the column " + std::string{column} + " " + std::string{why});
}

[[nodiscard]] value decode_timestamp(std::string_view data, char const* column)
{
    auto const since_2000 = static_cast<std::int64_t>(take<std::uint64_t>(data));
    if (since_2000 == int64_max || since_2000 == int64_min)
        unreadable(column, "holds an infinite time, which cannot be read");
    if (since_2000 > int64_max - microseconds_to_2000)
        unreadable(column, "holds a time that is too late to be read");
    return value{time_point{std::chrono::microseconds{since_2000 + microseconds_to_2000}}};
}

[[nodiscard]] value decode_date(std::string_view data, char const* column)
{
    auto const since_2000 = static_cast<std::int32_t>(take<std::uint32_t>(data));
    if (since_2000 == std::numeric_limits<std::int32_t>::max() ||
        since_2000 == std::numeric_limits<std::int32_t>::min())
        unreadable(column, "holds an infinite date, which cannot be read");
    // the last years that a date can have are too late for microseconds
    auto const days = since_2000 + days_to_2000;
    if (days > int64_max / microseconds_a_day)
        unreadable(column, "holds a date that is too late to be read");
    return value{time_point{std::chrono::microseconds{days * microseconds_a_day}}};
}

// Sign, weight and digits to the base of 10000, most significant first.
[[nodiscard]] std::string decimal(std::string_view data)
{
    auto const part = [&](std::size_t i) { return take<std::uint16_t>(data.substr(2 * i)); };
    constexpr std::uint16_t negative = 0x4000;
    int const digits = part(0);
    int const weight = static_cast<std::int16_t>(part(1));
    int const scale = part(3);
    auto const group = [&](int i) -> std::string {
        auto const at = weight - i;  // groups are numbered by their power of 10000
        auto const found = at >= 0 && at < digits ? part(4 + static_cast<std::size_t>(at)) : 0;
        auto text = std::to_string(found);
        return std::string(4 - text.size(), '0') + text;
    };
    std::string text;
    for (int i = weight; i >= 0; --i)
        text += group(i);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
    if (text.empty())
        text = "0";
    if (scale > 0) {
        std::string fraction;
        for (int i = -1; static_cast<int>(fraction.size()) < scale; --i)
            fraction += group(i);
        fraction.resize(static_cast<std::size_t>(scale));
        (text += '.') += fraction;
    }
    return part(2) == negative ? "-" + text : text;
}

[[nodiscard]] value decode_numeric(std::string_view data, char const* column)
{
    constexpr std::uint16_t special = 0xC000;
    auto const sign = take<std::uint16_t>(data.substr(4));
    if ((sign & special) == special)
        unreadable(column, "holds a number that is infinite or not a number");
    auto const text = decimal(data);
    if (take<std::uint16_t>(data.substr(6)) == 0) {
        std::int64_t whole = 0;
        auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), whole);
        if (wrong != std::errc{})
            unreadable(column, "holds a number outside of 64 bits");
        return value{whole};
    }
    double real = 0;
    auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), real);
    if (wrong != std::errc{})
        unreadable(column, "holds a number that does not fit a double");
    return value{real};
}

void write_uuid(std::string_view data, std::string& out)
{
    constexpr char const* digits = "0123456789abcdef";
    for (std::size_t i = 0; i < data.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out += '-';
        auto const byte = static_cast<unsigned char>(data[i]);
        out += digits[byte >> 4U];
        out += digits[byte & 0xfU];
    }
}

}  // namespace

std::optional<shape> shape_of(type_id type) noexcept
{
    for (auto const& one : known_types)
        if (one.id == type)
            return one.travels;
    return {};
}

std::string_view name_of(shape which) noexcept
{
    switch (which) {
    case shape::boolean: return "boolean";
    case shape::int2: return "smallint";
    case shape::int4: return "integer";
    case shape::int8: return "bigint";
    case shape::oid: return "oid";
    case shape::float4: return "real";
    case shape::float8: return "double precision";
    case shape::numeric: return "numeric";
    case shape::text: return "text";
    case shape::bytes: return "bytea";
    case shape::timestamp: return "timestamp";
    case shape::date: return "date";
    case shape::uuid: return "uuid";
    case shape::jsonb: return "jsonb";
    case shape::nothing: return "void";
    case shape::other: return "another type";
    }
    return "unknown";
}

void encode(value const& v, shape to, std::size_t number, parameter& out)
{
    if (v.is_null()) {
        out.data = nullptr;
        out.size = 0;
        return;
    }
    if (v.holds_bytes() && (to == shape::text || to == shape::bytes)) {
        if (to == shape::text && v.kind() == value_kind::bytes)
            refuse_kind(number, to);
        return put_bytes(v, to, number, out);
    }
    if (v.kind() == value_kind::text) {
        // the server reads it as it would read a literal
        put_bytes(v, to, number, out);
        out.copy = v.text();
        out.data = out.copy.c_str();
        out.format = 0;
        return;
    }
    switch (to) {
    case shape::boolean:
        if (v.kind() != value_kind::boolean && v.kind() != value_kind::integer)
            refuse_kind(number, to);
        if (v.integer() != 0 && v.integer() != 1)
            refuse_range(number, to);
        return put(static_cast<std::uint8_t>(v.integer()), out);
    case shape::int2: return put_integer<std::int16_t>(v, to, number, out);
    case shape::int4: return put_integer<std::int32_t>(v, to, number, out);
    case shape::int8: return put_integer<std::int64_t>(v, to, number, out);
    case shape::oid: return put_integer<std::uint32_t>(v, to, number, out);
    case shape::float4:
    case shape::float8: return put_real(v, to, number, out);
    case shape::numeric: return put_numeric(v, number, out);
    case shape::timestamp:
    case shape::date: return put_time(v, to, number, out);
    case shape::text:
    case shape::bytes:
    case shape::uuid:
    case shape::jsonb:
    case shape::nothing:
    case shape::other: refuse_kind(number, to);
    }
}

value decode(std::string_view data, shape from, char const* column, std::string& made)
{
    switch (from) {
    case shape::boolean: return value{!data.empty() && data.front() != 0};
    case shape::int2:
        return value{
            static_cast<std::int64_t>(static_cast<std::int16_t>(take<std::uint16_t>(data)))};
    case shape::int4:
        return value{
            static_cast<std::int64_t>(static_cast<std::int32_t>(take<std::uint32_t>(data)))};
    case shape::int8: return value{static_cast<std::int64_t>(take<std::uint64_t>(data))};
    case shape::oid: return value{static_cast<std::int64_t>(take<std::uint32_t>(data))};
    case shape::float4:
        return value{static_cast<double>(std::bit_cast<float>(take<std::uint32_t>(data)))};
    case shape::float8: return value{std::bit_cast<double>(take<std::uint64_t>(data))};
    case shape::numeric: return decode_numeric(data, column);
    case shape::text: return value{data};
    case shape::bytes: return value{std::as_bytes(std::span{data})};
    case shape::timestamp: return decode_timestamp(data, column);
    case shape::date: return decode_date(data, column);
    case shape::uuid:
        made.clear();
        write_uuid(data, made);
        return value{std::string_view{made}};
    case shape::jsonb: return value{data.substr(1)};  // after the version of the format
    case shape::nothing: return value{};
    case shape::other: break;
    }
    unreadable(column, "has a type that cannot be read: cast it to text");
}

}  // namespace tiebreak::postgres
