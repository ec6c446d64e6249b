#include "service/http/response.hpp"

#include "service/http/request.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::service::http {

namespace {

response with_body(int status, std::string_view content_type, std::string body)
{
    response made;
    made.status = status;
    made.content_type = content_type;
    made.body = std::move(body);
    return made;
}

bool is_token(std::string_view name) noexcept
{
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view value) noexcept
{
    return std::none_of(value.begin(), value.end(), [](char c) {
        auto const byte = static_cast<unsigned char>(c);
        return (byte < ' ' && byte != '\t') || byte == 0x7F;
    });
}

}  // namespace

response& response::set(std::string_view name, std::string value) &
{
    if (!is_token(name) || !is_field_value(value))
        throw std::invalid_argument("a header field of a response has characters it must not have");
    for (auto& [known, current] : headers)
        if (equals_ignoring_case(known, name)) {
            current = std::move(value);
            return *this;
        }
    headers.emplace_back(name, std::move(value));
    return *this;
}

response&& response::set(std::string_view name, std::string value) &&
{
    return std::move(set(name, std::move(value)));
}

std::string const* response::find(std::string_view name) const noexcept
{
    for (auto const& [known, value] : headers)
        if (equals_ignoring_case(known, name))
            return &value;
    return nullptr;
}

response json(int status, json_object&& body)
{
    return with_body(status, "application/json", std::move(body).take());
}

response json(int status, json_array&& body)
{
    return with_body(status, "application/json", std::move(body).take());
}

response json_from_text(int status, std::string text)
{
    return with_body(status, "application/json", std::move(text));
}

response plain_text(int status, std::string text)
{
    return with_body(status, "text/plain; charset=utf-8", std::move(text));
}

response html(int status, std::string text)
{
    return with_body(status, "text/html; charset=utf-8", std::move(text));
}

response empty(int status)
{
    response made;
    made.status = status;
    return made;
}

std::string_view reason_of(int status) noexcept
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
    }
}

}  // namespace tiebreak::service::http
