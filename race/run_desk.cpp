// The desk that works on the database itself.
#include "race/run_desk.hpp"

#include "race/run_audit.hpp"

#include <variant>

namespace tiebreak::race {

namespace {

namespace runs = systems::runs;

struct desk_answer_of {
    request_slot& slot;

    answer operator()(runs::finalized const& done) const
    {
        return done.replayed ? answer::replayed : answer::won;
    }

    answer operator()(runs::already_finalized const&) const { return answer::refused; }

    answer operator()(runs::lease_lost const&) const { return answer::refused; }

    template <class Other>
    answer operator()(Other const&) const
    {
        slot.explain("an answer that no worker of this race should get");
        return answer::failed;
    }
};

class library_desk final : public run_desk {
public:
    library_desk(database& in, race_options const& options, runs::finalize_options how)
        : db_(in), options_(options), how_(std::move(how))
    {
    }

    [[nodiscard]] std::optional<held_run> claim(std::string const& worker) override
    {
        auto const claimed = runs::claim(
            db_, {.worker = worker, .lease = {.ttl = run_lease}, .level = options_.level});
        if (claimed.empty())
            return std::nullopt;
        auto const& mine = claimed.front().work;
        return held_run{.run_id = mine.run_id, .epoch = mine.lease_epoch};
    }

    [[nodiscard]] bool extend(held_run const& mine) override
    {
        return runs::extend_lease(db_, run_tenant, mine.run_id, mine.epoch, run_lease).answer ==
               runs::heartbeat_answer::extended;
    }

    [[nodiscard]] answer finalize(held_run const& mine,
                                  std::string const& result,
                                  std::int64_t amount,
                                  request_slot& slot) override
    {
        runs::finalize_request const request{.tenant_id = run_tenant,
                                             .run_id = mine.run_id,
                                             .epoch = mine.epoch,
                                             .result = result,
                                             .amount = amount};
        return std::visit(desk_answer_of{slot}, runs::finalize(db_, request, how_));
    }

private:
    database& db_;
    race_options const& options_;
    runs::finalize_options how_;
};

}  // namespace

std::unique_ptr<run_desk>
make_library_desk(database& in, race_options const& options, runs::finalize_options how)
{
    return std::make_unique<library_desk>(in, options, std::move(how));
}

}  // namespace tiebreak::race
