// What the tests of the coupon system share: coupons and members by short names, and the final
// rows in one line.
#pragma once

#include "system_test.hpp"
#include "systems/coupons/coupons.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace tiebreak::systems::coupons {

inline void PrintTo(strategy how, std::ostream* out)
{
    *out << name_of(how);
}

}  // namespace tiebreak::systems::coupons

namespace tiebreak::test {

namespace coupons = systems::coupons;

inline constexpr coupons::strategy exact_strategies[] = {
    coupons::strategy::optimistic,
    coupons::strategy::conditional,
    coupons::strategy::pessimistic,
};

inline constexpr coupons::strategy all_strategies[] = {
    coupons::strategy::naive,
    coupons::strategy::in_process,
    coupons::strategy::optimistic,
    coupons::strategy::conditional,
    coupons::strategy::pessimistic,
};

inline coupons::coupon make_coupon(database& in, std::string_view code, std::int64_t stock)
{
    return std::get<coupons::coupon>(coupons::create_coupon(in,
                                                            {
                                                                .code = std::string(code),
                                                                .name = "Ten off",
                                                                .discount_amount = 1000,
                                                                .total_quantity = stock,
                                                            }));
}

inline std::int64_t make_member(database& in)
{
    return std::get<coupons::member>(coupons::create_member(in, "Ada")).id;
}

template <class Answer>
bool is(coupons::issue_result const& result)
{
    return std::holds_alternative<Answer>(result);
}

// The counter and the rows agree, nobody has two, and there are this many.
inline void expect_issued(database& in, std::string_view code, std::int64_t number)
{
    auto const found = coupons::audit(in, code);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->rows, number);
    EXPECT_EQ(found->issued_quantity, number);
    EXPECT_EQ(found->members_with_two, 0);
}

}  // namespace tiebreak::test
