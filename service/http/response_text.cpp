#include "service/http/response_text.hpp"

#include <array>
#include <chrono>
#include <ctime>

namespace tiebreak::service::http {

namespace {

void append_field(std::string& to, std::string_view name, std::string_view value)
{
    to += name;
    to += ": ";
    to += value;
    to += "\r\n";
}

// A page may load its own script and style and be framed by nobody.
constexpr std::string_view page_policy =
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

}  // namespace

void append_head(std::string& to, response const& of, response_frame const& frame)
{
    to += "HTTP/1.1 ";
    to += std::to_string(of.status);
    to += ' ';
    to += reason_of(of.status);
    to += "\r\n";
    append_field(to, "Date", frame.date);
    if (of.status != 204 && of.status != 304) {
        if (!of.content_type.empty())
            append_field(to, "Content-Type", of.content_type);
        append_field(to, "Content-Length", std::to_string(of.body.size()));
    }
    append_field(to, "X-Request-Id", frame.request_id);
    append_field(to, "X-Content-Type-Options", "nosniff");
    for (auto const& [name, value] : of.headers)
        append_field(to, name, value);
    if (of.find("Cache-Control") == nullptr)
        append_field(to, "Cache-Control", "no-store");
    if (of.content_type.starts_with("text/html")) {
        append_field(to, "Referrer-Policy", "no-referrer");
        if (of.find("Content-Security-Policy") == nullptr)
            append_field(to, "Content-Security-Policy", page_policy);
    }
    if (frame.closes)
        append_field(to, "Connection", "close");
    to += "\r\n";
}

std::string http_date(long long seconds_since_1970)
{
    auto const seconds = static_cast<std::time_t>(seconds_since_1970);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    static constexpr std::array<std::string_view, 7> days{
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 40> rest{};
    auto const size = std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT", &parts);
    std::string text{days[static_cast<std::size_t>(parts.tm_wday)]};
    text += parts.tm_mday < 10 ? ", 0" : ", ";
    text += std::to_string(parts.tm_mday);
    text += ' ';
    text += months[static_cast<std::size_t>(parts.tm_mon)];
    text.append(rest.data(), size);
    return text;
}

std::string refusal_text(response const& of, response_frame const& frame)
{
    std::string text;
    append_head(text, of, frame);
    return text + of.body;
}

}  // namespace tiebreak::service::http
