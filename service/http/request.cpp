#include "service/http/request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace tiebreak::service::http {

namespace {

constexpr std::array<std::string_view, 7> method_names{
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view name_of(request_method method) noexcept
{
    auto const at = static_cast<std::size_t>(method);
    return at < method_names.size() ? method_names[at] : "unknown";
}

std::optional<request_method> parse_method(std::string_view word) noexcept
{
    for (std::size_t i = 0; i < method_names.size(); ++i)
        if (method_names[i] == word)
            return static_cast<request_method>(i);
    return std::nullopt;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return lower(x) == lower(y);
           });
}

std::string const& request::parameter(std::string_view name) const
{
    for (auto const& one : path_parameters)
        if (one.name == name)
            return one.value;
    throw std::logic_error("the route has no parameter '" + std::string{name} + "'");
}

std::optional<std::int64_t> request::integer_parameter(std::string_view name) const
{
    auto const& text = parameter(name);
    std::int64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size() ||
        text != std::to_string(number))
        return std::nullopt;
    return number;
}

std::string const* request::find_query(std::string_view name) const noexcept
{
    for (auto const& one : query)
        if (one.name == name)
            return &one.value;
    return nullptr;
}

std::optional<std::string_view> request::find_header(std::string_view name) const noexcept
{
    for (auto const& field : headers)
        if (equals_ignoring_case(field.name, name))
            return field.value;
    return std::nullopt;
}

std::size_t request::count_headers(std::string_view name) const noexcept
{
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(), [&](auto const& field) {
            return equals_ignoring_case(field.name, name);
        }));
}

std::chrono::milliseconds request::time_left() const noexcept
{
    auto const left = deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds{0});
}

retry_policy request::within(retry_policy policy) const noexcept
{
    if (deadline == std::chrono::steady_clock::time_point::max())
        return policy;
    auto const left = std::max(time_left(), std::chrono::milliseconds{1});
    policy.deadline = policy.deadline.count() == 0 ? left : std::min(policy.deadline, left);
    return policy;
}

}  // namespace tiebreak::service::http
