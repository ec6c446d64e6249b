// The run scenario: workers claim runs under leases of a second, do them, and finalise them; they
// may be killed at any moment, or paused until somebody else has their run.
#include "race/interrupt.hpp"
#include "race/limits.hpp"
#include "race/run_audit.hpp"
#include "race/run_desk.hpp"
#include "race/scenario.hpp"
#include "race/seeded.hpp"
#include "systems/runs/audit.hpp"
#include "systems/runs/runs.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <unistd.h>
#include <variant>

namespace tiebreak::race {

namespace {

namespace runs = systems::runs;
using namespace std::chrono_literals;

constexpr auto heartbeat_every = run_lease / 4;

// How long a run is worked at on average when `--think` does not say. Short, so that a race ends
// in seconds. While workers are paused, longer, so that their successors are still at work when
// they go on, and so that there are runs left for several pauses.
constexpr auto work_mean = 16ms;
constexpr auto work_mean_paused_min = 40ms;
constexpr auto work_mean_paused_max = 200ms;
constexpr auto race_paused = 3'000ms;

std::chrono::milliseconds work_mean_of(race_options const& options)
{
    if (!options.pause)
        return work_mean;
    auto const workers = options.processes * options.threads;
    return std::clamp<std::chrono::milliseconds>(
        race_paused * workers / options.users, work_mean_paused_min, work_mean_paused_max);
}

// Tries: every run ends in one, unless workers are killed or paused.
constexpr std::size_t tries_of_a_run = 16;
constexpr std::size_t tries_min = 10'000;

// Returns expired runs to the queue and rolls CLAIMED ones forward; answers how many it moved.
std::int64_t repair(database& in)
{
    return runs::reap(in) + runs::recover(in);
}

// Runs that a worker holds or that are being finalised, and, if asked, those that wait.
std::int64_t unfinished(database& in, bool queued_too)
{
    using field_of = runs::run;
    auto open = field<&field_of::status> == runs::run_status::processing;
    if (queued_too)
        open = open || field<&field_of::status> == runs::run_status::queued;
    return repository<runs::run>(in).select().where(open).count();
}

class run_racer final : public racer {
public:
    run_racer(database& in, board& on, race_setting const& setting, runs::finalize_options how)
        : db_(in),
          board_(on),
          entrance_(setting.entrance),
          options_(*setting.options),
          how_(std::move(how)),
          repairing_([this](std::stop_token const& ended) { keep_repairing(ended); })
    {
    }

    void race(lane& on) override
    {
        auto const desk = entrance_.empty() ? make_library_desk(db_, options_, how_)
                                            : make_http_desk(entrance_, options_);
        progressed(on);
        while (!on.stopped() && !stuck(on)) {
            try {
                if (!claim_and_finish_one(*desk, on))
                    return;
            } catch (error const& failed) {
                if (!may_pass(failed))
                    throw;
            }
        }
    }

private:
    // The server is away, or was. A claim in doubt lapses like that of a worker who died.
    static bool may_pass(error const& failed)
    {
        auto const cause = failed.last() != nullptr ? failed.last()->code() : failed.code();
        return cause == errc::deadline_exceeded ||
               reaction_to(cause, phase::in_transaction) != reaction::give_up;
    }

    // False when there is nothing left to do.
    bool claim_and_finish_one(run_desk& desk, lane& on)
    {
        auto const mine = desk.claim(name_of(on));
        if (!mine) {
            std::this_thread::sleep_for(10ms);
            return unfinished(db_, true) != 0;
        }
        auto const number = on.next(static_cast<std::int64_t>(on.on().slots().size()));
        if (!number)
            return false;
        on.run(*number, [&](request_slot& slot) { return do_run(desk, *mine, slot, *number); });
        progressed(on);
        return true;
    }

    static std::string name_of(lane const& on)
    {
        return "worker-" + std::to_string(::getpid()) + "-" + std::to_string(on.thread());
    }

    static void progressed(lane& on) { on.on().own()[last_progress_us].store(monotonic_us()); }

    // Nobody has finished anything for longer than any request may take.
    [[nodiscard]] bool stuck(lane& on) const
    {
        auto const quiet = monotonic_us() - on.on().own()[last_progress_us].load();
        return quiet > std::chrono::microseconds{time_allowed(options_)}.count();
    }

