// Who gets a queued run. The conditional update decides; looking first only chooses which.
#include <tiebreak/redis_claim.hpp>

#include "systems/runs/rules.hpp"

#include <stdexcept>
#include <thread>

namespace tiebreak::systems::runs {

namespace {

using std::chrono::steady_clock;

// Redis says that all that is queued is somebody's already: that ends soon, one way or the other.
// If not, whoever claimed it there is dead, and the database is asked all the same.
constexpr std::chrono::milliseconds before_next_look{1};
constexpr int looks_with_redis_max = 100;

void check(claim_request const& request)
{
    if (request.limit < 1 || request.limit > 1000)
        throw std::invalid_argument("claim_request::limit must be 1 to 1000");
    if (request.worker.empty() || !is_storable_text(request.worker, 200))
        throw std::invalid_argument("claim_request::worker must have 1 to 200 bytes of UTF-8");
    if (request.how == claim_way::redis_cas && request.cache == nullptr)
        throw std::invalid_argument("claim_request::cache is needed for redis_cas");
}

condition<run> queued(claim_request const& request)
{
    auto waiting = field<&run::status> == run_status::queued;
    return request.tenant_id ? waiting && field<&run::tenant_id> == *request.tenant_id : waiting;
}

struct look {
    std::vector<claimed_run> taken{};
    bool lost = false;  // somebody took one of those seen
};

// Claims of runs in Redis, until the database has said whose they are.
class claims_beside {
public:
    claims_beside(claim_request const& request, bool asks_redis)
    {
        if (asks_redis)
            claims_.emplace(*request.cache);
    }

    claims_beside(claims_beside const&) = delete;
    claims_beside& operator=(claims_beside const&) = delete;

    ~claims_beside()
    {
        for (auto const& one : held_)
            static_cast<void>(claims_->release(one));
    }

    // False when Redis says that somebody else is at it.
    [[nodiscard]] bool lets_through(std::int64_t run_id)
    {
        if (!claims_)
            return true;
        redis_claim mine;
        auto const answer = claims_->claim("run:" + std::to_string(run_id), mine);
        if (answer == claim_answer::won)
            held_.push_back(std::move(mine));
        return answer != claim_answer::lost;
    }

private:
    std::optional<redis_claims> claims_;
    std::vector<redis_claim> held_;
};

template <class Selection>
auto oldest_of(Selection selection, claim_request const& request)
{
    return selection.where(queued(request))
        .order_by(field<&run::priority>.descending(), field<&run::run_id>.ascending())
        .limit(static_cast<std::size_t>(request.limit));
}

// What was seen is only where to try: the condition decides.
look take_seen(unit_of_work& work,
               claim_request const& request,
               lease_options const& lease,
               claims_beside& beside)
{
    auto const started = steady_clock::now();
    repository<run> const runs(work);
    look result;
    for (auto const& one : oldest_of(runs.select(), request).all()) {
        if (!beside.lets_through(one.run_id)) {
            result.lost = true;
            continue;
        }
        auto const answer =
            detail::write_run(runs,
                              one.run_id,
                              field<&run::status> == run_status::queued &&
                                  field<&run::lease_epoch> == one.lease_epoch,
                              field<& run::status> = run_status::processing,
                              field<& run::worker> = request.worker,
                              field<& run::lease_epoch> += 1,
                              field<& run::lease_expires_at> = database_now() + lease.ttl);
        if (answer == tiebreak::outcome::won)
            result.taken.push_back({runs.find(one.run_id).value(), started});
        else
            result.lost = true;
    }
    return result;
}

// The rows are held from here to the commit, and were queued when they were had.
look take_held(unit_of_work& work, claim_request const& request, lease_options const& lease)
{
    auto const started = steady_clock::now();
    auto held = oldest_of(work.select<run>(), request).lock(lock_mode::pessimistic_write).all();
    look result{.lost = held.empty()};  // those seen were taken while they were waited for
    if (result.lost)
        return result;
    auto const now = work.database_time();
    for (auto* const one : held) {
        one->status = run_status::processing;
        one->worker = request.worker;
        one->lease_epoch += 1;
        one->lease_expires_at = now + lease.ttl;
        one->updated_at = now;
    }
    work.flush();  // shows the new versions
    for (auto const* const one : held)
        result.taken.push_back({*one, started});
    return result;
}

}  // namespace

std::vector<claimed_run> claim(database& in, claim_request const& request)
{
    check(request);
    auto const lease = checked(request.lease);
    // With a single writer, rivals queue for the turn before they look, instead of losing what
    // they saw; with locks on rows they do not keep each other waiting.
    transact_options const options{.level = request.level,
                                   .pessimistic = !in.supports(capability::row_locks)};
    for (int looks = 0; repository<run>(in).select().where(queued(request)).exists(); ++looks) {
        bool const asks_redis = request.how == claim_way::redis_cas && looks < looks_with_redis_max;
        claims_beside beside(request, asks_redis);
        auto result = in.transact(
            [&](unit_of_work& work) {
                return request.how == claim_way::pessimistic
                           ? take_held(work, request, lease)
                           : take_seen(work, request, lease, beside);
            },
            options);
        if (!result.taken.empty() || !result.lost)
            return std::move(result.taken);
        if (asks_redis)
            std::this_thread::sleep_for(before_next_look);
    }
    return {};
}

}  // namespace tiebreak::systems::runs
