// What a rival can do to a coupon at a moment, on a connection of its own.
#pragma once

#include "support/engines.hpp"
#include "support/shop.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tiebreak::test {

// Whether a rival that does not wait can write the row. Leaves no trace.
[[nodiscard]] inline bool can_be_written_by_a_rival(fresh_database const& on,
                                                    std::int64_t coupon_id)
{
    auto rival = on.open();
    bool wrote = false;
    try {
        rival.transact(
            [&](unit_of_work& other) {
                lock_request const now{lock_mode::pessimistic_write, no_wait};
                other.load<coupon>(coupon_id, now).total_quantity = 1000;
                other.flush();
                wrote = true;
                throw std::runtime_error("leave no trace");
            },
            {.retry = retry_presets::once});
    } catch (error const& refused) {
        EXPECT_EQ(name_of(refused.last() ? refused.last()->code() : refused.code()),
                  name_of(errc::lock_timeout));
    } catch (std::runtime_error const&) {  // NOLINT(bugprone-empty-catch): its own
    }
    return wrote;
}

}  // namespace tiebreak::test
