#include "unit_of_work/workspace.hpp"

#include <exception>

namespace tiebreak {

struct savepoint::state {
    detail::workspace& space;
    detail::workspace::memento before;
    std::string name;
    int exceptions = std::uncaught_exceptions();
    bool over = false;

    void run(char const* verb) const { space.statements().prepared(verb + name).execute({}); }
};

savepoint unit_of_work::savepoint()
{
    return space_.guarded([&] {
        space_.flush();
        space_.begin_writing();
        auto begun = std::make_unique<tiebreak::savepoint::state>(tiebreak::savepoint::state{
            space_, space_.remember(), "tiebreak_" + std::to_string(space_.next_savepoint())});
        begun->run("SAVEPOINT ");
        return tiebreak::savepoint(std::move(begun));
    });
}

savepoint::savepoint(std::unique_ptr<state> begun) : state_(std::move(begun)) {}

savepoint::~savepoint()
{
    if (state_->over)
        return;
    try {
        if (std::uncaught_exceptions() > state_->exceptions)
            rollback();
        else if (!state_->space.failed())
            release();
    } catch (...) {
        state_->space.fail(std::current_exception());  // the commit will refuse, and say why
    }
}

void savepoint::rollback()
{
    if (state_->over)
        return;
    state_->over = true;
    auto& space = state_->space;
    if (!space.connection().in_transaction())
        throw error(errc::transaction_aborted, "the engine has rolled the whole transaction back");
    state_->run("ROLLBACK TO ");
    state_->run("RELEASE ");
    space.restore(state_->before);
    space.revive();
}

void savepoint::release()
{
    if (state_->over)
        return;
    state_->space.guarded([&] {
        state_->space.flush();
        state_->run("RELEASE ");
    });
    state_->over = true;
}

}  // namespace tiebreak
