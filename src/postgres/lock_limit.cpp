#include "postgres/lock_limit.hpp"

#include <algorithm>
#include <limits>

namespace tiebreak::postgres {

namespace {

constexpr lock_limit::milliseconds not_known{-1};

// What the server can store.
constexpr lock_limit::milliseconds longest{std::numeric_limits<int>::max()};

// Its 0 means no limit.
[[nodiscard]] std::string text_of(lock_limit::milliseconds limit)
{
    return std::to_string(limit == lock_limit::none ? 0 : limit.count());
}

[[nodiscard]] lock_limit::milliseconds storable(lock_limit::milliseconds limit) noexcept
{
    return limit > longest ? lock_limit::none : std::max(limit, lock_limit::milliseconds{1});
}

// What a wait may at most take to be told from slow work: sending and a busy machine take time,
// too.
[[nodiscard]] lock_limit::milliseconds latest(lock_limit::milliseconds left) noexcept
{
    return left == lock_limit::none ? left : left * 19 / 20;
}

}  // namespace

void lock_limit::ask_for(milliseconds to) noexcept
{
    asked_ = storable(to);
}

std::string lock_limit::before_statement(milliseconds left, bool alone, bool writes)
{
    left = left > longest ? none : left;
    auto const until_deadline = left == none ? none : storable(left * 9 / 10);
    if (asked_ != none) {
        auto const wanted = std::min(asked_, until_deadline);
        // SET LOCAL would be warned of where no transaction was begun
        if (alone)
            return "SELECT pg_catalog.set_config('lock_timeout', '" + text_of(wanted) + "', true)";
        if (is_local_ && local_for_ == asked_ && is_as_asked(left))
            return {};
        is_local_ = true;
        local_for_ = asked_;
        in_force_ = wanted;
        return "SET LOCAL lock_timeout = " + text_of(wanted);
    }
    if (is_near_enough(left, writes)) [[likely]]
        return {};
    in_force_ = until_deadline;
    if (is_local_) {
        local_for_ = none;
        return "SET LOCAL lock_timeout = " + text_of(until_deadline);
    }
    session_ = until_deadline;
    return "SET lock_timeout = " + text_of(until_deadline);
}

// A statement that only reads waits for hardly anybody: it may wait until it is cancelled.
bool lock_limit::is_near_enough(milliseconds left, bool writes) const noexcept
{
    if (left == none)
        return in_force_ == none;
    return in_force_ >= left * 3 / 4 && (in_force_ <= latest(left) || !writes);
}

// The deadline comes nearer while the transaction goes on.
bool lock_limit::is_as_asked(milliseconds left) const noexcept
{
    if (in_force_ == not_known || in_force_ > latest(left))
        return false;
    return in_force_ == asked_ || (left != none && in_force_ >= left * 3 / 4);
}

void lock_limit::begun() noexcept
{
    before_ = session_;
    in_force_ = session_;
    is_local_ = false;
}

void lock_limit::committed() noexcept
{
    begun();
}

void lock_limit::rolled_back() noexcept
{
    session_ = before_;
    begun();
}

void lock_limit::went_back_to_savepoint() noexcept
{
    if (session_ != before_)
        session_ = not_known;
    in_force_ = not_known;
}

}  // namespace tiebreak::postgres
