#include "runner.hpp"

#include <algorithm>

namespace tiebreak::test {

namespace {

using clock = std::chrono::steady_clock;

// What a step may take on a machine that does much else. Units give up by themselves before.
constexpr std::chrono::seconds patience{30};

// Between two questions to a server; about what a step takes.
constexpr std::chrono::microseconds pace{500};

database_options options_with(observer& ear)
{
    return {.connections_max = 1, .retry = retry_presets::once, .watcher = &ear};
}

}  // namespace

std::string_view quick_parameters(std::string_view engine) noexcept
{
    return engine == "sqlite" ? "synchronous=normal" : "";
}

runner::seat::seat(fresh_database const& on, std::string_view engine, switchboard& board)
    : ear(board), db(on.open(options_with(ear), quick_parameters(engine)))
{
}

runner::runner(fresh_database const& on, std::string_view engine, std::size_t sessions)
{
    std::vector<database*> databases;
    for (std::size_t i = 0; i < sessions; ++i)
        databases.push_back(&seats_.emplace_back(on, engine, board_).db);
    watch_ = watch(on, engine, std::move(databases));
}

order_run runner::run(std::vector<session> const& sessions, std::vector<std::size_t> const& order)
{
    order_run result;
    watch_->start(sessions.size());
    known_.assign(sessions.size(), 0);
    owed_.assign(sessions.size(), 0);
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        auto& at = seats_.at(i);
        actors_.push_back(std::make_unique<actor>(sessions[i], at.db, at.ear, board_));
    }
    try {
        settle();
        for (auto const who : order)
            take_turn(who, result);
        if (!all_are_over())
            result.stuck = how_all_stand();
    } catch (gave_up const&) {
        result.stuck = how_all_stand();
    }
    for (auto const& one : actors_) {
        std::scoped_lock const hold(board_.mutex);
        one->cancel();
    }
    for (auto const& one : actors_) {
        one->join();
        result.outcomes.push_back(one->outcome());
    }
    actors_.clear();
    return result;
}

void runner::take_turn(std::size_t who, order_run& into)
{
    if (pose_of(who) == pose::moving) {
        ++owed_[who];
        return;
    }
    take_step(who, into);
    // a step of one may let another move on, also one before it
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (std::size_t i = 0; i < owed_.size(); ++i)
            while (owed_[i] > 0 && pose_of(i) != pose::moving) {
                --owed_[i];
                take_step(i, into);
                goes_on = true;
            }
    }
}

void runner::take_step(std::size_t who, order_run& into)
{
    auto& taking = *actors_[who];
    {
        std::scoped_lock const hold(board_.mutex);
        if (taking.now() == pose::over)
            return;
        if (!into.steps.empty())
            into.steps += ", ";
        into.steps += taking.plays().name() + " ";
        into.steps += taking.plays().name_of_step(taking.at());
        taking.go();
    }
    settle();
    if (pose_of(who) != pose::moving)
        return;
    ++into.held_up;
    into.steps += " (waits)";
}

// Returns when every session rests, is over, or waits for one that rests.
void runner::settle()
{
    auto const until = clock::now() + patience;
    std::unique_lock lock(board_.mutex);
    for (bool quiet = false;;) {
        auto const seen = board_.changes;
        auto const all = states();
        lock.unlock();
        tell_who_rests(all);
        bool const someone_moves =
            std::ranges::find(all, pose::moving, &session_state::now) != all.end();
        bool const still =
            !someone_moves || ((quiet || watch_->is_told()) && watch_->nothing_moves(all));
        lock.lock();
        if (still && seen == board_.changes)
            return;
        if (clock::now() >= until)
            throw gave_up{};
        clock::duration const wait = watch_->is_told() ? patience : clock::duration{pace};
        quiet = !board_.changed.wait_for(lock, wait, [&] { return board_.changes != seen; });
    }
}

void runner::tell_who_rests(std::span<session_state const> all)
{
    // who let go first, then who may have got it
    for (bool const rests_in_unit : {false, true}) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].now == pose::moving || all[i].taken == known_[i] ||
                all[i].rests_in_unit != rests_in_unit)
                continue;
            known_[i] = all[i].taken;
            watch_->came_to_rest(i, all);
        }
    }
}

std::vector<session_state> runner::states() const
{
    std::vector<session_state> all;
    for (auto const& one : actors_)
        all.push_back({.now = one->now(),
                       .taken = one->taken(),
                       .rests_in_unit = one->rests_in_unit(),
                       .waits_for_turn = one->ear().waits(),
                       .has_waited = one->ear().has_waited()});
    return all;
}

bool runner::all_are_over()
{
    std::scoped_lock const hold(board_.mutex);
    return std::ranges::all_of(actors_, [](auto const& one) { return one->now() == pose::over; });
}

pose runner::pose_of(std::size_t who)
{
    std::scoped_lock const hold(board_.mutex);
    return actors_[who]->now();
}

std::string runner::how_all_stand()
{
    std::scoped_lock const hold(board_.mutex);
    std::string text;
    for (auto const& one : actors_) {
        text += (text.empty() ? "" : ", ") + one->plays().name() + " is ";
        text += name_of(one->now());
        if (one->now() != pose::over) {
            text += one->now() == pose::moving ? " in " : " before ";
            text += one->plays().name_of_step(one->at());
        }
        if (one->ear().waits())
            text += ", waiting for the turn";
    }
    return text;
}

}  // namespace tiebreak::test
