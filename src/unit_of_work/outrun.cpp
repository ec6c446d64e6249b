// A unit that others outran several times: before its next run does anything else, it holds the
// rows that its first flush was to write or verify, in the order of a flush.
#include "unit_of_work/workspace.hpp"

namespace tiebreak::detail {

// Only what comes before everything else that the unit writes or holds: who held more, out of the
// order in which equal units come to it, could block one of them, and be blocked by it.
void workspace::remember_first_flush()
{
    if (first_flush_ != progress::running)
        return;
    bool const inserts = plan_flush();
    auto& entries = rows_.entries();
    std::vector<std::pair<entry const*, sql::row_lock>> rows;
    for (auto const& one : plan_of_flush_)
        if (!one.postponed)
            rows.emplace_back(&entries[one.position],
                              one.changed != 0 || one.bump ? sql::row_lock::update
                                                           : sql::row_lock::share);
    for (auto const& one : entries)
        if (one.state == row_state::loaded && (one.written || one.verified))
            rows.emplace_back(&one, one.written ? sql::row_lock::update : sql::row_lock::share);
    std::ranges::stable_sort(
        rows, [](auto const& a, auto const& b) { return comes_before(*a.first, *b.first); });
    auto const is_twice = [](auto const& a, auto const& b) { return a.first == b.first; };
    rows.erase(std::unique(rows.begin(), rows.end(), is_twice), rows.end());
    if (!inserts)
        for (auto const position : removals_)
            rows.emplace_back(&entries[position], sql::row_lock::update);

    forget_first_flush();
    for (auto const& row : rows) {
        entry const& one = *row.first;
        plan const& of = *one.of;
        rows_to_hold_.push_back({.of = &of, .key = {}, .as = row.second});
        auto& key = rows_to_hold_.back().key;
        each_column(of.key, [&](std::size_t i) {
            key.push_back(copy_of(one.snapshot[i], memory_of_rows_to_hold_));
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
        auto& statement = session_->find_version_holding(*one.of, {.how = one.as});
        sql::reading const until_end(statement);
        static_cast<void>(statement.first(one.key));
    }
}

}  // namespace tiebreak::detail
