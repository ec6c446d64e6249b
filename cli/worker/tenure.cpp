#include "cli/worker/tenure.hpp"

#include "cli/worker/amount_file.hpp"
#include "cli/worker/backoff.hpp"
#include "cli/worker/command.hpp"
#include "cli/worker/verdict.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <variant>

namespace tiebreak::cli {

namespace {

namespace runs = systems::runs;

void pause(std::chrono::milliseconds time, std::stop_token const& stop)
{
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock hold(mutex);
    never.wait_for(hold, stop, time, [] { return false; });
}

// The database answered; what it means for this worker.
tenure_result result_of(runs::finalize_result const& answer)
{
    if (auto const* const done = std::get_if<runs::finalized>(&answer))
        return {done->as.outcome == runs::run_outcome::completed ? tenure_end::completed
                                                                 : tenure_end::failed,
                done->as.amount.value_or(0),
                {}};
    if (std::holds_alternative<runs::amount_exceeds_budget>(answer) ||
        std::holds_alternative<systems::invalid_field>(answer))
        return {tenure_end::unanswered, 0, "the result was refused"};
    return {tenure_end::lease_lost, 0, "nothing was stored"};
}

class tenure {
public:
    tenure(database& in, runs::claimed_run const& of, tenure_options const& options)
        : in_(in),
          work_(of.work),
          options_(options),
          beating_(runs::keep_alive(in, of, options.lease)),
          amount_(options.folder, work_.run_id, work_.lease_epoch)
    {
    }

    tenure_result run()
    {
        std::stop_source ending;
        auto const end = [&ending] { ending.request_stop(); };
        std::stop_callback const when_lost(beating_.stop_token(), end);
        std::stop_callback const when_told(options_.giving_up, end);
        command_result ended;
        try {
            ended = run_command({.text = options_.command,
                                 .environment = environment(),
                                 .input = work_.payload,
                                 .output_bytes_max = runs::text_bytes_max,
                                 .grace = options_.grace},
                                ending.get_token());
        } catch (std::system_error const& why) {
            return release(tenure_end::not_started, why.what());
        }
        if (beating_.stop_token().stop_requested())
            return {tenure_end::lease_lost, 0, "the command was ended; nothing was stored"};
        if (ended.how == command_end::stopped)
            return release(tenure_end::released, "");
        return store(verdict_on(work_, std::move(ended), amount_.content()));
    }

private:
    [[nodiscard]] std::vector<std::string> environment() const
    {
        auto made = options_.environment;
        made.push_back("TIEBREAK_RUN_ID=" + std::to_string(work_.run_id));
        made.push_back("TIEBREAK_TENANT=" + work_.tenant_id);
        made.push_back("TIEBREAK_EPOCH=" + std::to_string(work_.lease_epoch));
        made.push_back("TIEBREAK_AMOUNT_FILE=" + amount_.path());
        return made;
    }

    tenure_result release(tenure_end how, std::string why)
    {
        try {
            if (runs::release(in_, work_.tenant_id, work_.run_id, work_.lease_epoch) ==
                outcome::lost)
                return {tenure_end::lease_lost, 0, "nothing was stored"};
            return {how, 0, std::move(why)};
        } catch (error const& away) {
            return {tenure_end::unanswered, 0, away.what()};  // the lease runs out by itself
        }
    }

    // The same request again is answered as the first, so an answer that was lost does no harm. It
    // is tried beyond the lease, too: the epoch decides, and whoever could have taken the run over
    // meets the same database.
    tenure_result store(runs::finalize_request const& decided)
    {
        backoff trying("storing the result of run " + std::to_string(work_.run_id));
        for (;;) {
            try {
                auto const answer = runs::finalize(in_, decided);
                trying.worked();
                return result_of(answer);
            } catch (error const& away) {
                auto const time = trying.failed(away.what());
                pause(time, options_.giving_up);
                if (options_.giving_up.stop_requested() ||
                    (options_.draining.stop_requested() && !beating_.trusted()))
                    return {tenure_end::unanswered, 0, away.what()};
            }
        }
    }

    database& in_;
    runs::run const& work_;
    tenure_options const& options_;
    heartbeat beating_;
    amount_file amount_;
};

}  // namespace

std::string_view name_of(tenure_end how) noexcept
{
    switch (how) {
    case tenure_end::completed: return "COMPLETED";
    case tenure_end::failed: return "FAILED";
    case tenure_end::lease_lost: return "LEASE_LOST";
    case tenure_end::released: return "RELEASED";
    case tenure_end::not_started: return "NOT_STARTED";
    case tenure_end::unanswered: return "UNANSWERED";
    }
    return "?";
}

tenure_result
work_on(database& in, runs::claimed_run const& of, tenure_options const& options) noexcept
{
    try {
        return tenure(in, of, options).run();
    } catch (std::exception const& why) {
        return {tenure_end::unanswered, 0, why.what()};
    } catch (...) {
        return {};
    }
}

}  // namespace tiebreak::cli
