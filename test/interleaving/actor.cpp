#include "actor.hpp"

#include <stdexcept>

namespace tiebreak::test {

std::string_view name_of(pose of) noexcept
{
    switch (of) {
    case pose::resting: return "resting";
    case pose::moving: return "moving";
    case pose::over: return "over";
    }
    return "unknown";
}

actor::actor(session const& plays, database& on, turn_listener& ear, switchboard& board)
    : plays_(plays),
      db_(on),
      ear_(ear),
      board_(board),
      outcome_{.name = plays.name()},
      thread_([this] { run(); })
{
}

actor::~actor()
{
    {
        std::scoped_lock const hold(board_.mutex);
        cancel();
    }
    join();
}

void actor::go()
{
    if (pose_ != pose::resting)
        throw std::logic_error("a session is told to go while it is not resting");
    pose_ = pose::moving;
    may_go_ = true;
    ear_.forget();
    board_.changed.notify_all();
}

void actor::cancel()
{
    cancelled_ = true;
    board_.changed.notify_all();
}

void actor::join()
{
    if (thread_.joinable())
        thread_.join();
}

void actor::run() noexcept
{
    auto const note = [&](auto const& write) {
        std::scoped_lock const hold(board_.mutex);
        write();
    };
    try {
        stage on(db_, outcome_);
        on.pause_by([this](stage::inside where) { pause(where); });
        await_go();  // opening is part of the first step
        switch (plays_.where().what) {
        case place_of_steps::kind::unit:
            db_.transact(
                [&](unit_of_work& work) {
                    on.enter(work);
                    run_steps(on);
                    await_go();  // the commit
                },
                plays_.where().options);
            break;
        case place_of_steps::kind::view:
            db_.read([&](snapshot& view) {
                on.enter(view);
                run_steps(on);
            });
            break;
        case place_of_steps::kind::alone: run_steps(on); break;
        }
    } catch (cancelled const&) {
        note([&] { outcome_.unexpected = "cancelled"; });
    } catch (gives_up const&) {
        note([&] { outcome_.gave_up = true; });
    } catch (error const& e) {
        note([&] { outcome_.failure = e.last() != nullptr ? e.last()->code() : e.code(); });
    } catch (std::exception const& e) {
        note([&] { outcome_.unexpected = e.what(); });
    }
    note([&] {
        pose_ = pose::over;
        board_.note_change();
    });
}

void actor::run_steps(stage& on)
{
    auto const& steps = plays_.steps();
    while (at_ < steps.size()) {
        if (at_ > 0)
            await_go();
        steps[at_].run(on);
        std::scoped_lock const hold(board_.mutex);
        do
            ++at_;
        while (at_ < steps.size() && !steps[at_].run);  // those it did not come to
    }
}

void actor::pause(stage::inside where)
{
    {
        std::scoped_lock const hold(board_.mutex);
        if (at_ + 1 >= plays_.steps().size() || plays_.steps()[at_ + 1].run)
            return;
        ++at_;
        is_cut_in_unit_ = where == stage::inside::a_unit;
    }
    await_go();
    std::scoped_lock const hold(board_.mutex);
    is_cut_in_unit_ = false;
}

void actor::await_go()
{
    std::unique_lock lock(board_.mutex);
    pose_ = pose::resting;
    board_.note_change();
    board_.changed.wait(lock, [&] { return may_go_ || cancelled_; });
    may_go_ = false;
    if (cancelled_)
        throw cancelled{};
    pose_ = pose::moving;
}

}  // namespace tiebreak::test
