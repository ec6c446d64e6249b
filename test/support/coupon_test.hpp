// A test on an engine that begins with a shop and one coupon, of which five can be had.
#pragma once

#include "support/captured_log.hpp"
#include "support/checks.hpp"
#include "support/engines.hpp"
#include "support/shop.hpp"

namespace tiebreak::test {

class coupon_test : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        create_shop(db());
        row_ = add_coupon(db(), "A", 5);
    }

    // The coupon as the table has it.
    coupon now() { return stored<coupon>(db(), row_.id); }

    coupon row_;
    captured_log log_;
};

}  // namespace tiebreak::test
