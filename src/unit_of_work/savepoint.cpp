// Savepoints: what the database undoes, the unit's objects undo with it.
#include "unit_of_work/workspace.hpp"

#include <exception>

namespace tiebreak {

struct savepoint::state {
    detail::workspace& space;
    detail::workspace::memento before;
    int number = 0;
    int exceptions = std::uncaught_exceptions();

    [[nodiscard]] bool is_over() const noexcept { return !space.is_open_savepoint(number); }

    void run(char const* verb) const
    {
        space.statements().prepared(verb + std::to_string(number)).execute({});
    }
};

savepoint unit_of_work::savepoint()
{
    return space_.guarded([&] {
        space_.flush();
        space_.begin_writing();
        auto begun = std::make_unique<tiebreak::savepoint::state>(tiebreak::savepoint::state{
            .space = space_, .before = space_.remember(), .number = space_.begin_savepoint()});
        begun->run("SAVEPOINT tiebreak_");
        return tiebreak::savepoint(std::move(begun));
    });
}

savepoint::savepoint(std::unique_ptr<state> begun) : state_(std::move(begun)) {}

savepoint::~savepoint()
{
    if (state_->is_over())
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
    if (state_->is_over())
        return;
    auto& space = state_->space;
    auto const number = state_->number;
    try {
        if (!space.connection().in_transaction())
            throw error(errc::transaction_aborted,
                        "the engine has rolled the whole transaction back");
        state_->run("ROLLBACK TO tiebreak_");
        state_->run("RELEASE SAVEPOINT tiebreak_");
    } catch (...) {
        space.end_savepoint(number);
        space.fail(std::current_exception());
        throw;
    }
    space.end_savepoint(number);
    space.restore(state_->before);
    space.revive();
}

void savepoint::release()
{
    if (state_->is_over())
        return;
    state_->space.guarded([&] {
        state_->space.flush();
        state_->run("RELEASE SAVEPOINT tiebreak_");
    });
    state_->space.end_savepoint(state_->number);
}

}  // namespace tiebreak
