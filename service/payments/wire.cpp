// See wire.hpp.
#include "service/payments/wire.hpp"

namespace tiebreak::service::payments {

namespace {

template <class IsPlain>
std::string percent_encoded(std::string_view text, IsPlain is_plain)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (char const letter : text) {
        if (is_plain(letter)) {
            encoded += letter;
            continue;
        }
        auto const byte = static_cast<unsigned char>(letter);
        encoded += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
    return encoded;
}

bool is_letter_or_digit(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

}  // namespace

std::string path_of(std::string_view payment_key)
{
    std::string path{payments_path};
    path += '/';
    path += percent_encoded(payment_key, [](char letter) {
        return is_letter_or_digit(letter) || letter == '-' || letter == '_' || letter == '~';
    });
    return path;
}

std::string header_value_of(std::string_view key)
{
    return percent_encoded(key, [](char letter) {
        return letter > ' ' && letter <= '~' && letter != '%' && letter != '"' && letter != '\\';
    });
}

}  // namespace tiebreak::service::payments
