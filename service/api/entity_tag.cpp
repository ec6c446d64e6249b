#include "service/api/entity_tag.hpp"

#include "service/http/problem.hpp"
#include "service/http/trimmed.hpp"

#include <charconv>
#include <vector>

namespace tiebreak::service::api {

namespace {

struct tag {
    bool is_weak = false;
    std::string_view text{};  // between the quotes
};

// The tags of a list; empty when it is none.
std::optional<std::vector<tag>> tags_in(std::string_view list)
{
    std::vector<tag> all;
    for (list = http::trimmed(list); !list.empty(); list = http::trimmed(list)) {
        tag one;
        if (list.starts_with("W/")) {
            one.is_weak = true;
            list.remove_prefix(2);
        }
        auto const end = list.find('"', 1);
        if (list.empty() || list.front() != '"' || end == std::string_view::npos)
            return std::nullopt;
        one.text = list.substr(1, end - 1);
        all.push_back(one);
        list = http::trimmed(list.substr(end + 1));
        if (list.empty())
            return all;
        if (list.front() != ',')
            return std::nullopt;
        list.remove_prefix(1);
    }
    return std::nullopt;
}

// A version's one canonical form: no sign, no zero before it.
std::optional<version> version_in(std::string_view text)
{
    std::int64_t number = 0;
    auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || end != text.data() + text.size() ||
        text != std::to_string(number) || number < 0)
        return std::nullopt;
    return version{number};
}

}  // namespace

std::string entity_tag(version of)
{
    return '"' + std::to_string(of.value()) + '"';
}

std::optional<version> expected_version(http::request const& asked)
{
    auto const field = asked.find_header("If-Match");
    if (!field || *field == "*")
        throw http::refusal(http::problem("precondition-required",
                                          "send the ETag of the version the change is based on: "
                                          "If-Match: \"7\""));
    auto const tags = tags_in(*field);
    if (!tags || tags->size() != 1 || asked.count_headers("If-Match") != 1)
        throw http::refusal(http::problem(
            "invalid-request", "If-Match takes one entity tag in quotes, as ETag gave it"));
    if (tags->front().is_weak)
        return std::nullopt;
    return version_in(tags->front().text);
}

bool has_already(http::request const& asked, version current)
{
    for (auto const& field : asked.headers) {
        if (!http::equals_ignoring_case(field.name, "If-None-Match"))
            continue;
        if (field.value == "*")
            return true;
        if (auto const tags = tags_in(field.value))
            for (auto const& each : *tags)
                if (version_in(each.text) == current)
                    return true;
    }
    return false;
}

}  // namespace tiebreak::service::api
