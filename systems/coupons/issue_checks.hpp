/// \file
/// The checks of issuing, in their order: what every strategy does before it decides. Not public.
#pragma once

#include "systems/coupons/coupons.hpp"

#include <functional>
#include <optional>
#include <string>

namespace tiebreak::systems::coupons::detail {

struct issue_request {
    std::string code{};
    std::int64_t member_id = 0;
};

/// What the checks found: a refusal, or the database's time.
struct looked {
    std::optional<issue_result> refusal{};
    time_point now{};
};

/// Reads the coupon at its turn; null when there is none.
using coupon_reader = std::function<coupon const*(std::string const& code)>;

/// Member, coupon, duplicate, window, stock. Ends at the first refusal.
[[nodiscard]] looked
look(unit_of_work& work, issue_request const& asked, coupon_reader const& read_coupon);

/// The record of one issue, 30 days from `now`.
[[nodiscard]] coupon_issue record_of(issue_request const& asked, coupon const& of, time_point now);

[[nodiscard]] issued answer_of(coupon_issue const& record, coupon const& of);

/// 1 to 64 visible ASCII characters.
[[nodiscard]] bool is_code(std::string_view text) noexcept;

}  // namespace tiebreak::systems::coupons::detail
