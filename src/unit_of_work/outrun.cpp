// A unit that others outran several times: before its next run does anything else, it holds the
// rows that its first flush was to write, in the order of a flush.
#include "unit_of_work/workspace.hpp"

namespace tiebreak::detail {

// Only what comes before every other write of the unit: who holds more, out of the order in which
// equal units write, could block one of them for ever, and be blocked by it.
void workspace::remember_first_flush()
{
    if (first_flush_is_over_)
        return;
    static_cast<void>(plan_flush());
    auto& entries = rows_.entries();
    std::vector<entry const*> rows;
    for (auto const& one : plan_of_flush_)
        if (!one.postponed)
            rows.push_back(&entries[one.position]);
    for (auto const& one : entries)
        if (one.written && one.state == row_state::loaded &&
            std::ranges::find(rows, &one) == rows.end())
            rows.push_back(&one);
    std::ranges::sort(rows, [](entry const* a, entry const* b) { return comes_before(*a, *b); });

    forget_first_flush();
    for (auto const* one : rows) {
        plan const& of = *one->of;
        auto& to_hold = rows_to_hold_.emplace_back(&of, std::vector<value>{});
        each_column(of.key, [&](std::size_t i) {
            to_hold.key.push_back(copy_of(one->snapshot[i], memory_of_rows_to_hold_));
        });
    }
}

void workspace::forget_first_flush() noexcept
{
    rows_to_hold_.clear();
    memory_of_rows_to_hold_.release();
}

void workspace::hold_first_flush() noexcept
{
    begin_first_ = true;
    holds_first_flush_ = connection().speaks().supports(capability::row_locks);
}

// A row that is gone is not missed here.
void workspace::hold_rows()
{
    for (auto const& one : rows_to_hold_) {
        auto& statement = session_->find_version_holding(*one.of, {.how = sql::row_lock::update});
        sql::reading const until_end(statement);
        static_cast<void>(statement.first(one.key));
    }
}

}  // namespace tiebreak::detail
