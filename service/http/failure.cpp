#include "service/http/failure.hpp"

namespace tiebreak::service::http {

namespace {

problem_slug slug_of(error const& failure)
{
    switch (failure.code()) {
    case errc::stale_version: return "conflict";
    case errc::precondition_failed: return "stale-version";
    case errc::not_found: return "not-found";
    case errc::already_exists: return "already-exists";
    case errc::constraint_violated: return "constraint-violated";
    case errc::transaction_aborted: return "transaction-aborted";
    case errc::lock_timeout: return "lock-timeout";
    case errc::unavailable: return "unavailable";
    case errc::commit_unknown: return "commit-unknown";
    case errc::deadline_exceeded: return "deadline-exceeded";
    case errc::attempts_exhausted: return "attempts-exhausted";
    case errc::lease_lost: return "lease-lost";
    case errc::version_exhausted:
    case errc::unsupported:
    case errc::unsafe_settings:
    case errc::backend_failure: return "internal-error";
    }
    return "internal-error";
}

}  // namespace

problem problem_of(error const& failure)
{
    auto const slug = slug_of(failure);
    // A series that ended because the database was away is answered as what it is.
    auto const* const last = failure.last();
    if (last != nullptr && last->code() == errc::unavailable)
        return problem("unavailable", failure.what());
    if (slug.kind().status == 500)
        return problem("internal-error");
    return problem(slug, failure.what());
}

problem problem_of(std::exception_ptr const& thrown) noexcept
try {
    std::rethrow_exception(thrown);

} catch (refusal const& refused) {
    return refused.what_happened();

} catch (error const& failure) {

    return problem_of(failure);

} catch (...) {

    return problem("internal-error");
}

}  // namespace tiebreak::service::http
