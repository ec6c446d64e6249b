// What the tests of C10 share: orders that cannot be completed, orders whose approver has not heard
// of its charge, and the lease around recovery as a row that can be made to run out.
#pragma once

#include <tiebreak/schema.hpp>

#include "systems/tickets/recoverer.hpp"
#include "systems/tickets/ticket_test.hpp"

namespace tiebreak::test {

using tickets::order_status;

// The library's own rows of leases, as far as these tests write them.
struct lease_row {
    std::string name{};
    std::string owner{};
    std::int64_t epoch = 0;
    time_point expires_at{};
};
BOOST_DESCRIBE_STRUCT(lease_row, (), (name, owner, epoch, expires_at))

constexpr auto mapping_of(lease_row const*)
{
    return map<lease_row>("tiebreak_leases", key<&lease_row::name>);
}

class C10 : public ticket_test {
protected:
    // Somebody has written a bill for the order, so that it cannot be completed.
    void make_completion_impossible(tickets::order const& order)
    {
        tickets::bill stray{.order_id = order.id,
                            .payment_key = "stray-" + std::to_string(order.id),
                            .charge_id = "none",
                            .amount = 1};
        repository<tickets::bill>(db()).insert(stray);
    }

    void expect_refunded_once(tickets::order const& order)
    {
        auto const row = read(order.id);
        EXPECT_EQ(row.status, order_status::cancelled);
        EXPECT_EQ(row.approvals, 0);
        EXPECT_FALSE(row.refund_to);
        auto const record = provider().find(request_for(order).payment_key).value();
        EXPECT_EQ(record.charges, 1);
        EXPECT_EQ(record.refunds, 1);
        EXPECT_EQ(record.state, tickets::payment_state::cancelled);
        EXPECT_EQ(repository<tickets::ticket>(db()).select().count(), 0);
    }

    // Orders whose charge stands and whose approver has not learnt it.
    std::vector<tickets::order> make_unanswered(int number)
    {
        auto orders = make_orders(number);
        install(db());
        tickets::stand_in_provider mute(books_url(), {.drop_reply_rate = 1});
        for (auto const& one : orders) {
            auto const told = tickets::approve(db(), mute, request_for(one));
            EXPECT_EQ(tickets::name_of(told), "payment-unavailable");
        }
        return orders;
    }

    static tickets::recoverer_options as(std::string owner)
    {
        return {.owner = std::move(owner),
                .period = std::chrono::milliseconds{1},
                .older_than = std::chrono::milliseconds{0}};
    }

    // What happens when the holder of the lease is dead or paused for longer than its lease lasts.
    void let_the_lease_run_out()
    {
        repository<lease_row>(db()).update_where(field<&lease_row::owner> != "",
                                                 field<& lease_row::expires_at> = time_point{});
    }

    std::string holder() { return repository<lease_row>(db()).find("ticket-recovery")->owner; }

    void expect_all_complete(std::vector<tickets::order> const& orders)
    {
        for (auto const& one : orders) {
            auto const row = read(one.id);
            EXPECT_EQ(row.status, order_status::complete);
            EXPECT_EQ(row.approvals, 1);
            EXPECT_EQ(provider().find(request_for(one).payment_key)->standing(), 1);
        }
        EXPECT_TRUE(audit().sound());
    }
};

}  // namespace tiebreak::test