    // The latency counts from the end of the work: what finalising costs.
    answer
    do_run(run_desk& desk, held_run const& mine, request_slot& slot, std::int64_t number) const
    {
        slot.acknowledged = mine.epoch;
        slot.subject = mine.run_id;  // last: who reads it may read the epoch
        work(desk, mine, number);
        slot.started_us = monotonic_us();
        return desk.finalize(mine,
                             "done under epoch " + std::to_string(mine.epoch),
                             1 + number % budget_of_a_run,
                             slot);
    }

    // Works and keeps the lease alive. A good worker would stop when the lease is lost; this one
    // goes on and finalises all the same, because that is what the fence is for.
    void work(run_desk& desk, held_run const& mine, std::int64_t number) const
    {
        auto const mean = work_mean_of(options_);
        auto const duration =
            options_.think.count() > 0
                ? options_.think
                : seeded_between(options_.seed, number, mean / 2, mean + mean / 2);
        auto const until = std::chrono::steady_clock::now() + duration;
        for (;;) {
            auto const left = until - std::chrono::steady_clock::now();
            if (left <= 0ns)
                return;
            std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, heartbeat_every));
            if (left <= heartbeat_every)
                return;
            if (!extended(desk, mine))
                return;
        }
    }

    // False when the lease is over. One that cannot be told is told the next time.
    static bool extended(run_desk& desk, held_run const& mine)
    {
        try {
            return desk.extend(mine);
        } catch (error const& failed) {
            if (!may_pass(failed))
                throw;
            return true;
        }
    }

    // Errors are met again by the workers, who report them.
    void keep_repairing(std::stop_token const& ended)
    {
        while (!ended.stop_requested()) {
            try {
                repair(db_);
                board_.own()[repairs_done].fetch_add(1);
            } catch (error const&) {
            }
            std::this_thread::sleep_for(50ms);
        }
    }

    database& db_;
    board& board_;
    std::string entrance_;
    race_options const& options_;
    runs::finalize_options how_;
    std::jthread repairing_;  // last: ends before the rest
};

class run_scenario final : public scenario {
public:
    explicit run_scenario(race_setting const& setting)
        : setting_(setting),
          options_(*setting.options),
          how_{.how = systems::parse<runs::strategy>(setting.what.name).value(),
               .retry = policy_of(options_),
               .level = options_.level}
    {
        if (options_.kill)
            how_.reached = &run_scenario::linger;
    }

    [[nodiscard]] std::size_t slots() const override
    {
        return static_cast<std::size_t>(options_.users) * tries_of_a_run + tries_min;
    }

    [[nodiscard]] std::size_t own_words() const override { return run_words; }

    [[nodiscard]] std::int64_t goal() const override { return options_.users; }

    void prepare(database& in) override
    {
        (void)runs::open_budget(in, run_tenant, run_budget(options_));
        for (std::int64_t i = 0; i < options_.users && interrupted() == 0; ++i) {
            auto const made = runs::submit(
                in,
                {.tenant_id = run_tenant, .payload = "run of a race", .budget = budget_of_a_run});
            if (!std::holds_alternative<runs::run>(made))
                throw cannot_race("the runs to race for could not be made");
        }
    }

    [[nodiscard]] std::unique_ptr<racer> join(database& in, board& on) override
    {
        return std::make_unique<run_racer>(in, on, setting_, how_);
    }

    // Until reaper and recovery have nothing left to do, for as long as a dead worker's lease
    // lasts.
    void settle(database& in) override
    {
        auto const until = std::chrono::steady_clock::now() + 2 * run_lease;
        while (std::chrono::steady_clock::now() < until) {
            if (repair(in) == 0 && unfinished(in, false) == 0)
                return;
            std::this_thread::sleep_for(20ms);
        }
    }

    [[nodiscard]] audit_counts audit(database& of, board const& after) override
    {
        auto const rows = repository<runs::run>(of).select().all();
        return audit_runs(runs::audit(of), rows, after.used(), options_.users);
    }

private:
    // So that some are killed between the steps of a finalise, not only while they work.
    static void linger(runs::step at)
    {
        if (at == runs::step::claimed || at == runs::step::charged)
            std::this_thread::sleep_for(2ms);
    }

    race_setting setting_;
    race_options const& options_;
    runs::finalize_options how_;
};

}  // namespace

std::unique_ptr<scenario> make_run_scenario(race_setting const& setting)
{
    return std::make_unique<run_scenario>(setting);
}

}  // namespace tiebreak::race
