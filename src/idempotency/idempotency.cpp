// The public face: each call checks what it was given and is one operation of this folder.
#include <tiebreak/idempotency.hpp>

#include "database/core.hpp"
#include "idempotency/claimed_work.hpp"
#include "idempotency/early_answer.hpp"
#include "idempotency/one_transaction.hpp"

#include <stdexcept>

namespace tiebreak {

namespace {

using detail::idempotency_row;

constexpr std::size_t progress_bytes_max = 64 * 1024;

detail::key_tenure tenure_of(idempotent_work const& work)
{
    return {work.owner, work.epoch};
}

key_of<idempotency_row> key_of_row(idempotent_request const& of)
{
    return {of.tenant, of.route, of.key};
}

}  // namespace

idempotent_verdict keep(idempotent_answer answer)
{
    return {std::move(answer), true};
}

idempotent_verdict do_not_keep(idempotent_answer answer)
{
    return {std::move(answer), false};
}

std::string_view name_of(idempotent_outcome how) noexcept
{
    switch (how) {
    case idempotent_outcome::executed: return "executed";
    case idempotent_outcome::replayed: return "replayed";
    case idempotent_outcome::in_progress: return "in_progress";
    case idempotent_outcome::reused: return "reused";
    }
    return "unknown";
}

std::string idempotent_work::downstream_key(std::string_view step) const
{
    return to_hex(sha256_of_fields{}
                      .add(request.tenant)
                      .add(request.route)
                      .add(request.key)
                      .add({reinterpret_cast<char const*>(request.fingerprint.data()),
                            request.fingerprint.size()})
                      .add(step)
                      .finish());
}

idempotency::idempotency(database& in, idempotency_options options)
    : db_(&in), options_(detail::checked(std::move(options)))
{
}

idempotent_result idempotency::run(idempotent_request const& request, work_body const& body) const
{
    detail::check(request);
    detail::core_of(*db_).refuse_second_connection();
    return detail::run_in_one_transaction(*db_, request, options_, body);
}

std::variant<idempotent_work, idempotent_result>
idempotency::claim(idempotent_request const& request) const
{
    detail::check(request);
    return detail::claim_key(*db_, request, options_);
}

idempotent_result idempotency::finish(idempotent_work const& work, work_body const& body) const
{
    detail::check(work.request);
    detail::core_of(*db_).refuse_second_connection();
    return detail::finish_work(*db_, work, options_, body);
}

outcome idempotency::release(idempotent_work const& work) const
{
    auto const given = repository<idempotency_row>(*db_).remove_if(
        key_of_row(work.request), detail::is_held_by(tenure_of(work)));
    detail::early_answer early(work.request, options_, work.owner);
    early.adopt_mark();
    return given;
}

outcome idempotency::note(idempotent_work& work, std::string progress) const
{
    if (progress.size() > progress_bytes_max)
        throw std::invalid_argument("the progress of a work has at most 64 KiB");
    auto const answer =
        repository<idempotency_row>(*db_).update_if(key_of_row(work.request),
                                                    detail::is_held_by(tenure_of(work)),
                                                    field<& idempotency_row::progress> = progress);
    if (answer == outcome::won)
        work.progress = std::move(progress);
    return answer;
}

outcome idempotency::extend(idempotent_work const& work) const
{
    return repository<idempotency_row>(*db_).update_if(key_of_row(work.request),
                                                       detail::is_held_by(tenure_of(work)),
                                                       field<&idempotency_row::deadline> =
                                                           database_now() + options_.deadline);
}

std::int64_t idempotency::recover(std::string_view route,
                                  std::function<void(idempotent_work const&)> const& resume,
                                  std::size_t works_max) const
{
    auto const dead = repository<idempotency_row>(*db_)
                          .select()
                          .where(field<&idempotency_row::route> == route &&
                                 field<&idempotency_row::status>.is_null() && detail::is_overdue())
                          .order_by(field<&idempotency_row::deadline>.ascending())
                          .limit(works_max)
                          .all();
    std::int64_t taken = 0;
    for (auto const& row : dead) {
        auto const work = detail::take_over_dead(*db_, row, options_);
        if (!work)
            continue;
        ++taken;
        resume(*work);
    }
    return taken;
}

}  // namespace tiebreak
