#include "race/ticket_audit.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tiebreak::race {

namespace {

namespace tickets = systems::tickets;

// What the clients of one order were told.
struct told {
    std::int64_t approved = 0;
    std::int64_t refused = 0;
    std::int64_t failed = 0;
    std::int64_t cut_off = 0;
    bool no_payment = false;  // at least one: declined, or the provider is away
};

void add(request_slot const& slot, told& to)
{
    if (slot.state.load() != slot_state::answered) {
        ++to.cut_off;
        return;
    }
    to.no_payment = to.no_payment || slot.acknowledged == told_no_payment;
    if (slot.outcome == answer::won)
        ++to.approved;
    else if (slot.outcome == answer::failed)
        ++to.failed;
    else
        ++to.refused;
}

bool sound(tickets::order_audit const& order)
{
    bool const complete = order.status == tickets::order_status::complete;
    std::int64_t const expected = complete ? 1 : 0;
    return order.bills == expected && order.tickets == expected &&
           (order.charges_standing > 0) == complete;
}

// An order counts once for each promise it breaks; as a lost update when it is wrong in a way that
// has no number of its own: an approval nobody finds in the rows, a bill or a charge without it.
void judge(tickets::order_audit const& order,
           told const& clients,
           bool faulty,
           audit_counts& counts)
{
    bool const complete = order.status == tickets::order_status::complete;
    bool const pending = order.status == tickets::order_status::pending;
    bool const explained = clients.no_payment || clients.cut_off > 0;
    bool const twice = order.approvals > 1 || clients.approved > 1;
    bool const unfilled = pending || (!complete && !explained);
    bool const doubled = order.charges_standing > 1 || (!faulty && order.calls > 1);
    bool const denied = clients.approved > 0 && !complete;
    counts.oversold += twice ? 1 : 0;
    counts.unfilled += unfilled ? 1 : 0;
    counts.duplicates += doubled ? 1 : 0;
    if (!twice && !doubled && (denied || !sound(order)))
        ++counts.lost_updates;
}

}  // namespace

ticket_findings audit_tickets(tickets::audit_report const& rows,
                              std::span<request_slot const> slots,
                              provider_faults const& faults,
                              bool killed)
{
    bool const faulty =
        killed || faults.decline_rate > 0 || faults.error_rate > 0 || faults.drop_reply_rate > 0;
    std::unordered_map<std::int64_t, told> by_order;
    for (auto const& slot : slots)
        add(slot, by_order[slot.subject]);
    ticket_findings findings;
    for (auto const& order : rows.orders) {
        auto const clients = by_order.find(order.order_id);
        if (clients == by_order.end())
            continue;  // the race was stopped before
        judge(order, clients->second, faulty, findings.counts);
        auto const& [approved, refused, failed, cut_off, no_payment] = clients->second;
        ++findings.per_order[std::to_string(approved) + "/" + std::to_string(refused) + "/" +
                             std::to_string(failed)];
    }
    return findings;
}

}  // namespace tiebreak::race
