#include "entity/session.hpp"

namespace tiebreak::detail {

namespace {

// Enough for every typed query of a large program; bounds memory when texts are made up endlessly.
constexpr std::size_t texts_max = 256;

}  // namespace

sql::statement& session::find_by(plan const& of, column_mask by)
{
    if (by == of.key)
        return find(of);
    auto& known = of_plan(of).finds_by;
    for (auto& [mask, found] : known)
        if (mask == by)
            return *found;
    auto& slot = known.emplace_back(by, nullptr).second;
    try {
        return fill(slot, [&](auto& out) { render_find(out, of, by); });
    } catch (...) {
        known.pop_back();
        throw;
    }
}

sql::statement& session::find_version(plan const& of)
{
    auto& slot = of_plan(of).find_version;
    return slot ? *slot : fill(slot, [&](auto& out) { render_find_version(out, of); });
}

sql::statement& session::find_holding(plan const& of, column_mask by, held how)
{
    auto out = text();
    render_find(out, of, by, how);
    return prepared(out.text());
}

sql::statement& session::find_version_holding(plan const& of, held how)
{
    auto out = text();
    render_find_version(out, of, how);
    return prepared(out.text());
}

sql::statement& session::insert(plan const& of)
{
    auto& slot = of_plan(of).insert;
    if (slot)
        return *slot;
    require_transactions(of);
    return fill(slot, [&](auto& out) { render_insert(out, of, false); });
}

sql::statement& session::insert_if_absent(plan const& of)
{
    auto& slot = of_plan(of).insert_if_absent;
    if (!slot) {
        require_transactions(of);
        auto out = text();
        render_insert(out, of, true);
        slot = connection_->prepare(out.text(), sql::taken_key::is_passed_over);
    }
    return *slot;
}

sql::statement& session::remove(plan const& of)
{
    auto& slot = of_plan(of).remove;
    if (slot)
        return *slot;
    require_transactions(of);
    return fill(slot, [&](auto& out) { render_delete(out, of); });
}

sql::statement&
session::prepare_update(plan_statements& into, plan const& of, column_mask changed, bool bump)
{
    require_transactions(of);
    auto out = text();
    render_update(out, of, changed, bump);
    auto made = connection_->prepare(out.text());
    into.updates.push_back({changed, bump, std::move(made)});
    return *into.updates.back().run;
}

void session::ask_for_transactions(plan const& of)
{
    connection_->require_transactions(prefix_ + std::string{of.table});
    of_plan(of).has_transactions = true;
}

sql::statement& session::prepared(std::string const& text)
{
    if (auto const found = text_index_.find(text); found != text_index_.end()) {
        by_text_.splice(by_text_.begin(), by_text_, found->second);
        return *found->second->second;
    }
    by_text_.emplace_front(text, connection_->prepare(text));
    text_index_.emplace(by_text_.front().first, by_text_.begin());
    if (by_text_.size() > texts_max) {
        text_index_.erase(by_text_.back().first);
        by_text_.pop_back();
    }
    return *by_text_.front().second;
}

}  // namespace tiebreak::detail
