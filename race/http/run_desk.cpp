// The desk that asks the service over HTTP.
#include "race/run_desk.hpp"

#include "race/http/client.hpp"
#include "race/run_audit.hpp"

#include <boost/json/array.hpp>

namespace tiebreak::race {

namespace {

class http_desk final : public run_desk {
public:
    http_desk(std::string const& entrance, race_options const& options)
        : client_(entrance), patience_(time_allowed(options))
    {
    }

    [[nodiscard]] std::optional<held_run> claim(std::string const& worker) override
    {
        auto const told = client_.post_until_answered(
            "/v1/runs/claim",
            {{"worker", worker}, {"limit", 1}, {"lease_ms", run_lease.count()}},
            patience_);
        if (told.status != 200)
            throw cannot_race("a claim was answered " + told.shown());
        auto const& taken = told.body.at("runs").as_array();
        if (taken.empty())
            return std::nullopt;
        auto const& mine = taken.front().as_object();
        return held_run{.run_id = mine.at("run_id").as_int64(),
                        .epoch = mine.at("epoch").as_int64()};
    }

    [[nodiscard]] bool extend(held_run const& mine) override
    {
        return client_
                   .post_until_answered(path_of(mine) + "/heartbeat",
                                        {{"epoch", mine.epoch}, {"lease_ms", run_lease.count()}},
                                        run_lease)
                   .status == 200;
    }

    [[nodiscard]] answer finalize(held_run const& mine,
                                  std::string const& result,
                                  std::int64_t amount,
                                  request_slot& slot) override
    {
        auto const told = client_.post_until_answered(path_of(mine) + "/finalize",
                                                      {{"epoch", mine.epoch},
                                                       {"outcome", "COMPLETED"},
                                                       {"result", result},
                                                       {"amount", amount}},
                                                      patience_);
        if (told.status == 200)
            return told.body.at("replayed").as_bool() ? answer::replayed : answer::won;
        if (told.slug == "already-finalized" || told.slug == "lease-lost")
            return answer::refused;
        slot.explain("answered " + told.shown());
        return answer::failed;
    }

private:
    [[nodiscard]] static std::string path_of(held_run const& mine)
    {
        return "/v1/runs/" + std::to_string(mine.run_id);
    }

    http_client client_;
    std::chrono::milliseconds patience_;
};

}  // namespace

std::unique_ptr<run_desk> make_http_desk(std::string const& entrance, race_options const& options)
{
    return std::make_unique<http_desk>(entrance, options);
}

}  // namespace tiebreak::race
