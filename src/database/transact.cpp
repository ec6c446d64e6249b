// One `transact`: attempts, commit, retry.
#include "database/core.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::detail {

namespace {

// A joined call may not ask for more than the unit it joins has, which is READ COMMITTED at least.
void check_join(transact_options const& inner, transact_options const& outer)
{
    if (inner.level > std::max(outer.level, isolation::read_committed))
        throw std::logic_error("a nested transact cannot have a stricter isolation than the outer");
    if (inner.pessimistic && !outer.pessimistic)
        throw std::logic_error("a nested transact cannot be pessimistic when the outer is not");
    if (inner.retry)
        throw std::logic_error("a nested transact has no retry policy: only the outermost retries");
}

}  // namespace

transaction::transaction(database& on, transact_options const& options)
    : core_(*on.core_),
      options_(options),
      joined_(core_.running_here()),
      space_(joined_ != nullptr ? *joined_ : core_.take()),
      work_(space_)
{
    if (joined_ != nullptr) {
        check_join(options, *static_cast<transact_options const*>(joined_->options));
        return;
    }
    if (options.retry) {
        try {
            validate(*options.retry);
        } catch (...) {
            core_.give(space_);
            throw;
        }
    }
    started_ = std::chrono::steady_clock::now();
    space_.options = &options_;
    enter();
}

transaction::~transaction()
{
    if (joined_ == nullptr && running_)
        leave();
}

void transaction::enter() noexcept
{
    space_.outer = database_core::running;
    database_core::running = &space_;
    running_ = true;
}

void transaction::leave() noexcept
{
    space_.rollback();
    space_.reset();
    database_core::running = space_.outer;
    running_ = false;
    core_.give(space_);
}

retry_policy const& transaction::policy() const noexcept
{
    return options_.retry ? *options_.retry : core_.options().retry;
}

unit_of_work& transaction::start()
{
    if (joined_ != nullptr) {
        space_.require_usable();
        return work_;
    }
    ++attempts_;
    if (auto* const watcher = space_.watcher())
        watcher->attempt_started(attempts_);
    space_.start(deadline_after(started_, policy()),
                 options_.level,
                 options_.pessimistic || options_.level >= isolation::repeatable_read ||
                     core_.begins_at_once(),
                 options_.pessimistic);
    return work_;
}

void transaction::finish()
{
    if (joined_ != nullptr)
        return;
    space_.commit();
    if (auto* const watcher = space_.watcher())
        watcher->committed(attempts_);
    if (!space_.has_after_commit()) [[likely]]
        return leave();
    auto const callbacks = space_.take_after_commit();
    leave();
    for (auto const& then : callbacks)
        then();
}

void transaction::failed()
{
    if (joined_ != nullptr) {
        space_.fail(std::current_exception());
        throw;
    }
    if (!running_)
        throw;  // from a callback after the commit
    space_.rollback();
    space_.reset();
    try {
        throw;
    } catch (error const& failure) {
        retry_or_throw(core_, space_, failure, attempts_, started_, policy());
    }
}

}  // namespace tiebreak::detail
