#include "unit_of_work/identity_map.hpp"

namespace tiebreak::detail {

void identity_map::reindex()
{
    slots_used_ = 0;
    if (entries_.size() <= scanned_max) {
        std::ranges::fill(slots_, 0u);
        return;
    }
    auto const needed = std::bit_ceil(entries_.size() * 4);
    if (slots_.size() < needed)
        slots_.assign(needed, 0u);
    else
        std::ranges::fill(slots_, 0u);
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (entries_[i].indexed)
            put(i);
}

}  // namespace tiebreak::detail
