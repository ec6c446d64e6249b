/// \file
/// What is stored of members, coupons and who got which.
#pragma once

#include <tiebreak/mapping.hpp>

#include "systems/enum_text.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tiebreak::systems::coupons {

/// Only active members get coupons.
enum class member_status : std::uint8_t { active, suspended, closed };
BOOST_DESCRIBE_ENUM(member_status, active, suspended, closed)

struct member;
struct coupon;
struct coupon_issue;

}  // namespace tiebreak::systems::coupons

template <>
struct tiebreak::field_type<tiebreak::systems::coupons::member_status>
    : tiebreak::systems::stored_status<tiebreak::systems::coupons::member_status> {
};

namespace tiebreak::systems::coupons {

struct member {
    std::int64_t id = 0;
    std::string name{};  ///< 1 to 200 bytes
    member_status status = member_status::active;
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(member, (), (id, name, status, version))

constexpr auto mapping_of(member const*)
{
    return map<member>("members", generated_key<&member::id>);
}

/// `issued_quantity` equals the number of its issues and never exceeds `total_quantity`.
struct coupon {
    std::int64_t id = 0;
    std::string code{};                ///< 1 to 64 visible ASCII characters
    std::string name{};                ///< 1 to 200 bytes
    std::int64_t discount_amount = 0;  ///< in minor units, 0 or more
    std::int64_t total_quantity = 0;   ///< 0 or more
    std::int64_t issued_quantity = 0;
    std::optional<time_point> starts_at{};  ///< the first moment of issuing; open when absent
    std::optional<time_point> ends_at{};    ///< the first moment after it; open when absent
    tiebreak::version version{};
};
BOOST_DESCRIBE_STRUCT(
    coupon,
    (),
    (id, code, name, discount_amount, total_quantity, issued_quantity, starts_at, ends_at, version))

constexpr auto mapping_of(coupon const*)
{
    return map<coupon>("coupons", generated_key<&coupon::id>, unique<&coupon::code>);
}

/// One coupon of one member. Never changes, so it has no version.
struct coupon_issue {
    std::int64_t id = 0;
    std::int64_t coupon_id = 0;
    std::int64_t member_id = 0;
    time_point issued_at{};  ///< by the database's clock
    time_point expires_at{};
};
BOOST_DESCRIBE_STRUCT(coupon_issue, (), (id, coupon_id, member_id, issued_at, expires_at))

constexpr auto mapping_of(coupon_issue const*)
{
    return map<coupon_issue>("coupon_issues",
                             generated_key<&coupon_issue::id>,
                             unique<&coupon_issue::coupon_id, &coupon_issue::member_id>,
                             references<&coupon_issue::coupon_id, coupon>,
                             references<&coupon_issue::member_id, member>);
}

}  // namespace tiebreak::systems::coupons
