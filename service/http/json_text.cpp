#include "service/http/json_text.hpp"

#include "service/http/json.hpp"
#include "service/http/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace tiebreak::service::http {

namespace {

void append_escaped(std::string& to, unsigned char c)
{
    static constexpr char digits[] = "0123456789abcdef";
    switch (c) {
    case '"': to += "\\\""; return;
    case '\\': to += "\\\\"; return;
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default: break;
    }
    to += "\\u00";
    to += digits[c >> 4U];
    to += digits[c & 15U];
}

template <class Number>
void append_number(std::string& to, Number number)
{
    std::array<char, 32> text{};
    auto const [end, failure] = std::to_chars(text.data(), text.data() + text.size(), number);
    static_cast<void>(failure);  // 32 characters hold every number
    to.append(text.data(), end);
}

// Two digits at a place of a text.
std::optional<unsigned> two_digits(std::string_view text, std::size_t at) noexcept
{
    if (at + 2 > text.size())
        return std::nullopt;
    unsigned number = 0;
    for (std::size_t i = at; i < at + 2; ++i) {
        if (text[i] < '0' || text[i] > '9')
            return std::nullopt;
        number = number * 10 + static_cast<unsigned>(text[i] - '0');
    }
    return number;
}

void append_two(std::string& to, unsigned number)
{
    to += static_cast<char>('0' + number / 10 % 10);
    to += static_cast<char>('0' + number % 10);
}

}  // namespace

namespace detail {

void append_json(std::string& to, std::string_view text)
{
    to.reserve(to.size() + text.size() + 2);
    to += '"';
    std::size_t copied = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        auto const c = static_cast<unsigned char>(text[at]);
        if (c >= ' ' && c != '"' && c != '\\' && c < 0x80) {
            ++at;
            continue;
        }
        auto const length = c < 0x80 ? 0 : utf8_sequence(text.substr(at));
        if (length > 0) {
            at += length;
            continue;
        }
        to.append(text, copied, at - copied);
        if (c < 0x80)
            append_escaped(to, c);
        else
            to += "\xEF\xBF\xBD";
        copied = ++at;
    }
    to.append(text, copied);
    to += '"';
}

void append_json(std::string& to, std::int64_t number)
{
    append_number(to, number);
}

void append_json(std::string& to, std::uint64_t number)
{
    append_number(to, number);
}

void append_json(std::string& to, double number)
{
    if (std::isfinite(number))
        append_number(to, number);
    else
        to += "null";
}

void append_json(std::string& to, time_point when)
{
    to += '"';
    to += rfc3339(when);
    to += '"';
}

void append_json(std::string& to, json_object const& object)
{
    to += object.text_;
    to += '}';
}

void append_json(std::string& to, json_array const& array)
{
    to += array.text_;
    to += ']';
}

void append_json(std::string& to, json_value const& value)
{
    to += text_of(value);
}

}  // namespace detail

void json_object::begin(std::string_view name)
{
    if (text_.size() > 1)
        text_ += ',';
    detail::append_json(text_, name);
    text_ += ':';
}

json_object& json_object::append(json_object const& more) &
{
    if (more.is_empty())
        return *this;
    if (text_.size() > 1)
        text_ += ',';
    text_.append(more.text_, 1);
    return *this;
}

std::string json_object::take() &&
{
    text_ += '}';
    return std::move(text_);
}

std::string json_object::str() const
{
    return text_ + '}';
}

std::string json_array::take() &&
{
    text_ += ']';
    return std::move(text_);
}

std::string rfc3339(time_point when)
{
    auto const day = std::chrono::floor<std::chrono::days>(when);
    std::chrono::year_month_day const date{day};
    auto const micros = static_cast<std::uint64_t>((when - day).count());
    auto const year = static_cast<int>(date.year());
    std::string text;
    text.reserve(28);
    append_two(text, static_cast<unsigned>(year / 100));
    append_two(text, static_cast<unsigned>(year % 100));
    text += '-';
    append_two(text, static_cast<unsigned>(date.month()));
    text += '-';
    append_two(text, static_cast<unsigned>(date.day()));
    text += 'T';
    auto const seconds = static_cast<unsigned>(micros / 1'000'000);
    append_two(text, seconds / 3600);
    text += ':';
    append_two(text, seconds / 60 % 60);
    text += ':';
    append_two(text, seconds % 60);
    text += '.';
    auto const fraction = static_cast<unsigned>(micros % 1'000'000);
    append_two(text, fraction / 10'000);
    append_two(text, fraction / 100);
    append_two(text, fraction);
    text += 'Z';
    return text;
}

std::optional<time_point> parse_rfc3339(std::string_view text) noexcept
{
    using namespace std::chrono;
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] | ' ') != 't' ||
        text[13] != ':' || text[16] != ':')
        return std::nullopt;
    auto const century = two_digits(text, 0);
    auto const year_of = two_digits(text, 2);
    auto const month_of = two_digits(text, 5);
    auto const day_of = two_digits(text, 8);
    auto const hour = two_digits(text, 11);
    auto const minute = two_digits(text, 14);
    auto const second = two_digits(text, 17);
    if (!century || !year_of || !month_of || !day_of || !hour || !minute || !second || *hour > 23 ||
        *minute > 59 || *second > 59)
        return std::nullopt;
    year_month_day const date{
        year{static_cast<int>(*century * 100 + *year_of)}, month{*month_of}, day{*day_of}};
    if (!date.ok())
        return std::nullopt;
    std::size_t at = 19;
    microseconds fraction{0};
    if (text[at] == '.') {
        std::int64_t scale = 1'000'000;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9' && scale > 1; ++at)
            fraction += microseconds{(text[at] - '0') * (scale /= 10)};
        if (scale == 1'000'000)
            return std::nullopt;
    }
    auto const rest = text.substr(at);
    minutes offset{0};
    if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
        auto const hours_of = two_digits(rest, 1);
        auto const minutes_of = two_digits(rest, 4);
        if (!hours_of || !minutes_of || *hours_of > 23 || *minutes_of > 59)
            return std::nullopt;
        offset = minutes{*hours_of * 60 + *minutes_of};
        if (rest[0] == '-')
            offset = -offset;
    } else if (rest != "Z" && rest != "z") {
        return std::nullopt;
    }
    time_point const when = time_point{sys_days{date}} + hours{*hour} + minutes{*minute} +
                            seconds{*second} + fraction - offset;
    bool const has_four_digits = when >= time_point{sys_days{year{0} / January / 1}} &&
                                 when < time_point{sys_days{year{10'000} / January / 1}};
    return has_four_digits ? std::optional{when} : std::nullopt;
}

}  // namespace tiebreak::service::http
