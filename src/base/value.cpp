// Values for people.
#include <tiebreak/value.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace tiebreak {

namespace {

std::string shortest(double number)
{
    std::array<char, 32> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return {text.data(), end};
}

std::string iso_8601(std::int64_t us_since_1970)
{
    using namespace std::chrono;
    time_point const at{microseconds{us_since_1970}};
    auto const day = floor<days>(at);
    // year_month_day wraps silently outside of its years.
    constexpr sys_days first{year::min() / January / 1};
    constexpr sys_days last{year::max() / December / 31};
    if (day < first || day > last)
        return std::to_string(us_since_1970) + " us since 1970";

    year_month_day const date{day};
    hh_mm_ss const time{at - day};
    std::array<char, 64> text{};
    auto const length = std::snprintf(text.data(),
                                      text.size(),
                                      "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                                      static_cast<int>(date.year()),
                                      static_cast<unsigned>(date.month()),
                                      static_cast<unsigned>(date.day()),
                                      static_cast<int>(time.hours().count()),
                                      static_cast<int>(time.minutes().count()),
                                      static_cast<int>(time.seconds().count()),
                                      static_cast<int>(time.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string to_string(value v)
{
    switch (v.kind()) {
    case value_kind::null: return "NULL";
    case value_kind::boolean: return v.integer() != 0 ? "true" : "false";
    case value_kind::integer: return std::to_string(v.integer());
    case value_kind::real: return shortest(v.real());
    case value_kind::text: return std::string{v.text()};
    case value_kind::bytes: return std::to_string(v.bytes().size()) + " bytes";
    case value_kind::time: return iso_8601(v.integer());
    }
    return {};
}

}  // namespace tiebreak
