#include "service/http/run_handler.hpp"

#include <tiebreak/log.hpp>

#include "service/http/failure.hpp"

#include <array>
#include <exception>
#include <string>

namespace tiebreak::service::http {

namespace {

void log_failure(request const& asked, char const* what, std::string_view server_message)
{
    std::array const fields{log_field{"route", asked.route},
                            log_field{"request_id", asked.id},
                            log_field{"what", what},
                            log_field{"server_message", server_message}};
    log(log_level::error, "request_failed", fields);
}

}  // namespace

response run_handler(route const& of, request& asked) noexcept
try {
    return of.handler(asked);

} catch (error const& failure) {
    auto const what = problem_of(failure);
    if (what.kind().status == 500)
        log_failure(asked, failure.what(), failure.server_message());
    return answer(what);

} catch (refusal const& refused) {

    return answer(refused.what_happened());

} catch (std::exception const& failure) {

    log_failure(asked, failure.what(), {});
    return answer(problem("internal-error"));

} catch (...) {

    log_failure(asked, "an exception of unknown type", {});
    return answer(problem("internal-error"));
}

}  // namespace tiebreak::service::http
