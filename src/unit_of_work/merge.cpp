// Taking over what a detached object says: as a whole, or column by column.
#include "unit_of_work/workspace.hpp"

#include <stdexcept>

namespace tiebreak::detail {

void* workspace::merge(plan const& of, void* from)
{
    of.encode(from, of.key, key_.data());
    std::array<value, 64> const key = key_;
    auto* object = find(of, key.data(), {});
    if (object == nullptr)
        throw not_found(of, key.data());
    auto& one = entry_of(object);
    if (of.form != version_form::none && one.state == row_state::loaded) {
        value claimed;
        of.encode(from, of.version, &claimed);
        if (claimed.integer() != version_of(one)) {
            auto what = conflict_of(of, prefix_, key.data(), claimed.integer());
            what.kind = conflict_kind::changed;
            what.actual_version = version_of(one);
            std::array<value, 64> mine;
            of.encode(from, of.all, mine.data());
            each_column(of.all & ~(of.key | of.version), [&](std::size_t i) {
                if (!(mine[i] == one.snapshot[i]))
                    what.fields.push_back({.column = std::string{of.columns[i].name},
                                           .original = {},
                                           .mine = stored_value{mine[i]},
                                           .theirs = stored_value{one.snapshot[i]}});
            });
            report_loss(watcher_, what);
            throw error(errc::precondition_failed, std::move(what));
        }
    }
    one.from_outside = true;
    of.destroy(object);
    of.move_construct(object, from);
    return object;
}

void* workspace::merge(plan const& of, void const* original, void const* mine, merge_policy how)
{
    std::array<value, 64> before;
    std::array<value, 64> wanted;
    of.encode(original, of.all, before.data());
    of.encode(mine, of.all, wanted.data());
    std::array<value, 64> key;
    std::size_t number = 0;
    each_column(of.key, [&](std::size_t i) {
        if (!(before[i] == wanted[i]))
            throw std::invalid_argument("the two sides of a merge of " + std::string{of.entity} +
                                        " have different keys");
        key[number++] = before[i];
    });
    auto* object = find(of, key.data(), {});
    if (object == nullptr)
        throw not_found(of, key.data());
    std::array<value, 64> now;
    of.encode(object, of.all, now.data());

    auto what = conflict_of(of, prefix_, key.data(), {});
    column_mask taken = 0;
    std::array<value, 64> values;
    number = 0;
    each_column(of.all & ~(of.key | of.version), [&](std::size_t i) {
        if (wanted[i] == before[i] || wanted[i] == now[i])
            return;
        bool const overlap = !(now[i] == before[i]);
        if (overlap && how == merge_policy::theirs)
            return;
        if (overlap && how == merge_policy::refuse_overlap) {
            what.fields.push_back({.column = std::string{of.columns[i].name},
                                   .original = stored_value{before[i]},
                                   .mine = stored_value{wanted[i]},
                                   .theirs = stored_value{now[i]}});
            return;
        }
        taken |= column_mask{1} << i;
        values[number++] = wanted[i];
    });
    if (!what.fields.empty()) {
        what.kind = conflict_kind::changed;
        if (of.version != 0) {
            what.expected_version = before[of.version_column].integer();
            what.actual_version = now[of.version_column].integer();
        }
        report_loss(watcher_, what);
        throw error(errc::precondition_failed, std::move(what));
    }
    decode_row(of, object, taken, values.data());
    return object;
}

}  // namespace tiebreak::detail
