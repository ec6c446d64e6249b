#include "race/heat.hpp"

#include "race/http/fleet.hpp"
#include "race/interrupt.hpp"
#include "race/racers.hpp"
#include "race/sabotage.hpp"
#include "race/tally.hpp"

#include <barrier>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 5ms;
// After a stop was asked for, requests at hand may finish for so long.
constexpr auto grace = 3s;

// So that opening files is not part of the race: each thread holds a connection at the same time.
void warm_up(database& db, std::barrier<>& together)
{
    db.read([&](snapshot& view) {
        (void)view.query<std::int64_t>("SELECT 1");
        together.arrive_and_wait();
        return 0;
    });
}

void wait_for_go(board_head const& head)
{
    while (!head.go.is_set() && !head.stop.load())
        head.go.wait(50);
}

// The first exception of several threads.
class first_error {
public:
    void keep(std::exception_ptr what)
    {
        std::scoped_lock const lock(mutex_);
        if (!what_)
            what_ = std::move(what);
    }

    // When the threads have ended.
    void rethrow() const
    {
        if (what_)
            std::rethrow_exception(what_);
    }

private:
    std::mutex mutex_;
    std::exception_ptr what_;
};

// All threads of one racer process.
void race_in_threads(database& db, scenario& of, board& on, int process, int threads, bool warm)
{
    auto const what = of.join(db, on);
    std::barrier<> together(threads);
    first_error failed;
    {
        std::vector<std::jthread> running;
        running.reserve(static_cast<std::size_t>(threads));
        for (int thread = 0; thread < threads; ++thread)
            running.emplace_back([&, thread] {
                bool is_ready = false;
                try {
                    if (warm)
                        warm_up(db, together);
                    is_ready = true;
                    on.head().ready.fetch_add(1);
                    wait_for_go(on.head());
                    lane mine(on, process, thread);
                    what->race(mine);
                } catch (...) {
                    failed.keep(std::current_exception());
                    together.arrive_and_drop();
                    if (!is_ready)  // nobody shall wait for a start without it
                        on.head().stop.store(true);
                }
            });
    }
    failed.rethrow();
}

void start_now(board_head& head)
{
    head.started_us = monotonic_us();
    head.go.set();
}

class forked_heat {
public:
    forked_heat(race_setting const& setting,
                scenario& of,
                board& on,
                std::string url,
                fleet* served,
                race_watcher& watcher)
        : options_(*setting.options),
          board_(on),
          watcher_(watcher),
          served_(served),
          racers_(on,
                  [this, &of, &on, url = std::move(url)](int number) {
                      tally counted;
                      // One connection for each thread, and some for what the scenario does on the
                      // side.
                      auto db = open_to_race(url, options_, options_.threads + 2, &counted);
                      race_in_threads(db, of, on, number, options_.threads, true);
                  }),
          sabotage_(options_)
    {
    }

    void run()
    {
        for (int number = 0; number < options_.processes; ++number)
            racers_.start(number);
        wait_until_ready();
        start_now(board_.head());
        watch();
    }

    [[nodiscard]] std::vector<std::string> notes() const
    {
        auto notes = served_ != nullptr ? served_->notes() : sabotage_.notes();
        for (auto const& death : racers_.deaths()) {
            if (death.wanted)
                continue;
            auto const name = "racer process " + std::to_string(death.racer + 1);
            auto const& slot = board_.racers()[static_cast<std::size_t>(death.racer)];
            if (death.signal != 0)
                notes.push_back(name + " was ended by signal " + std::to_string(death.signal));
            else
                notes.push_back(name + " gave up: " + slot.failure.data());
        }
        return notes;
    }

private:
    void wait_until_ready()
    {
        auto const all = options_.processes * options_.threads;
        while (board_.head().ready.load() < all && interrupted() == 0) {
            racers_.collect();
            for (auto const& slot : board_.racers())
                if (slot.broken.load())
                    throw cannot_race(std::string{slot.failure.data()});
            if (!racers_.deaths().empty())
                return;
            std::this_thread::sleep_for(1ms);
        }
    }

    void watch()
    {
        auto& head = board_.head();
        auto stop_at = std::chrono::steady_clock::time_point::max();
        while (racers_.collect() > 0) {
            watcher_.advanced(head.answered.load(), head.goal.load());
            if (served_ != nullptr)
                served_->act();
            sabotage_.act(racers_, board_);
            if (interrupted() != 0 && !head.stop.exchange(true))
                stop_at = std::chrono::steady_clock::now() + grace;
            if (std::chrono::steady_clock::now() > stop_at)
                racers_.kill_all();
            std::this_thread::sleep_for(poll_interval);
        }
        watcher_.advanced(head.answered.load(), head.goal.load());
    }

    race_options const& options_;
    board& board_;
    race_watcher& watcher_;
    fleet* served_;  // null: raced through the library
    racers racers_;
    sabotage sabotage_;
};

void audit_into(strategy_result& result, scenario& of, database& db, board const& after)
{
    of.settle(db);
    result.audit = of.audit(db, after);
    result.per_order = of.per_order();
}

// An in-memory database: racers are threads of this process, and it stays open throughout.
void run_in_memory(race_setting const& setting,
                   venue const& where,
                   scenario& of,
                   board& on,
                   strategy_result& result)
{
    tally counted;
    auto db = open_to_race(where.url_for(setting.what.name), *setting.options, 1, &counted);
    where.make_tables(db);
    of.prepare(db);
    {
        std::jthread const stopper([&on](std::stop_token const& ended) {
            while (!ended.stop_requested()) {
                if (interrupted() != 0)
                    on.head().stop.store(true);
                std::this_thread::sleep_for(poll_interval);
            }
        });
        start_now(on.head());
        race_in_threads(db, of, on, 0, setting.options->threads, false);
    }
    add_up(on, result);
    audit_into(result, of, db, on);
}

void run_on_file(race_setting const& setting,
                 venue const& where,
                 scenario& of,
                 board& on,
                 fleet* served,
                 race_watcher& watcher,
                 strategy_result& result)
{
    auto const url = where.url_for(setting.what.name);
    {
        auto db = open_to_race(url, *setting.options, 1, nullptr);
        of.prepare(db);
    }
    forked_heat heat(setting, of, on, url, served, watcher);
    heat.run();
    if (served != nullptr)
        served->stop();
    add_up(on, result);
    for (auto& note : heat.notes())
        result.notes.push_back(std::move(note));
    auto db = open_to_race(url, *setting.options, 2, nullptr);
    audit_into(result, of, db, on);
}

}  // namespace

strategy_result run_heat(race_setting const& setting, venue const& where, race_watcher& watcher)
{
    auto raced = setting;
    std::optional<fleet> served;
    if (!where.in_memory()) {
        auto const url = where.url_for(setting.what.name);
        {
            auto db = open(url, 1);
            where.make_tables(db);
        }
        if (setting.options->via_http) {
            served.emplace(*setting.options, setting.what, with_table_prefix(url), setting.folder);
            raced.entrance = served->entrance();
        }
    }
    auto const of = make_scenario(raced);
    board on(of->slots(), static_cast<std::size_t>(setting.options->processes), of->own_words());
    on.head().goal.store(of->goal());
    strategy_result result{.what = setting.what};
    if (where.in_memory())
        run_in_memory(raced, where, *of, on, result);
    else
        run_on_file(raced, where, *of, on, served ? &*served : nullptr, watcher, result);
    return result;
}

}  // namespace tiebreak::race
