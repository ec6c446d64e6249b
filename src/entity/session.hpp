// A connection with the statements prepared on it: by plan and changed columns for the fixed ones,
// by text for the others. Belongs to one thread at a time.
#pragma once

#include "entity/render.hpp"
#include "sql/connection.hpp"

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tiebreak::detail {

class session {
public:
    session(std::unique_ptr<sql::connection> to, std::string const& prefix)
        : connection_(std::move(to)), prefix_(prefix)
    {
    }

    [[nodiscard]] sql::connection& connection() noexcept { return *connection_; }

    [[nodiscard]] std::string const& prefix() const noexcept { return prefix_; }

    [[nodiscard]] statement_text text() const { return {connection_->speaks(), prefix_}; }

    // By key; SELECT of all columns.
    [[nodiscard]] sql::statement& find(plan const& of)
    {
        auto& slot = of_plan(of).find;
        return slot ? *slot : fill(slot, [&](auto& out) { render_find(out, of, of.key); });
    }

    [[nodiscard]] sql::statement& find_by(plan const& of, column_mask by);
    // The same, holding the row. Found by its text, so dearer to look up.
    [[nodiscard]] sql::statement& find_holding(plan const& of, column_mask by, held how);
    [[nodiscard]] sql::statement& find_version(plan const& of);
    [[nodiscard]] sql::statement& find_version_holding(plan const& of, held how);
    [[nodiscard]] sql::statement& insert(plan const& of);
    [[nodiscard]] sql::statement& insert_if_absent(plan const& of);
    [[nodiscard]] sql::statement& remove(plan const& of);

    // Of these changed columns. There are few masks in use for one entity, so they are scanned.
    [[nodiscard]] sql::statement& update(plan const& of, column_mask changed, bool bump)
    {
        auto& known = of_plan(of);
        for (auto& one : known.updates)
            if (one.changed == changed && one.bump == bump)
                return *one.run;
        return prepare_update(known, of, changed, bump);
    }

    // Before the first write to a table on this connection: that it can be rolled back.
    void require_transactions(plan const& of)
    {
        if (!of_plan(of).has_transactions) [[unlikely]]
            ask_for_transactions(of);
    }

    // Of this text; the least recently used is dropped when there are many.
    [[nodiscard]] sql::statement& prepared(std::string const& text);

private:
    using owned = std::unique_ptr<sql::statement>;

    struct update_statement {
        column_mask changed;
        bool bump;
        owned run;
    };

    struct plan_statements {
        owned find, find_version, insert, insert_if_absent, remove;
        std::vector<update_statement> updates;
        std::vector<std::pair<column_mask, owned>> finds_by;
        bool has_transactions = false;  // known to have them
    };

    plan_statements& of_plan(plan const& of)
    {
        if (of.index >= plans_.size())
            plans_.resize(of.index + 1);
        return plans_[of.index];
    }

    template <class Render>
    sql::statement& fill(owned& slot, Render render)
    {
        auto out = text();
        render(out);
        slot = connection_->prepare(out.text());
        return *slot;
    }

    void ask_for_transactions(plan const& of);
    sql::statement&
    prepare_update(plan_statements& into, plan const& of, column_mask changed, bool bump);

    std::unique_ptr<sql::connection> connection_;  // before the statements: destroyed after them
    std::string const& prefix_;
    std::vector<plan_statements> plans_;
    std::list<std::pair<std::string, owned>> by_text_;  // most recently used first
    std::unordered_map<std::string_view, decltype(by_text_)::iterator> text_index_;
};

}  // namespace tiebreak::detail
