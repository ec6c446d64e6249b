#include "service/http/media_type.hpp"

#include "service/http/trimmed.hpp"

#include <algorithm>

namespace tiebreak::service::http {

namespace {

// Of the parameters only the charset means something, and only UTF-8 is JSON.
bool are_parameters_known(std::string_view parameters) noexcept
{
    while (!parameters.empty()) {
        parameters.remove_prefix(1);  // the semicolon
        auto const end = std::min(parameters.find(';'), parameters.size());
        auto const one = trimmed(parameters.substr(0, end));
        parameters.remove_prefix(end);
        if (one.empty())
            continue;
        if (!equals_ignoring_case(one, "charset=utf-8") &&
            !equals_ignoring_case(one, "charset=\"utf-8\""))
            return false;
    }
    return true;
}

}  // namespace

bool accepts(std::vector<std::string> const& types, request const& asked) noexcept
{
    auto const coding = asked.find_header("Content-Encoding");
    if (coding && !equals_ignoring_case(*coding, "identity"))
        return false;
    auto const given = asked.find_header("Content-Type");
    if (!given)
        return false;
    auto const end = std::min(given->find(';'), given->size());
    auto const type = trimmed(given->substr(0, end));
    return std::any_of(types.begin(),
                       types.end(),
                       [&](auto const& one) { return equals_ignoring_case(one, type); }) &&
           are_parameters_known(given->substr(end));
}

}  // namespace tiebreak::service::http
