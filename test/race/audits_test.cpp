// The judges of tickets and runs, with rows and answers made up.
#include "race/run_audit.hpp"
#include "race/ticket_audit.hpp"

#include <gtest/gtest.h>

namespace tiebreak::race {

namespace {

namespace tickets = systems::tickets;
namespace runs = systems::runs;

// Clients of one order or run, in a board's slots.
class told {
public:
    told& order(std::int64_t subject,
                std::initializer_list<answer> answers,
                std::int64_t acknowledged = 0)
    {
        for (auto const each : answers) {
            auto& slot = board_.slots()[used_++];
            slot.subject = subject;
            slot.outcome = each;
            slot.acknowledged = acknowledged;
            slot.state.store(slot_state::answered);
        }
        return *this;
    }

    told& killed(std::int64_t subject)
    {
        auto& slot = board_.slots()[used_++];
        slot.subject = subject;
        slot.state.store(slot_state::cut_off);
        return *this;
    }

    [[nodiscard]] std::span<request_slot const> slots() const
    {
        return board_.slots().first(used_);
    }

private:
    board board_{100, 1, 0};
    std::size_t used_ = 0;
};

constexpr auto won = answer::won;
constexpr auto refused = answer::refused;
constexpr auto failed = answer::failed;

tickets::order_audit complete_order(std::int64_t id)
{
    return {.order_id = id,
            .status = tickets::order_status::complete,
            .approvals = 1,
            .bills = 1,
            .tickets = 1,
            .charges_standing = 1,
            .calls = 1};
}

audit_counts
judged(tickets::order_audit const& order, told const& clients, provider_faults const& faults = {})
{
    return audit_tickets({.orders = {order}}, clients.slots(), faults).counts;
}

TEST(TicketAudit, OneApprovedAndFourRefusedIsExact)
{
    told clients;
    clients.order(1, {won, refused, refused, refused, refused});
    auto const found = audit_tickets({.orders = {complete_order(1)}}, clients.slots(), {});
    EXPECT_EQ(found.counts, audit_counts{});
    EXPECT_EQ(found.per_order, (std::map<std::string, std::int64_t>{{"1/4/0", 1}}));
}

TEST(TicketAudit, TwoApprovalsAreOversold)
{
    told clients;
    clients.order(1, {won, won, refused, refused, refused});
    EXPECT_EQ(judged(complete_order(1), clients), (audit_counts{.oversold = 1}));
}

TEST(TicketAudit, TwoStandingChargesAreADuplicate)
{
    told clients;
    clients.order(1, {won, refused, refused, refused, refused});
    auto order = complete_order(1);
    order.charges_standing = 2;
    EXPECT_EQ(judged(order, clients, {.error_rate = 0.1}), (audit_counts{.duplicates = 1}));
}

TEST(TicketAudit, TwoCallsAreADuplicateOnlyWithoutFaults)
{
    told clients;
    clients.order(1, {won, refused, refused, refused, refused});
    auto order = complete_order(1);
    order.calls = 2;
    EXPECT_EQ(judged(order, clients), (audit_counts{.duplicates = 1}));
    EXPECT_EQ(judged(order, clients, {.drop_reply_rate = 0.1}), audit_counts{});
}

TEST(TicketAudit, MoneyKeptForAnOrderThatNobodyGotIsCountedBesideIt)
{
    told clients;
    clients.order(1, {refused, refused, refused, refused, failed});
    for (auto const status : {tickets::order_status::waiting, tickets::order_status::pending}) {
        tickets::order_audit const kept{
            .order_id = 1, .status = status, .charges_standing = 1, .calls = 1};
        EXPECT_EQ(judged(kept, clients), (audit_counts{.lost_updates = 1, .unfilled = 1}));
    }
}

TEST(TicketAudit, AnOrderApprovedByNobodyIsUnfilledUnlessThePaymentFailed)
{
    tickets::order_audit const waiting{.order_id = 1};
    told silent;
    silent.order(1, {refused, refused, refused, refused, failed});
    EXPECT_EQ(judged(waiting, silent), (audit_counts{.unfilled = 1}));
    told declined;
    declined.order(1, {refused, refused, refused, refused}).order(1, {refused}, told_no_payment);
    EXPECT_EQ(judged(waiting, declined), audit_counts{});
    told cut_off;
    cut_off.order(1, {refused, refused, refused, refused}).killed(1);
    EXPECT_EQ(judged(waiting, cut_off), audit_counts{});
}

TEST(TicketAudit, NothingMayStayPending)
{
    tickets::order_audit const pending{.order_id = 1, .status = tickets::order_status::pending};
    told clients;
    clients.order(1, {failed}, told_no_payment).order(1, {refused, refused, refused, refused});
    EXPECT_EQ(judged(pending, clients), (audit_counts{.unfilled = 1}));
}

TEST(TicketAudit, AnApprovalThatTheRowsDenyIsLost)
{
    told clients;
    clients.order(1, {won}).order(1, {refused}, told_no_payment);
    EXPECT_EQ(judged({.order_id = 1}, clients, {.decline_rate = 0.1}),
              (audit_counts{.lost_updates = 1}));
    auto without_bill = complete_order(1);
    without_bill.bills = 0;
    told usual;
    usual.order(1, {won, refused, refused, refused, refused});
    EXPECT_EQ(judged(without_bill, usual), (audit_counts{.lost_updates = 1}));
}

runs::run finished_run(std::int64_t id, std::int64_t epoch)
{
    runs::run row;
    row.run_id = id;
    row.status = runs::run_status::completed;
    row.lease_epoch = epoch;
    row.result_epoch = epoch;
    return row;
}

TEST(RunAudit, EveryRunFinalisedOnceByItsOwnerIsExact)
{
    std::vector<runs::run> const rows{finished_run(1, 1), finished_run(2, 3)};
    told workers;
    workers.order(1, {won}, 1).order(2, {refused}, 1).order(2, {won}, 3).killed(2);
    EXPECT_EQ(audit_runs({.runs = 2, .finalized = 2}, rows, workers.slots(), 2), audit_counts{});
}

TEST(RunAudit, LostAndStuckRunsAreUnfilled)
{
    told const nobody;
    EXPECT_EQ(audit_runs({.runs = 8, .unfinished = 3}, {}, nobody.slots(), 10),
              (audit_counts{.unfilled = 5}));
}

TEST(RunAudit, TwoWinnersAreADuplicate)
{
    std::vector<runs::run> const rows{finished_run(1, 3)};
    told workers;
    workers.order(1, {won}, 1).order(1, {won}, 3);
    EXPECT_EQ(audit_runs({.runs = 1}, rows, workers.slots(), 1), (audit_counts{.duplicates = 1}));
}

TEST(RunAudit, AResultOfAnotherEpochThanTheWinnersIsLost)
{
    std::vector<runs::run> const rows{finished_run(1, 3)};
    told workers;
    workers.order(1, {won}, 1);
    EXPECT_EQ(audit_runs({.runs = 1}, rows, workers.slots(), 1), (audit_counts{.lost_updates = 1}));
    EXPECT_EQ(audit_runs({.runs = 1, .stale_results = 4}, {}, told{}.slots(), 1),
              (audit_counts{.lost_updates = 4}));
}

TEST(RunAudit, MoneyThatDoesNotAddUpIsLost)
{
    EXPECT_EQ(
        audit_runs({.runs = 1, .wrong_ledgers = 1, .wrong_budgets = 1}, {}, told{}.slots(), 1),
        (audit_counts{.lost_updates = 2}));
}

}  // namespace

}  // namespace tiebreak::race
