#include "base/url.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace tiebreak::base {

namespace {

constexpr std::size_t password_max = 4096;

[[noreturn]] void refuse(std::string const& why)
{
    throw std::invalid_argument(why);
}

int hexadecimal(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decoded(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        int const high = i + 2 < text.size() ? hexadecimal(text[i + 1]) : -1;
        int const low = i + 2 < text.size() ? hexadecimal(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            refuse("in a URL % is followed by two hexadecimal digits: write %25 for % itself");
        auto const c = static_cast<char>(high * 16 + low);
        if (c == '\0')
            refuse("the URL holds a NUL byte");
        result += c;
        i += 2;
    }
    return result;
}

std::pair<std::string, std::string> host_and_port(std::string_view text)
{
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        if (end == std::string_view::npos)
            refuse("an address in brackets is not closed: [::1]:5432");
        auto const rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':')
            refuse("after an address in brackets comes a colon and the port: [::1]:5432");
        return {std::string{text.substr(1, end - 1)},
                std::string{rest.substr(rest.empty() ? 0 : 1)}};
    }
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return {decoded(text), {}};
    auto port = decoded(text.substr(colon + 1));
    if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }))
        refuse("a port is a number; in user and password write %3A for : and %40 for @, %2F for /");
    return {decoded(text.substr(0, colon)), std::move(port)};
}

void parse_authority(url& into, std::string_view text)
{
    if (auto const at = text.rfind('@'); at != std::string_view::npos) {
        auto const user = text.substr(0, at);
        auto const colon = user.find(':');
        if (auto name = decoded(user.substr(0, colon)); !name.empty())
            into.user = std::move(name);
        if (colon != std::string_view::npos)
            into.password = decoded(user.substr(colon + 1));
        text.remove_prefix(at + 1);
    }
    while (!text.empty()) {
        auto const one = text.substr(0, text.find(','));
        into.hosts.push_back(host_and_port(one));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
    }
}

void parse_parameters(url& into, std::string_view text)
{
    while (!text.empty()) {
        auto const pair = text.substr(0, text.find('&'));
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos)
            refuse("a URL parameter is written name=value");
        into.parameters.emplace_back(decoded(pair.substr(0, equals)),
                                     decoded(pair.substr(equals + 1)));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
    }
}

// Where the value after the next "password=" begins, whatever its case; npos when there is none.
std::size_t find_password_parameter(std::string_view text, std::size_t from)
{
    constexpr std::string_view name = "password=";
    auto const rest = text.substr(from);
    auto const is_same = [](char any, char lower) {
        return any == lower || (any >= 'A' && any <= 'Z' && any - 'A' + 'a' == lower);
    };
    auto const found = std::search(rest.begin(), rest.end(), name.begin(), name.end(), is_same);
    return found == rest.end() ? std::string_view::npos
                               : static_cast<std::size_t>(found - text.begin()) + name.size();
}

// A password may hold characters that should have been encoded, '/' and '?' for example: rather
// mask too much than show the rest of it.
std::string mask_user_info(std::string_view text)
{
    auto const scheme = text.find("://");
    if (scheme == std::string_view::npos)
        return std::string{text};
    auto const start = scheme + 3;
    auto const end = text.find_first_of("/?", start);
    auto const colon = text.substr(0, end).find(':', start);
    auto at = text.substr(0, end).rfind('@');
    if (at == std::string_view::npos)
        at = text.rfind('@');
    if (colon == std::string_view::npos || at == std::string_view::npos || colon > at)
        return std::string{text};
    return std::string{text.substr(0, colon + 1)} + "***" + std::string{text.substr(at)};
}

}  // namespace

url parse_url(std::string_view text)
{
    url result;
    if (text.find('\0') != std::string_view::npos)
        refuse("the URL holds a NUL byte");
    auto const colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0)
        refuse("a database URL begins with its engine, for example sqlite:shop.db or "
               "postgresql://user@host/database");
    result.scheme = text.substr(0, colon);
    auto rest = text.substr(colon + 1);
    auto const question = rest.find('?');
    if (question != std::string_view::npos)
        parse_parameters(result, rest.substr(question + 1));
    rest = rest.substr(0, question);
    result.path = rest;
    if (!rest.starts_with("//"))
        return result;
    rest.remove_prefix(2);
    auto const slash = rest.find('/');
    parse_authority(result, rest.substr(0, slash));
    if (slash != std::string_view::npos)
        result.database = decoded(rest.substr(slash + 1));
    return result;
}

std::string masked(std::string_view text)
{
    auto shown = mask_user_info(text);
    auto const question = std::min(shown.find('?'), shown.size());
    for (auto start = find_password_parameter(shown, question); start != std::string::npos;
         start = find_password_parameter(shown, start))
        shown.replace(start, std::min(shown.find('&', start), shown.size()) - start, "***");
    return shown;
}

std::optional<std::string> take(url_parameters& from, std::string_view name)
{
    std::optional<std::string> found;
    std::erase_if(from, [&](auto& one) {
        if (one.first != name)
            return false;
        found = std::move(one.second);
        return true;
    });
    return found;
}

std::string password_in_file(std::string const& path)
{
    std::ifstream file(path);
    std::string line(password_max + 1, '\0');
    file.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    line.resize(std::min(line.find_first_of("\r\n"), line.size()));
    if (line.empty() || line.size() > password_max)
        refuse("the password file " + path +
               " cannot be read, has an empty first line or one above 4096 bytes");
    return line;
}

}  // namespace tiebreak::base
