// The rows a unit of work knows, one entry for each, found by key. A handful is scanned; from
// there on they are hashed.
#pragma once

#include <tiebreak/detail/plan.hpp>
#include <tiebreak/lock_mode.hpp>

#include "unit_of_work/arena.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <vector>

namespace tiebreak::detail {

enum class row_state : std::uint8_t {
    loaded,     // in the table, as the snapshot says
    added,      // to be inserted at the flush
    removed,    // to be deleted at the flush
    forgotten,  // not tracked any more; the object stays until the unit ends
};

struct entry {
    entry(plan const& row_of, void* at, value* values, row_state is) noexcept
        : of(&row_of), object(at), snapshot(values), state(is)
    {
    }

    plan const* of;
    void* object;
    value* snapshot;  // a value for each column, as the table has them; the key's always set
    std::size_t hash = 0;
    row_state state;
    bool indexed = false;       // can be found by key
    bool from_outside = false;  // its version came from outside: a conflict is precondition_failed
    bool verify = false;        // check the version at the flush even if nothing changed
    bool force_increment = false;  // bump the version at the flush even if nothing changed
    bool verified = false;         // by this unit: it was as expected then, and is held since
    bool written = false;          // the same: it was as expected then, and is held since
};

[[nodiscard]] inline std::size_t hash_of(value v) noexcept
{
    if (v.holds_integer()) {
        auto const mixed = static_cast<std::uint64_t>(v.integer()) * 0x9E3779B97F4A7C15ull;
        return static_cast<std::size_t>(mixed ^ (mixed >> 32));
    }
    return v.holds_bytes() ? std::hash<std::string_view>{}(v.text()) : 0;
}

class identity_map {
public:
    static constexpr std::size_t none = ~std::size_t{0};

    // `key` holds the key's values in column order.
    [[nodiscard]] static std::size_t hash_key(plan const& of, value const* key) noexcept
    {
        std::size_t hash = of.index;
        for (auto left = of.key_size; left > 0; --left)
            hash = hash * 31 + hash_of(*key++);
        return hash;
    }

    // `row` holds a value for each column.
    [[nodiscard]] static std::size_t hash_row(plan const& of, value const* row) noexcept
    {
        std::size_t hash = of.index;
        for (auto mask = of.key; mask != 0; mask &= mask - 1)
            hash = hash * 31 + hash_of(row[std::countr_zero(mask)]);
        return hash;
    }

    // The position of the entry with this key, or `none`. `at(i)` is the key's value in column i.
    template <class At>
    [[nodiscard]] std::size_t find(plan const& of, std::size_t hash, At at) const noexcept
    {
        if (slots_used_ == 0) {
            for (std::size_t i = 0; i < entries_.size(); ++i)
                if (entries_[i].hash == hash && same(entries_[i], of, at))
                    return i;
            return none;
        }
        auto const last = slots_.size() - 1;
        for (std::size_t slot = hash & last; slots_[slot] != 0; slot = (slot + 1) & last) {
            auto const i = slots_[slot] - 1;
            if (entries_[i].hash == hash && same(entries_[i], of, at))
                return i;
        }
        return none;
    }

    // A new entry, not found by key until `index` is called.
    entry& push(plan const& of, void* object, value* snapshot, row_state state)
    {
        return entries_.emplace_back(of, object, snapshot, state);
    }

    // An entry has got its key.
    void index(entry& one)
    {
        one.hash = hash_row(*one.of, one.snapshot);
        one.indexed = true;
        indexed(static_cast<std::size_t>(&one - entries_.data()));
    }

    // Rebuilds what finds entries; needed after any was dropped or given another key.
    void reindex();

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    void clear() noexcept
    {
        entries_.clear();
        if (slots_used_ != 0) {
            std::ranges::fill(slots_, 0u);
            slots_used_ = 0;
        }
        if (slots_.size() > slots_kept)
            slots_ = {};
    }

    [[nodiscard]] std::vector<entry>& entries() noexcept { return entries_; }

private:
    static constexpr std::size_t scanned_max = 8;
    static constexpr std::size_t slots_kept = 4096;  // clearing a table at its largest is dear

    template <class At>
    static bool same(entry const& one, plan const& of, At at) noexcept
    {
        if (one.of != &of || !one.indexed)
            return false;
        for (auto mask = of.key; mask != 0; mask &= mask - 1) {
            auto const i = static_cast<std::size_t>(std::countr_zero(mask));
            if (!(one.snapshot[i] == at(i)))
                return false;
        }
        return true;
    }

    void indexed(std::size_t position)
    {
        if (entries_.size() <= scanned_max)
            return;
        if (slots_used_ == 0 || slots_used_ * 2 >= slots_.size())
            reindex();
        else
            put(position);
    }

    void put(std::size_t position)
    {
        auto const last = slots_.size() - 1;
        auto slot = entries_[position].hash & last;
        while (slots_[slot] != 0)
            slot = (slot + 1) & last;
        slots_[slot] = static_cast<std::uint32_t>(position + 1);
        ++slots_used_;
    }

    std::vector<entry> entries_;
    std::vector<std::uint32_t> slots_;  // position + 1, or 0
    std::size_t slots_used_ = 0;
};

}  // namespace tiebreak::detail
