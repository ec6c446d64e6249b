#include "service/api/tenants.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <span>
#include <stdexcept>

namespace tiebreak::service::api {

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::size_t tenant_bytes_max = 100;
constexpr std::size_t token_bytes_max = 4096;
constexpr std::size_t token_random_bytes = 32;
constexpr std::string_view hex_digits = "0123456789abcdef";

std::array<std::uint8_t, 32> sha256(std::string_view of)
{
    std::array<std::uint8_t, 32> made{};
    if (EVP_Digest(of.data(), of.size(), made.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available");
    return made;
}

std::string hex(std::span<std::uint8_t const> bytes)
{
    std::string text;
    for (auto const byte : bytes) {
        text += hex_digits[byte >> 4U];
        text += hex_digits[byte & 15U];
    }
    return text;
}

std::optional<std::array<std::uint8_t, 32>> hash_in(std::string_view text)
{
    std::array<std::uint8_t, 32> made{};
    if (text.size() != 2 * made.size())
        return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const lower = text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i];
        auto const digit = hex_digits.find(static_cast<char>(lower));
        if (digit == std::string_view::npos)
            return std::nullopt;
        made[i / 2] = static_cast<std::uint8_t>(made[i / 2] * 16U + digit);
    }
    return made;
}

bool is_tenant_name(std::string_view name)
{
    return !name.empty() && name.size() <= tenant_bytes_max &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view without_spaces_around(std::string_view text)
{
    auto const blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

}  // namespace

tenants::tenants(std::string_view file_text)
{
    for (std::size_t number = 1; !file_text.empty(); ++number) {
        auto const end = std::min(file_text.find('\n'), file_text.size());
        auto const line = without_spaces_around(file_text.substr(0, end));
        file_text.remove_prefix(std::min(end + 1, file_text.size()));
        if (!line.empty() && line.front() != '#')
            add_line(line, number);
    }
    if (entries_.empty())
        throw std::invalid_argument("the token file lets nobody in: it has no line TENANT HASH");
}

void tenants::add_line(std::string_view line, std::size_t number)
{
    auto const space = line.find_first_of(" \t");
    auto const name = line.substr(0, space);
    auto const digits =
        space == std::string_view::npos ? "" : without_spaces_around(line.substr(space));
    auto const token = hash_in(digits);
    if (!is_tenant_name(name) || !token)
        throw std::invalid_argument("line " + std::to_string(number) +
                                    " of the token file is not TENANT HASH, with 64 hexadecimal "
                                    "digits of SHA-256");
    auto const same = [&](entry const& one) { return one.token == *token; };
    if (std::ranges::any_of(entries_, same))
        throw std::invalid_argument("line " + std::to_string(number) +
                                    " of the token file repeats the token of another line");
    entries_.push_back({std::string{name}, *token});
}

tenants tenants::from_file(std::string const& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file && text.empty())
        throw std::invalid_argument("the token file '" + path + "' cannot be read");
    if (text.size() > file_bytes_max)
        throw std::invalid_argument("the token file '" + path + "' is larger than 1 MiB");
    return tenants(text);
}

std::optional<std::string> tenants::tenant_of(std::string_view token) const
{
    if (token.empty() || token.size() > token_bytes_max)
        return std::nullopt;
    auto const asked = sha256(token);
    entry const* found = nullptr;
    for (auto const& one : entries_)
        if (CRYPTO_memcmp(one.token.data(), asked.data(), asked.size()) == 0)
            found = &one;
    return found != nullptr ? std::optional{found->tenant} : std::nullopt;
}

std::vector<std::string> tenants::names() const
{
    std::vector<std::string> all;
    for (auto const& one : entries_)
        all.push_back(one.tenant);
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

new_token make_token(std::string_view tenant)
{
    if (!is_tenant_name(tenant))
        throw std::invalid_argument(
            "a tenant's name has 1 to 100 printable ASCII characters and no space");
    std::array<std::uint8_t, token_random_bytes> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        throw std::runtime_error("this machine gives no random numbers");
    auto token = "tb_" + hex(random);
    auto line = std::string{tenant} + " " + hex(sha256(token));
    return {std::move(token), std::move(line)};
}

}  // namespace tiebreak::service::api
