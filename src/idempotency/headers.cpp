#include "idempotency/headers.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::detail {

namespace {

constexpr std::string_view between = ": ";

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_allowed(std::string_view name, std::vector<std::string> const& allowed)
{
    return std::ranges::any_of(allowed, [&](std::string const& one) {
        return std::ranges::equal(one, name, {}, {}, lower);
    });
}

void refuse_split(answer_header const& header)
{
    constexpr std::string_view ends{"\r\n\0", 3};
    if (header.name.empty() || header.name.find(':') != std::string::npos ||
        header.name.find_first_of(ends) != std::string::npos ||
        header.value.find_first_of(ends) != std::string::npos)
        throw std::invalid_argument("a header of an answer has a line's end in it, or no name");
}

}  // namespace

std::string packed(std::vector<answer_header> const& headers,
                   std::vector<std::string> const& allowed)
{
    std::vector<answer_header> kept;
    for (auto const& one : headers) {
        refuse_split(one);
        if (is_allowed(one.name, allowed))
            kept.push_back(one);
    }
    return packed_all(kept);
}

std::string packed_all(std::vector<answer_header> const& headers)
{
    std::string text;
    for (auto const& one : headers)
        (((text += one.name) += between) += one.value) += '\n';
    return text;
}

std::vector<answer_header> unpacked(std::string_view text)
{
    std::vector<answer_header> headers;
    while (!text.empty()) {
        auto const line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        auto const colon = line.find(between);
        if (colon == std::string_view::npos)
            continue;
        headers.push_back(
            {std::string{line.substr(0, colon)}, std::string{line.substr(colon + between.size())}});
    }
    return headers;
}

}  // namespace tiebreak::detail
