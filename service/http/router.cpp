#include "service/http/router.hpp"

#include "service/http/utf8.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace tiebreak::service::http {

namespace {

constexpr std::size_t method_count = 7;
constexpr std::size_t segments_max = 16;

// A path cut at its slashes, behind the first.
struct segments {
    std::array<std::string_view, segments_max> at{};
    std::size_t count = 0;
};

std::optional<segments> cut(std::string_view path)
{
    if (path.empty() || path.front() != '/')
        return std::nullopt;
    path.remove_prefix(1);
    segments made;
    for (;;) {
        if (made.count == segments_max)
            return std::nullopt;
        auto const slash = path.find('/');
        made.at[made.count++] = path.substr(0, slash);
        if (slash == std::string_view::npos)
            return made;
        path.remove_prefix(slash + 1);
    }
}

bool is_parameter(std::string_view segment) noexcept
{
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::string_view inner(std::string_view segment) noexcept
{
    return segment.substr(1, segment.size() - 2);
}

int digit_of(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

constexpr std::size_t no_route = static_cast<std::size_t>(-1);

}  // namespace

// All methods of one pattern.
struct router::path_pattern {
    std::string text;
    std::vector<std::string> segments;
    std::array<std::size_t, method_count> by_method{};  // index into routes_, or no_route

    [[nodiscard]] bool matches(http::segments const& path) const
    {
        if (path.count != segments.size())
            return false;
        for (std::size_t i = 0; i < path.count; ++i) {
            if (is_parameter(segments[i])) {
                if (path.at[i].empty())
                    return false;
            } else if (segments[i] != path.at[i]) {
                if (path.at[i].find('%') == std::string_view::npos ||
                    percent_decoded(path.at[i]) != segments[i])
                    return false;
            }
        }
        return true;
    }

    // The same literals, and parameters in the same places, whatever their names.
    [[nodiscard]] bool has_shape_of(http::segments const& other) const
    {
        return std::equal(segments.begin(),
                          segments.end(),
                          other.at.begin(),
                          other.at.begin() + static_cast<std::ptrdiff_t>(other.count),
                          [](std::string_view a, std::string_view b) {
                              return a == b || (is_parameter(a) && is_parameter(b));
                          });
    }

    [[nodiscard]] bool has(request_method method) const noexcept
    {
        return by_method[static_cast<std::size_t>(method)] != no_route;
    }

    [[nodiscard]] std::string allow() const
    {
        std::string made;
        for (std::size_t i = 0; i < method_count; ++i) {
            auto const method = static_cast<request_method>(i);
            bool const is_there = has(method) || method == request_method::options ||
                                  (method == request_method::head && has(request_method::get));
            if (is_there)
                made += (made.empty() ? "" : ", ") + std::string{name_of(method)};
        }
        return made;
    }
};

router::router() = default;
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;
router::~router() = default;

router&
router::add(request_method method, std::string pattern, handler answers, route_options options)
{
    auto const parts = cut(pattern);
    if (!parts || !answers)
        throw std::invalid_argument("not a route: " + pattern);
    if (method == request_method::head || method == request_method::options)
        throw std::invalid_argument("HEAD and OPTIONS need no route: " + pattern);
    auto known = std::find_if(patterns_.begin(), patterns_.end(), [&](auto const& one) {
        return one.has_shape_of(*parts);
    });
    if (known != patterns_.end() && known->text != pattern)
        throw std::invalid_argument(pattern + " and " + known->text + " are the same route");
    if (known == patterns_.end()) {
        path_pattern made{.text = pattern, .segments = {}, .by_method = {}};
        made.by_method.fill(no_route);
        for (std::size_t i = 0; i < parts->count; ++i)
            made.segments.emplace_back(parts->at[i]);
        // A literal sorts before a parameter, so the first that matches is the most exact.
        auto const before = [](path_pattern const& a, path_pattern const& b) {
            return std::lexicographical_compare(
                a.segments.begin(),
                a.segments.end(),
                b.segments.begin(),
                b.segments.end(),
                [](auto const& x, auto const& y) { return !is_parameter(x) && is_parameter(y); });
        };
        known = patterns_.insert(std::upper_bound(patterns_.begin(), patterns_.end(), made, before),
                                 std::move(made));
    }
    auto& place = known->by_method[static_cast<std::size_t>(method)];
    if (place != no_route)
        throw std::invalid_argument("this route is there already: " + pattern);
    place = routes_.size();
    routes_.push_back({.method = method,
                       .pattern = std::move(pattern),
                       .handler = std::move(answers),
                       .options = std::move(options),
                       .number = place});
    return *this;
}

std::vector<route> const& router::routes() const noexcept
{
    return routes_;
}

route_match
router::match(request_method method, std::string_view path, std::vector<named_text>& to) const
{
    to.clear();
    auto const parts = cut(path);
    if (!parts)
        return {};
    auto const found = std::find_if(
        patterns_.begin(), patterns_.end(), [&](auto const& one) { return one.matches(*parts); });
    if (found == patterns_.end())
        return {};
    for (std::size_t i = 0; i < parts->count; ++i) {
        if (!is_parameter(found->segments[i]))
            continue;
        auto decoded = percent_decoded(parts->at[i]);
        if (!decoded)
            return {};
        to.push_back(
            {.name = std::string{inner(found->segments[i])}, .value = *std::move(decoded)});
    }
    if (method == request_method::head && !found->has(method))
        method = request_method::get;
    auto const number = found->by_method[static_cast<std::size_t>(method)];
    if (number == no_route)
        return {.found = nullptr, .allow = found->allow()};
    return {.found = &routes_[number], .allow = {}};
}

std::string router::allow_of_all() const
{
    path_pattern all{.text = {}, .segments = {}, .by_method = {}};
    all.by_method.fill(no_route);
    for (auto const& one : routes_)
        all.by_method[static_cast<std::size_t>(one.method)] = one.number;
    return all.allow();
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space)
{
    std::string made;
    made.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            made += ' ';
        } else if (text[i] == '%') {
            int const high = i + 1 < text.size() ? digit_of(text[i + 1]) : -1;
            int const low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return std::nullopt;
            made += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            made += text[i];
        }
    }
    if (!is_utf8(made) || made.find('\0') != std::string::npos)
        return std::nullopt;
    return made;
}

std::optional<std::vector<named_text>> parse_query(std::string_view raw)
{
    std::vector<named_text> made;
    while (!raw.empty()) {
        auto const end = std::min(raw.find('&'), raw.size());
        auto const part = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (part.empty())
            continue;
        auto const equals = std::min(part.find('='), part.size());
        auto name = percent_decoded(part.substr(0, equals), true);
        auto value = percent_decoded(part.substr(std::min(equals + 1, part.size())), true);
        if (!name || !value)
            return std::nullopt;
        made.push_back({.name = *std::move(name), .value = *std::move(value)});
    }
    return made;
}

}  // namespace tiebreak::service::http
