#include "cli/listen_address.hpp"

#include "cli/commands.hpp"

#include <charconv>

namespace tiebreak::cli {

bool listen_address::is_loopback() const
{
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string listen_address::url(std::uint16_t given_port) const
{
    auto const shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return "http://" + shown + ":" + std::to_string(given_port);
}

listen_address parse_listen_address(std::string const& text)
{
    auto const colon = text.rfind(':');
    listen_address made;
    bool fine = colon != std::string::npos && colon > 0 && colon + 1 < text.size();
    if (fine) {
        made.host = text.substr(0, colon);
        bool const is_in_brackets = made.host.front() == '[' && made.host.back() == ']';
        if (is_in_brackets)
            made.host = made.host.substr(1, made.host.size() - 2);
        auto const* const end = text.data() + text.size();
        auto const parsed = std::from_chars(text.data() + colon + 1, end, made.port);
        fine = parsed.ec == std::errc{} && parsed.ptr == end && !made.host.empty() &&
               is_in_brackets == (made.host.find(':') != std::string::npos);
    }
    if (!fine)
        throw usage_error("--listen must be HOST:PORT, for example 127.0.0.1:8080; port 0 is any "
                          "that is free");
    return made;
}

}  // namespace tiebreak::cli
