// Comparing the rows of the orders with each other and with the provider's books.
#include "systems/tickets/audit.hpp"

#include <unordered_map>

namespace tiebreak::systems::tickets {

namespace {

using audits_by_id = std::unordered_map<std::int64_t, order_audit*>;

std::vector<order_audit> read_orders(database& of)
{
    return of.read([](snapshot& view) {
        std::vector<order_audit> audits;
        auto const orders =
            repository<order>(view).select().order_by(field<&order::id>.ascending()).all();
        audits.reserve(orders.size());
        audits_by_id by_id;
        for (auto const& one : orders) {
            audits.push_back(
                {.order_id = one.id, .status = one.status, .approvals = one.approvals});
            by_id.emplace(one.id, &audits.back());
        }
        for (auto const& one : repository<bill>(view).select().all())
            ++by_id.at(one.order_id)->bills;
        for (auto const& one : repository<ticket>(view).select().all())
            ++by_id.at(one.order_id)->tickets;
        return audits;
    });
}

// The provider's books may speak of orders of another database: those are not this one's matter.
void add_books(audit_report& report, std::vector<payment_account> const& accounts)
{
    audits_by_id by_id;
    for (auto& one : report.orders)
        by_id.emplace(one.order_id, &one);
    for (auto const& account : accounts) {
        report.keys_charged_twice += account.record.standing() > 1 ? 1 : 0;
        report.keys_called_twice += account.record.calls > 1 ? 1 : 0;
        auto const found = by_id.find(account.order_id);
        if (found == by_id.end())
            continue;
        found->second->charges_standing += account.record.standing();
        found->second->calls += account.record.calls;
    }
}

void count_broken(audit_report& report)
{
    for (auto const& one : report.orders) {
        bool const complete = one.status == order_status::complete;
        report.approved_twice += one.approvals > 1 ? 1 : 0;
        report.left_pending += one.status == order_status::pending ? 1 : 0;
        report.orders_charged_twice += one.charges_standing > 1 ? 1 : 0;
        report.complete_without_bill += complete && (one.bills != 1 || one.tickets != 1) ? 1 : 0;
        report.bill_without_complete += !complete && (one.bills != 0 || one.tickets != 0) ? 1 : 0;
        report.complete_without_money += complete && one.charges_standing < 1 ? 1 : 0;
        report.money_without_order += !complete && one.charges_standing > 0 ? 1 : 0;
    }
}

}  // namespace

bool audit_report::sound() const noexcept
{
    return approved_twice == 0 && left_pending == 0 && complete_without_bill == 0 &&
           bill_without_complete == 0 && complete_without_money == 0 && money_without_order == 0 &&
           keys_charged_twice == 0 && orders_charged_twice == 0;
}

audit_report audit(database& of, stand_in_provider& provider)
{
    audit_report report{.orders = read_orders(of)};
    add_books(report, provider.accounts());
    count_broken(report);
    return report;
}

}  // namespace tiebreak::systems::tickets
