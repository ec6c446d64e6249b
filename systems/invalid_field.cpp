/// \file
/// A strict UTF-8 check: no overlong forms, no surrogates, nothing above U+10FFFF, no NUL.
#include "systems/invalid_field.hpp"

#include <cstdint>

namespace tiebreak::systems {

namespace {

struct lead {
    std::size_t length;   // of the whole character; 0: none starts with this byte
    std::uint32_t bits;   // what the first byte says of it
    std::uint32_t least;  // the smallest character that needs this length
};

lead lead_of(unsigned char byte)
{
    if (byte < 0x80)
        return {1, byte, 1};
    if ((byte & 0xE0) == 0xC0)
        return {2, byte & 0x1Fu, 0x80};
    if ((byte & 0xF0) == 0xE0)
        return {3, byte & 0x0Fu, 0x800};
    if ((byte & 0xF8) == 0xF0)
        return {4, byte & 0x07u, 0x10000};
    return {0, 0, 0};
}

// The length of the valid character that starts here; 0: none does.
std::size_t character_length(std::string_view text)
{
    auto const first = lead_of(static_cast<unsigned char>(text.front()));
    if (first.length == 0 || first.length > text.size())
        return 0;
    std::uint32_t character = first.bits;
    for (std::size_t i = 1; i < first.length; ++i) {
        auto const byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0) != 0x80)
            return 0;
        character = character << 6 | (byte & 0x3Fu);
    }
    bool const is_surrogate = character >= 0xD800 && character <= 0xDFFF;
    return character < first.least || character > 0x10FFFF || is_surrogate ? 0 : first.length;
}

}  // namespace

bool is_storable_text(std::string_view text, std::size_t bytes_max) noexcept
{
    if (text.size() > bytes_max)
        return false;
    while (!text.empty()) {
        auto const length = character_length(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace tiebreak::systems
