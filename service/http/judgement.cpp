#include "service/http/judgement.hpp"

#include "service/http/media_type.hpp"
#include "service/http/problem.hpp"

#include <algorithm>
#include <utility>

namespace tiebreak::service::http {

namespace {

response options(std::string allow)
{
    return empty(204).set("Allow", std::move(allow));
}

// Why the route does not read this body.
std::optional<response> objection_to_body(route const& of, request const& asked)
{
    if (asked.method == request_method::get || asked.method == request_method::head)
        return answer(problem("invalid-request", "this method has no body"));
    if (!accepts(of.options.body_types, asked))
        return answer(problem("unsupported-media-type"));
    return std::nullopt;
}

}  // namespace

judgement judge(router const& routes,
                limits const& within,
                std::string_view method,
                head_facts const& facts,
                request& asked)
{
    judgement made{.found = nullptr, .instead = {}, .body_bytes_max = within.body_bytes};
    auto const known = parse_method(method);
    asked.method = known.value_or(request_method::get);
    if (asked.path == "*") {
        made.instead = options(routes.allow_of_all());
        return made;
    }
    auto match =
        routes.match(known.value_or(request_method::options), asked.path, asked.path_parameters);
    if (match.found == nullptr) {
        if (match.allow.empty())
            made.instead = answer(problem("not-found"));
        else if (known == request_method::options)
            made.instead = options(std::move(match.allow));
        else
            made.instead =
                answer(problem("method-not-allowed").set_header("Allow", std::move(match.allow)));
        return made;
    }
    asked.route = match.found->pattern;
    if (match.found->options.body_bytes_max > 0)
        made.body_bytes_max = std::min(within.body_bytes, match.found->options.body_bytes_max);
    if (facts.has_body())
        made.instead = objection_to_body(*match.found, asked);
    if (!made.instead)
        made.found = match.found;
    return made;
}

}  // namespace tiebreak::service::http
