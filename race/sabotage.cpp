#include "race/sabotage.hpp"

#include "race/run_audit.hpp"
#include "race/seeded.hpp"

#include <algorithm>

namespace tiebreak::race {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kills_max = 8;
constexpr std::int64_t pauses_max = 3;

// A stopped worker waits for a successor at most so long: there may be none.
constexpr auto pause_max = 3 * run_lease;

// A worker that was stopped while it held the turn to write keeps everybody waiting, so nobody can
// take its runs over: it is let go, and another moment is tried.
constexpr auto turn_held_after = 300ms;

// Less than any run is worked at while workers are paused.
constexpr auto successor_waits = 10ms;

// So many points on the way, at most one in each equal part of it, placed by the seed.
std::vector<std::int64_t> points(std::uint64_t seed, std::int64_t runs, std::int64_t number)
{
    std::vector<std::int64_t> result;
    for (std::int64_t i = 0; i < number; ++i) {
        auto const part = std::max<std::int64_t>(1, runs / (number + 1));
        auto const within =
            static_cast<std::int64_t>(seeded(seed, i) % static_cast<std::uint64_t>(part));
        result.push_back(i * part + within);
    }
    return result;
}

constexpr std::uint64_t pause_stream = 0x70617573;  // so that kills and pauses do not coincide

}  // namespace

sabotage::sabotage(race_options const& options) : options_(options)
{
    if (options.kill && options.scenario == scenario_kind::run)
        kill_at_ = points(options.seed, options.users, kills_max);
    if (options.pause)
        pause_at_ = points(options.seed ^ pause_stream, options.users, pauses_max);
}

void sabotage::act(racers& on, board const& now)
{
    consider_resume(on, now);
    if (now.head().stop.load())
        return;
    consider_kill(on, now);
    consider_pause(on, now);
}

int sabotage::pick(racers const& on)
{
    auto const first = static_cast<int>(seeded(options_.seed, 1'000 + picks_++) %
                                        static_cast<std::uint64_t>(options_.processes));
    for (int i = 0; i < options_.processes; ++i) {
        int const racer = (first + i) % options_.processes;
        if (on.runs(racer) && racer != stopped_.racer)
            return racer;
    }
    return -1;
}

std::unordered_map<std::int64_t, std::int64_t> sabotage::held_by(board const& now, int racer) const
{
    std::unordered_map<std::int64_t, std::int64_t> held;
    for (auto const& slot : now.used())
        if (slot.state.load() == slot_state::running && slot.process == racer && slot.subject != 0)
            held[slot.subject] = slot.acknowledged;
    return held;
}

void sabotage::consider_kill(racers& on, board const& now)
{
    if (kills_ >= kill_at_.size() || now.head().answered.load() < kill_at_[kills_])
        return;
    int const racer = pick(on);
    if (racer < 0 || held_by(now, racer).empty())
        return;
    on.kill(racer);
    on.start(racer);
    ++kills_;
}

void sabotage::consider_pause(racers& on, board const& now)
{
    if (stopped_.racer >= 0 || pauses_ >= pause_at_.size() ||
        now.head().answered.load() < pause_at_[pauses_])
        return;
    int const racer = pick(on);
    if (racer < 0 || held_by(now, racer).empty() || !on.pause(racer))
        return;
    auto held = held_by(now, racer);
    if (held.empty()) {  // it finished meanwhile
        on.resume(racer);
        return;
    }
    stopped_ = {.racer = racer,
                .since = std::chrono::steady_clock::now(),
                .repairs_before = now.own()[repairs_done].load(),
                .epoch_of_run = std::move(held)};
}

std::int64_t sabotage::successors(board const& now) const
{
    return std::ranges::count_if(now.used(), [&](request_slot const& slot) {
        if (slot.state.load() != slot_state::running || slot.process == stopped_.racer)
            return false;
        auto const held = stopped_.epoch_of_run.find(slot.subject);
        return held != stopped_.epoch_of_run.end() && slot.acknowledged > held->second;
    });
}

// When others are at work at several of its runs, or at one for a moment: before they finish.
bool sabotage::has_been_succeeded(board const& now)
{
    auto const working = successors(now);
    if (working == 0)
        return false;
    auto const moment = std::chrono::steady_clock::now();
    if (stopped_.succeeded_at == std::chrono::steady_clock::time_point{})
        stopped_.succeeded_at = moment;
    bool const several = working >= std::min<std::int64_t>(3, std::ssize(stopped_.epoch_of_run));
    return several || moment - stopped_.succeeded_at > successor_waits;
}

void sabotage::consider_resume(racers& on, board const& now)
{
    if (stopped_.racer < 0)
        return;
    auto const stood = std::chrono::steady_clock::now() - stopped_.since;
    bool const nobody_writes = now.own()[repairs_done].load() == stopped_.repairs_before;
    if (nobody_writes && stood > turn_held_after && options_.processes > 1) {
        resume(on);
    } else if (has_been_succeeded(now) || stood > pause_max || now.head().stop.load()) {
        resume(on);
        ++pauses_;
    }
}

void sabotage::resume(racers& on)
{
    on.resume(stopped_.racer);
    stopped_ = {};
}

std::vector<std::string> sabotage::notes() const
{
    std::vector<std::string> result;
    auto const times = [](std::size_t number) {
        return std::to_string(number) + (number == 1 ? " time" : " times");
    };
    if (options_.kill)
        result.push_back("a worker process was killed and started again " + times(kills_));
    if (options_.pause)
        result.push_back("a worker process was stopped past its lease " + times(pauses_));
    return result;
}

}  // namespace tiebreak::race
