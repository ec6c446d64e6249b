// Tracked rows when the table changes beside them: by another statement of this unit, or because a
// savepoint is rolled back.
#include "unit_of_work/workspace.hpp"

namespace tiebreak::detail {

// Calls f(entry) for the tracked row with this key, or for all of the entity when there is none.
template <class F>
void workspace::each_known(plan const& of, value const* key, F f)
{
    if (key == nullptr) {
        for (auto& one : rows_.entries())
            if (one.of == &of && one.state == row_state::loaded)
                f(one);
        return;
    }
    auto const found = find_entry(of, key);
    if (found != identity_map::none && rows_.entries()[found].state == row_state::loaded)
        f(rows_.entries()[found]);
}

void workspace::verify_known(plan const& of, value const* key)
{
    if (of.version == 0)
        return;
    each_known(of, key, [&](entry& one) {
        bool const until_commit = one.verify;
        verify(one, sql::row_lock::update);  // about to be written
        one.verify = until_commit;
    });
}

void workspace::refresh(plan const& of, value const* key)
{
    each_known(of, key, [&](entry& one) {
        auto& statement = session_->find(of);
        sql::reading const until_end(statement);
        auto const row = statement.first({key_of(one), of.key_size});
        if (row.empty()) {  // a later write of this object must still find that nothing matches
            one.indexed = false;
            one.verify = false;
            one.force_increment = false;
            return;
        }
        decode_row(of, one.object, of.all, row.data());
        take_snapshot(one, of.all);
    });
}

workspace::memento workspace::remember()
{
    memento now{rows_.entries(), removals_, {}, after_commit_.size()};
    for (auto const& one : now.entries) {
        auto const count = one.of->columns.size();
        auto* copy = static_cast<value*>(memory_.take(count * sizeof(value), alignof(value)));
        std::uninitialized_copy_n(one.snapshot, count, copy);  // its bytes stay where they are
        now.snapshots.push_back(copy);
    }
    return now;
}

void workspace::restore(memento const& before)
{
    auto& entries = rows_.entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i >= before.entries.size()) {
            entries[i].state = row_state::forgotten;
            entries[i].indexed = false;
            continue;
        }
        entries[i] = before.entries[i];
        if (entries[i].state != row_state::loaded)
            continue;
        std::copy_n(before.snapshots[i], entries[i].of->columns.size(), entries[i].snapshot);
        decode_row(*entries[i].of, entries[i].object, entries[i].of->all, entries[i].snapshot);
    }
    removals_ = before.removals;
    after_commit_.erase(after_commit_.begin() + static_cast<std::ptrdiff_t>(before.after_commit),
                        after_commit_.end());
    pending_ = true;
    rows_.reindex();
}

}  // namespace tiebreak::detail
