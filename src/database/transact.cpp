// One `transact`: attempts, commit, retry.
#include "database/commit_token.hpp"
#include "database/core.hpp"
#include "database/unit_guard.hpp"

#include <algorithm>
#include <stdexcept>

namespace tiebreak::detail {

namespace {

void write_first(workspace& space, void* token)
{
    write_token(space.statements(), *static_cast<std::string const*>(token));
}

void let_guard_write(workspace& space, void* guard)
{
    static_cast<unit_guard*>(guard)->write_first(space);
}

// Writers that do not read first, or are quicker, could outrun a unit for ever: after so many
// attempts lost to others it holds what it is about to write before it reads.
constexpr int races_lost_at_most = 3;

}  // namespace

commit_certainty transaction::certainty_of(transact_options const& options) const noexcept
{
    return options.certainty.value_or(core_.options().certainty);
}

// A joined call may not ask for more than the unit it joins has, which is READ COMMITTED at least.
void transaction::check_join(transact_options const& inner, transact_options const& outer) const
{
    if (inner.level > std::max(outer.level, isolation::read_committed))
        throw std::logic_error("a nested transact cannot have a stricter isolation than the outer");
    if (inner.pessimistic && !outer.pessimistic)
        throw std::logic_error("a nested transact cannot be pessimistic when the outer is not");
    if (inner.certainty && *inner.certainty > certainty_of(outer))
        throw std::logic_error("a nested transact has no commit of its own to be certain of");
    if (inner.retry)
        throw std::logic_error("a nested transact has no retry policy: only the outermost retries");
}

void transaction::check(transact_options const& options) const
{
    if (options.retry)
        validate(*options.retry);
    if (options.token.empty())
        return;
    if (certainty_of(options) != commit_certainty::by_token)
        throw std::invalid_argument("a token is given without .certainty = commit_token");
    check_token(options.token);
}

transaction::transaction(database& on, transact_options const& options, unit_guard* guard)
    : core_(*on.core_),
      options_(options),
      joined_(core_.running_here()),
      space_(joined_ != nullptr ? *joined_ : core_.take()),
      work_(space_),
      attempts_{options.retry ? *options.retry : core_.options().retry},
      guard_(guard)
{
    if (joined_ != nullptr) {
        check_join(options, *static_cast<transact_options const*>(joined_->options));
        return;
    }
    try {
        check(options);
    } catch (...) {
        core_.give(space_);
        throw;
    }
    attempts_.started = start_of(attempts_.policy);
    space_.options = &options_;
    enter();
}

void transaction::abandon() noexcept
{
    space_.rollback();
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
    if (races_lost_ != 0) [[unlikely]]
        space_.forget_first_flush();
    space_.reset();
    database_core::running = space_.outer;
    running_ = false;
    core_.give(space_);
}

unit_of_work& transaction::start()
{
    if (joined_ != nullptr) {
        space_.require_usable();
        return work_;
    }
    ++attempts_.begun;
    if (auto* const watcher = space_.watcher())
        watcher->attempt_started(attempts_.begun);
    until_ = deadline_after(attempts_.started, attempts_.policy);
    if (attempts_.begun == 1)
        core_.make_ready(space_, until_);  // `retry_or_throw` did it for the others
    space_.start(until_,
                 options_.level,
                 options_.pessimistic || options_.level >= isolation::repeatable_read ||
                     core_.begins_at_once() || guard_ != nullptr,
                 options_.pessimistic);
    if (races_lost_ >= races_lost_at_most) [[unlikely]]
        space_.hold_first_flush();
    if (guard_ != nullptr) {
        // its first row is the unit's commit token
        space_.write_first(let_guard_write, guard_, guard_->first_wait());
    } else if (certainty_of(options_) == commit_certainty::by_token) {
        token_ = options_.token.empty() ? random_token() : options_.token;
        space_.write_first(write_first, &token_);
    }
    return work_;
}

void transaction::hear_first()
{
    space_.guarded([&] {
        space_.begin_writing();
        space_.connection().hear_first();
    });
}

void transaction::finish()
{
    if (joined_ != nullptr)
        return;
    commit();
    if (auto* const watcher = space_.watcher())
        watcher->committed(attempts_.begun);
    if (!space_.has_after_commit()) [[likely]]
        return leave();
    auto const callbacks = space_.take_after_commit();
    leave();
    for (auto const& then : callbacks)
        then();
}

void transaction::commit()
{
    space_.before_commit();  // a failure here is never resolved: only COMMIT makes the token count
    if (guard_ != nullptr) [[unlikely]]
        return commit_guarded();
    if (token_.empty()) [[likely]]
        return space_.commit();
    auto const never = commit_surely(core_, space_, token_, until_);
    if (!never)
        return;
    if (options_.token.empty())
        throw error(*never);
    throw error(
        errc::attempts_exhausted, attempts_.begun, *never);  // the token that was given is used up
}

void transaction::commit_guarded()
{
    hear_first();  // when the unit ran no statement at all
    try {
        guard_->commit(space_);
    } catch (error const& failure) {
        if (failure.code() != errc::commit_unknown || core_.begins_at_once())
            throw;
        guard_->in_doubt();
        throw error(errc::unavailable,
                    "the answer to COMMIT was lost; the unit runs again to find out",
                    std::string{failure.server_message()});
    }
}

// With what was asked for about its conflicts.
error transaction::explained(error const& failure)
{
    bool const is_conflict =
        failure.code() == errc::already_exists || failure.what_conflicted() != nullptr;
    if (options_.conflicts == conflict_detail::first_row || !is_conflict)
        return failure;
    return space_.explained(failure, options_.conflicts);
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
    try {
        throw;
    } catch (error const& failure) {
        if (failure.code() == errc::stale_version && ++races_lost_ >= races_lost_at_most)
            space_.remember_first_flush();
        // asked about only when nobody tries again
        retry_or_throw(
            core_, space_, attempts_, failure, [this](error const& e) { return explained(e); });
        space_.reset();
    } catch (...) {
        space_.reset();
        throw;
    }
}

}  // namespace tiebreak::detail
