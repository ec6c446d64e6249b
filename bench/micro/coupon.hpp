// The entity of the benchmarks.
#pragma once

#include <tiebreak/mapping.hpp>

#include <string>

struct coupon {
    std::int64_t id = 0;
    std::string code{};
    std::int64_t total_quantity = 0;
    std::int64_t issued_quantity = 0;
    tiebreak::version version{};
};

BOOST_DESCRIBE_STRUCT(coupon, (), (id, code, total_quantity, issued_quantity, version))

constexpr auto mapping_of(coupon const*)
{
    return tiebreak::map<coupon>(
        "coupons", tiebreak::generated_key<&coupon::id>, tiebreak::unique<&coupon::code>);
}
