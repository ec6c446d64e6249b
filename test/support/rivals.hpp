// What a rival can do to a row at a moment, on a connection of its own.
#pragma once

#include "support/engines.hpp"
#include "support/shop.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

// Runs `then(unit, row)` in the unit of a rival that holds the row for writing, without waiting
// for it. False, and nothing was done, when somebody else holds it.
template <class Entity = coupon, class F>
[[nodiscard]] bool a_rival_writes(fresh_database const& on, std::int64_t id, F&& then)
{
    lock_request const at_once{lock_mode::pessimistic_write, no_wait};
    try {
        on.open().transact(
            [&](unit_of_work& other) { then(other, other.load<Entity>(id, at_once)); },
            {.retry = retry_presets::once});
        return true;
    } catch (error const& refused) {
        EXPECT_EQ(name_of(refused.last() ? refused.last()->code() : refused.code()),
                  name_of(errc::lock_timeout));
        return false;
    }
}

// Whether a rival that does not wait can write the row. Leaves no trace.
[[nodiscard]] inline bool can_be_written_by_a_rival(fresh_database const& on,
                                                    std::int64_t coupon_id)
{
    struct leave_no_trace {};

    try {
        return a_rival_writes(on, coupon_id, [](unit_of_work& other, coupon& row) {
            row.total_quantity = 1000;
            other.flush();
            throw leave_no_trace{};
        });
    } catch (leave_no_trace const&) {
        return true;
    }
}

}  // namespace tiebreak::test
