// The flush: which rows changed, in which order they are written, and what each write expects.
#include "unit_of_work/workspace.hpp"

#include <stdexcept>

namespace tiebreak::detail {

namespace {

// The order of keys is any fixed order that all processes share.
int compare_values(value a, value b) noexcept
{
    if (a.holds_integer() && b.holds_integer())
        return a.integer() < b.integer() ? -1 : a.integer() > b.integer() ? 1 : 0;
    if (a.holds_bytes() && b.holds_bytes())
        return a.text().compare(b.text());
    return static_cast<int>(a.kind()) - static_cast<int>(b.kind());
}

void require_one(plan const& of, std::int64_t rows)
{
    if (rows == 1)
        return;
    throw error(errc::backend_failure,
                "a write of one row of " + std::string{of.table} + " matched " +
                    (rows == 0 ? "none" : "several: its key is not unique"));
}

}  // namespace

bool comes_before(entry const& a, entry const& b) noexcept
{
    if (a.of != b.of)
        if (auto const order = a.of->table.compare(b.of->table); order != 0)
            return order < 0;
    for (auto mask = a.of->key; mask != 0; mask &= mask - 1) {
        auto const i = std::countr_zero(mask);
        if (auto const order = compare_values(a.snapshot[i], b.snapshot[i]); order != 0)
            return order < 0;
    }
    return false;
}

column_mask workspace::changed_columns(entry const& one) const
{
    auto const changed = one.of->changed(one.object, one.snapshot);
    if ((changed & (one.of->key | one.of->version)) != 0) [[unlikely]] {
        throw std::logic_error(
            (changed & one.of->version) != 0
                ? "the application has written the version of " + std::string{one.of->entity} +
                      ": the library alone bumps it"
                : "the application has changed the key of a loaded " + std::string{one.of->entity} +
                      ": remove the row and add another");
    }
    return changed;
}

void workspace::flush_if_touched(plan const& of)
{
    for (auto const& one : rows_.entries()) {
        if (one.of != &of || one.state == row_state::forgotten)
            continue;
        if (one.state != row_state::loaded || changed_columns(one) != 0)
            return flush();
    }
}

void workspace::flush(bool last)
{
    auto& entries = rows_.entries();
    if (entries.empty())
        return;
    if (entries.size() > 1 || pending_)
        return flush_many(last);
    auto& one = entries.front();
    if (one.state != row_state::loaded)
        return;
    auto const changed = changed_columns(one);
    if (changed == 0)
        return;
    begin_flush();
    update(one, changed, (changed & ~one.of->unversioned) != 0 && one.of->version != 0, last);
    first_flush_ = progress::over;
}

// An update that makes a row point to one that is still to be inserted has to wait for it.
bool workspace::points_to_added(entry const& one, column_mask changed)
{
    for (auto const& reference : one.of->references) {
        if ((changed >> reference.column & 1) == 0)
            continue;
        value to;
        one.of->encode(one.object, column_mask{1} << reference.column, &to);
        plan const& target = reference.target();
        auto const found = rows_.find(
            target, identity_map::hash_key(target, &to), [&](std::size_t) { return to; });
        if (found != identity_map::none && rows_.entries()[found].state == row_state::added)
            return true;
    }
    return false;
}

// The updates of one stretch of a flush, as the connection asks for them.
class workspace::flush_steps final : public sql::step_source {
public:
    flush_steps(workspace& space, std::span<planned const> updates, bool last)
        : space_(space), updates_(updates), last_(last)
    {
    }

    bool next(sql::step& to_fill) override
    {
        if (sent_ == updates_.size())
            return false;
        auto const& one = updates_[sent_++];
        to_fill =
            space_.prepare_update(space_.rows_.entries()[one.position], one.changed, one.bump);
        return true;
    }

    void matched(std::int64_t rows) override
    {
        auto const& one = updates_[answered_++];
        space_.finish_update(
            space_.rows_.entries()[one.position], one.changed, one.bump, rows, last_);
    }

    void matched_too_few(std::size_t steps) override
    {
        throw too_few{updates_.subspan(answered_, steps)};
    }

