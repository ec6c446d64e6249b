#include "service/http/utf8.hpp"

namespace tiebreak::service::http {

namespace {

constexpr bool is_between(unsigned char c, unsigned least, unsigned most) noexcept
{
    return c >= least && c <= most;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) noexcept
{
    auto const byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    auto const is_tail = [&](std::size_t i) {
        return is_between(static_cast<unsigned char>(byte(i)), 0x80, 0xBF);
    };
    auto const first = static_cast<unsigned char>(byte(0));
    auto const second = static_cast<unsigned char>(byte(1));
    if (text.empty())
        return 0;
    if (first < 0x80)
        return 1;
    if (is_between(first, 0xC2, 0xDF))
        return is_tail(1) ? 2 : 0;
    if (is_between(first, 0xE0, 0xEF)) {
        unsigned const least = first == 0xE0 ? 0xA0 : 0x80;
        unsigned const most = first == 0xED ? 0x9F : 0xBF;
        return is_between(second, least, most) && is_tail(2) ? 3 : 0;
    }
    if (is_between(first, 0xF0, 0xF4)) {
        unsigned const least = first == 0xF0 ? 0x90 : 0x80;
        unsigned const most = first == 0xF4 ? 0x8F : 0xBF;
        return is_between(second, least, most) && is_tail(2) && is_tail(3) ? 4 : 0;
    }
    return 0;
}

bool is_utf8(std::string_view text) noexcept
{
    while (!text.empty()) {
        auto const length = utf8_sequence(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace tiebreak::service::http
