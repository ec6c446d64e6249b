#include "race/race.hpp"

#include <tiebreak/log.hpp>
#include <tiebreak/redis.hpp>

#include "race/flush_cost.hpp"
#include "race/heat.hpp"
#include "race/interrupt.hpp"
#include "race/verdict.hpp"

#include <iterator>
#include <stdexcept>

namespace tiebreak::race {

namespace {

// Losing is what a race is about: nobody needs a line in the log for each.
class quiet_log {
public:
    quiet_log() { set_log_level(log_level::error); }

    quiet_log(quiet_log const&) = delete;
    quiet_log& operator=(quiet_log const&) = delete;

    ~quiet_log() { set_log_level(log_level::warning); }
};

void describe(venue const& where, race_report& report)
{
    auto db = open(where.url_for("settings"), 1);
    report.engine = db.engine();
    report.engine_version = db.engine_version();
    if (!where.is_temporary())
        report.shown_url = db.shown_url();
    if (!where.database_folder().empty())
        report.flush_us = measure_flush_us(where.database_folder());
    else if (!where.in_memory())
        report.flush_us = measure_commit_us(db);
}

void race_all(std::vector<strategy> const& entered,
              venue const& where,
              race_watcher& watcher,
              race_report& report)
{
    for (std::size_t i = 0; i < entered.size() && interrupted() == 0; ++i) {
        watcher.started(entered[i], i + 1, entered.size());
        race_setting const setting{
            .options = &report.options, .what = entered[i], .folder = where.folder()};
        auto result = run_heat(setting, where, watcher);
        if (interrupted() != 0) {
            auto const& done = result.answers;
            report.cut_short = std::string{entered[i].name} + " after " +
                               std::to_string(done.requests - done.killed) + " requests";
            return;
        }
        result.promised = promise_of(entered[i], report.options);
        watcher.finished(result);
        report.results.push_back(std::move(result));
    }
}

void require_redis(race_options const& options)
{
    if (options.redis.empty())
        return;
    try {
        redis const there(options.redis);
        if (!there.ping())
            throw cannot_race("--redis: no answer from " + there.shown_url());
    } catch (std::invalid_argument const& wrong) {
        throw cannot_race("--redis: " + std::string{wrong.what()});
    }
}

}  // namespace

void race_watcher::started(strategy const&, std::size_t, std::size_t) {}

void race_watcher::advanced(std::int64_t, std::int64_t) {}

void race_watcher::finished(strategy_result const&) {}

std::unique_ptr<scenario> make_scenario(race_setting const& setting)
{
    switch (setting.options->scenario) {
    case scenario_kind::coupon: return make_coupon_scenario(setting);
    case scenario_kind::book: return make_book_scenario(setting);
    case scenario_kind::ticket: return make_ticket_scenario(setting);
    case scenario_kind::run: break;
    }
    return make_run_scenario(setting);
}

race_report run_race(race_options const& options, race_watcher& watcher)
{
    check(options);
    auto const entered = chosen(options);
    require_redis(options);
    interrupt_guard const interrupts;
    quiet_log const quiet;
    venue where(options);
    race_report report{.options = options};
    report.entered = std::ssize(entered);
    describe(where, report);
    race_all(entered, where, watcher, report);
    report.interrupted = interrupted();
    report.left_behind = where.leave();
    return report;
}

}  // namespace tiebreak::race