    // Some of these updates matched no row.
    struct too_few {
        std::span<planned const> among;
    };

private:
    workspace& space_;
    std::span<planned const> updates_;
    bool last_;
    std::size_t sent_ = 0;
    std::size_t answered_ = 0;
};

bool workspace::plan_flush()
{
    auto& entries = rows_.entries();
    auto& plan = plan_of_flush_;
    plan.clear();
    bool inserts = false;
    bool sorted = true;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& one = entries[i];
        if (one.state == row_state::added)
            inserts = true;
        if (one.state != row_state::loaded)
            continue;
        auto const changed = changed_columns(one);
        bool const bump =
            one.of->version != 0 && ((changed & ~one.of->unversioned) != 0 || one.force_increment);
        if (changed == 0 && !bump && !one.verify)
            continue;
        if (!plan.empty() && sorted)
            sorted = !comes_before(one, entries[plan.back().position]);
        plan.push_back({static_cast<std::uint32_t>(i), changed, bump, false});
    }
    if (!sorted) {
        std::ranges::sort(plan, [&](planned const& a, planned const& b) {
            return comes_before(entries[a.position], entries[b.position]);
        });
    }
    if (inserts)
        for (auto& one : plan)
            one.postponed = points_to_added(entries[one.position], one.changed);
    return inserts;
}

void workspace::flush_many(bool last)
{
    bool const inserts = plan_flush();
    if (plan_of_flush_.empty() && !inserts && removals_.empty()) {
        pending_ = false;
        return;
    }
    begin_flush();
    write_planned(false, last);
    if (inserts) {
        auto& entries = rows_.entries();
        for (auto& one : entries)
            if (one.state == row_state::added)
                insert(one, last);
        write_planned(true, last);
    }
    for (auto const position : removals_)
        if (auto& one = rows_.entries()[position]; one.state == row_state::removed)
            erase(one);
    removals_.clear();
    pending_ = false;
    first_flush_ = progress::over;
}

void workspace::run_updates(std::span<planned const> updates, bool last)
{
    flush_steps steps(*this, updates, last);
    if (!open_savepoints_.empty()) {
        // one by one: to name a loser must not cost the whole transaction
        connection().sql::connection::run(steps);
        return;
    }
    if (connection().speaks().supports(capability::pipelining)) {
        // nothing can be prepared once the first is on its way
        for (auto const& one : updates)
            static_cast<void>(
                session_->update(*rows_.entries()[one.position].of, one.changed, one.bump));
    }
    try {
        connection().run(steps);
    } catch (flush_steps::too_few const& short_by_some) {
        throw_first_lost(short_by_some.among);
    }
}

// Which of these rows is not as expected. The transaction is given up for it: it would see its own
// writes, and an old snapshot.
void workspace::throw_first_lost(std::span<planned const> among)
{
    connection().rollback();
    for (auto const& each : among) {
        auto& one = rows_.entries()[each.position];
        plan const& of = *one.of;
        auto& statement = session_->find_version(of);
        sql::reading const until_end(statement);
        auto const row = statement.first({key_of(one), of.key_size});
        if (!row.empty() && of.version == 0)
            continue;
        if (!row.empty() && !row[0].is_null() && row[0].integer() == version_of(one))
            continue;
        throw lost(one);
    }
    throw error(errc::transaction_aborted, "a row was gone when it was written, and is back");
}

// Runs the planned writes, those that had to wait or the others: stretches of updates as batches,
// verifications one by one between them.
void workspace::write_planned(bool postponed, bool last)
{
    auto const chosen = [&](planned const& one) { return one.postponed == postponed; };
    auto const is_update = [](planned const& one) { return one.changed != 0 || one.bump; };
    std::span<planned const> const all{plan_of_flush_};
    for (std::size_t i = 0; i < all.size();) {
        if (!chosen(all[i])) {
            ++i;
        } else if (!is_update(all[i])) {
            verify(rows_.entries()[all[i].position], sql::row_lock::share);
            ++i;
        } else {
            auto end = i + 1;
            while (end < all.size() && chosen(all[end]) && is_update(all[end]))
                ++end;
            run_updates(all.subspan(i, end - i), last);
            i = end;
        }
    }
}

