/// \file
/// Making and reading members and coupons, and the audit of one coupon.
#include "systems/coupons/coupons.hpp"

#include "systems/coupons/issue_checks.hpp"
#include "systems/in_unit.hpp"
#include "systems/own_sql.hpp"

namespace tiebreak::systems::coupons {

namespace {

constexpr std::string_view name_rule = "must be 1 to 200 bytes of UTF-8";

bool is_name(std::string_view text)
{
    return !text.empty() && is_storable_text(text, 200);
}

std::optional<invalid_field> broken_rule(new_coupon const& of)
{
    if (!detail::is_code(of.code))
        return invalid_field{"code", "must be 1 to 64 visible ASCII characters"};
    if (!is_name(of.name))
        return invalid_field{"name", name_rule};
    if (of.discount_amount < 0)
        return invalid_field{"discount_amount", "must be 0 or more"};
    if (of.total_quantity < 0)
        return invalid_field{"total_quantity", "must be 0 or more"};
    if (of.starts_at && of.ends_at && *of.ends_at <= *of.starts_at)
        return invalid_field{"ends_at", "must be after starts_at"};
    return std::nullopt;
}

}  // namespace

std::variant<coupon, code_taken, invalid_field> create_coupon(database& in, new_coupon const& of)
{
    if (auto const broken = broken_rule(of))
        return *broken;
    coupon made{
        .code = of.code,
        .name = of.name,
        .discount_amount = of.discount_amount,
        .total_quantity = of.total_quantity,
        .starts_at = of.starts_at,
        .ends_at = of.ends_at,
    };
    auto const answer = with_rows<coupon>(
        in, [&](repository<coupon> const& coupons) { return coupons.insert_if_absent(made); });
    if (answer == outcome::lost)
        return code_taken{of.code};
    if (!in.in_unit())
        return made;
    // Before the commit the object does not hold the row's key.
    return with_rows<coupon>(in, [&](repository<coupon> const& coupons) {
        return coupons.find_by<&coupon::code>(of.code).value();
    });
}

std::optional<coupon> find_coupon(database& in, std::string_view code)
{
    if (!detail::is_code(code))
        return std::nullopt;
    return repository<coupon>(in).find_by<&coupon::code>(std::string(code));
}

std::variant<member, invalid_field> create_member(database& in, std::string_view name)
{
    if (!is_name(name))
        return invalid_field{"name", name_rule};
    return inserted(in, member{.name = std::string(name)});
}

std::optional<member> find_member(database& in, std::int64_t id)
{
    return with_rows<member>(in,
                             [&](repository<member> const& members) { return members.find(id); });
}

std::variant<member, member_not_found>
set_member_status(database& in, std::int64_t id, member_status to)
{
    return in.transact([&](unit_of_work& work) -> std::variant<member, member_not_found> {
        auto* const found = work.find<member>(id);
        if (found == nullptr)
            return member_not_found{id};
        found->status = to;
        work.flush();
        return *found;
    });
}

std::optional<issue_audit> audit(database& in, std::string_view code)
{
    if (!detail::is_code(code))
        return std::nullopt;
    return in.read([&](snapshot& view) -> std::optional<issue_audit> {
        auto const found = repository<coupon>(view).find_by<&coupon::code>(std::string(code));
        if (!found)
            return std::nullopt;
        auto const twice = view.query<std::int64_t>(
            own_sql(in,
                    "SELECT COUNT(*) FROM (SELECT member_id FROM " + view.table<coupon_issue>() +
                        " WHERE coupon_id = ? GROUP BY member_id HAVING COUNT(*) > 1) AS twice"),
            found->id);
        return issue_audit{
            .total_quantity = found->total_quantity,
            .issued_quantity = found->issued_quantity,
            .rows = repository<coupon_issue>(view)
                        .select()
                        .where(field<&coupon_issue::coupon_id> == found->id)
                        .count(),
            .members_with_two = twice.front(),
        };
    });
}

}  // namespace tiebreak::systems::coupons
