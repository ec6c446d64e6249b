/// \file
/// Who may get a coupon, and when.
#include "systems/coupons/issue_checks.hpp"

#include <algorithm>
#include <chrono>

namespace tiebreak::systems::coupons::detail {

namespace {

constexpr auto valid_for = std::chrono::days{30};

bool is_active(unit_of_work& work, std::int64_t member_id)
{
    auto const found = repository<member>(work).find(member_id);
    return found && found->status == member_status::active;
}

bool has_one(unit_of_work& work, std::int64_t member_id, coupon const& of)
{
    return repository<coupon_issue>(work)
        .select()
        .where(field<&coupon_issue::coupon_id> == of.id &&
               field<&coupon_issue::member_id> == member_id)
        .exists();
}

bool is_open(coupon const& what, time_point now)
{
    return (!what.starts_at || *what.starts_at <= now) && (!what.ends_at || now < *what.ends_at);
}

}  // namespace

looked look(unit_of_work& work, issue_request const& asked, coupon_reader const& read_coupon)
{
    if (!is_active(work, asked.member_id))
        return {member_not_found{asked.member_id}};
    auto const* found = is_code(asked.code) ? read_coupon(asked.code) : nullptr;
    if (found == nullptr)
        return {coupon_not_found{asked.code}};
    if (has_one(work, asked.member_id, *found))
        return {already_issued{asked.code, asked.member_id}};
    auto const now = work.database_time();
    if (!is_open(*found, now))
        return {not_issuable{asked.code, now, found->starts_at, found->ends_at}};
    if (found->issued_quantity >= found->total_quantity)
        return {sold_out{asked.code, found->total_quantity}};
    return {{}, now};
}

coupon_issue record_of(issue_request const& asked, coupon const& of, time_point now)
{
    return {
        .coupon_id = of.id,
        .member_id = asked.member_id,
        .issued_at = now,
        .expires_at = now + valid_for,
    };
}

issued answer_of(coupon_issue const& record, coupon const& of)
{
    return {
        .id = record.id,
        .coupon_code = of.code,
        .coupon_name = of.name,
        .member_id = record.member_id,
        .discount_amount = of.discount_amount,
        .issued_at = record.issued_at,
        .expires_at = record.expires_at,
    };
}

bool is_code(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 64 &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace tiebreak::systems::coupons::detail