sql::step workspace::prepare_update(entry& one, column_mask changed, bool bump)
{
    plan const& of = *one.of;
    auto number = of.encode(one.object, changed, parameters_.data());
    each_column(of.key, [&](std::size_t i) { parameters_[number++] = one.snapshot[i]; });
    if (of.version != 0) {
        if (bump && version_of(one) == of.version_max) {
            throw error(errc::version_exhausted,
                        "the version of a " + std::string{of.entity} + " is at its maximum");
        }
        parameters_[number++] = one.snapshot[of.version_column];
    }
    return {&session_->update(of, changed, bump), {parameters_.data(), number}};
}

void workspace::finish_update(
    entry& one, column_mask changed, bool bump, std::int64_t rows, bool last)
{
    plan const& of = *one.of;
    if (rows == 0)
        throw lost(one);
    require_one(of, rows);
    one.verify = false;
    one.force_increment = false;
    one.written = true;
    if (last)
        return;
    take_snapshot(one, changed);
    if (!bump)
        return;
    if (of.form == version_form::timestamp)
        read_version(one);
    else
        set_version(one, value{version_of(one) + 1});
}

void workspace::update(entry& one, column_mask changed, bool bump, bool last)
{
    auto const step = prepare_update(one, changed, bump);
    auto const rows = step.run->execute(step.parameters);
    if (rows != 1 || !last) [[unlikely]]
        finish_update(one, changed, bump, rows, last);
}

void workspace::set_version(entry& one, value to)
{
    decode_row(*one.of, one.object, one.of->version, &to);
    one.snapshot[one.of->version_column] = to;
}

// The version that the database has chosen, inside the transaction that wrote the row.
void workspace::read_version(entry& one)
{
    auto& statement = session_->find_version(*one.of);
    sql::reading const until_end(statement);
    auto const row = statement.first({key_of(one), one.of->key_size});
    if (row.empty())
        throw error(errc::backend_failure, "a row just written is not there when read again");
    set_version(one, value{time_point{std::chrono::microseconds{row[0].integer()}}});
}

void workspace::verify(entry& one, sql::row_lock as)
{
    plan const& of = *one.of;
    auto& statement = session_->find_version_holding(of, {.how = as});
    sql::reading const until_end(statement);
    auto const* key = key_of(one);
    auto const row = statement.first({key, of.key_size});
    if (row.empty() || row[0].is_null() || row[0].integer() != version_of(one))
        throw lost(one);
    one.verify = false;
    one.verified = true;
}

void workspace::insert(entry& one, bool last)
{
    first_flush_ = progress::over;
    plan const& of = *one.of;
    if (of.form == version_form::counter) {
        value const first{of.version_first};
        decode_row(of, one.object, of.version, &first);
    }
    auto const number = of.encode(one.object, inserted_columns(of), parameters_.data());
    auto& statement = session_->insert(of);
    if (of.generated) {
        auto const made = statement.insert({parameters_.data(), number});
        require_one(of, made ? 1 : 0);
        value const key{*made};
        decode_row(of, one.object, of.key, &key);
    } else {
        require_one(of, statement.execute({parameters_.data(), number}));
    }
    one.state = row_state::loaded;
    one.written = true;
    if (last)
        return;
    take_snapshot(one, of.all);
    bool const moved = one.indexed && one.hash != identity_map::hash_row(of, one.snapshot);
    if (moved || !one.indexed) {
        rows_.index(one);
        if (moved)
            rows_.reindex();
    }
    if (of.form == version_form::timestamp)
        read_version(one);
}

void workspace::erase(entry& one)
{
    plan const& of = *one.of;
    std::size_t number = 0;
    each_column(of.key, [&](std::size_t i) { parameters_[number++] = one.snapshot[i]; });
    if (of.version != 0)
        parameters_[number++] = one.snapshot[of.version_column];
    auto const rows = session_->remove(of).execute({parameters_.data(), number});
    if (rows == 0)
        throw lost(one);
    require_one(of, rows);
    one.state = row_state::forgotten;
    one.written = true;
    one.indexed = false;
}

}  // namespace tiebreak::detail
