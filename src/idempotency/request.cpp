// Fingerprints, and keys as clients spell them.
#include <tiebreak/idempotent_request.hpp>

#include <algorithm>

namespace tiebreak {

namespace {

constexpr std::size_t key_bytes_max = 255;

bool is_printable(char c) noexcept
{
    return c >= ' ' && c <= '~';
}

std::string_view trimmed(std::string_view text) noexcept
{
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// What stands between the quotes of an RFC 8941 string; empty when it is none.
std::optional<std::string> unquoted(std::string_view text)
{
    if (text.size() < 2 || text.back() != '"')
        return std::nullopt;
    text = text.substr(1, text.size() - 2);
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"')
            return std::nullopt;
        if (text[i] == '\\') {
            ++i;
            if (i == text.size() || (text[i] != '"' && text[i] != '\\'))
                return std::nullopt;
        }
        plain += text[i];
    }
    return plain;
}

}  // namespace

sha256_digest fingerprint_of(request_content const& content)
{
    return sha256_of_fields{}
        .add(content.method)
        .add(content.path)
        .add(content.query)
        .add(content.content_type)
        .add(content.body)
        .finish();
}

std::optional<std::string> parse_idempotency_key(std::string_view header_value)
{
    auto const text = trimmed(header_value);
    auto key = text.starts_with('"') ? unquoted(text) : std::optional{std::string{text}};
    if (!key || key->empty() || key->size() > key_bytes_max ||
        !std::ranges::all_of(*key, is_printable))
        return std::nullopt;
    return key;
}

}  // namespace tiebreak
