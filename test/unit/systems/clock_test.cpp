// Whose clock decides in the systems: what their calls send. Strategies that read before they write
// give the database the time that it has told them, so only those that decide in one statement are
// here.
#include "schema/schema.hpp"
#include "support/captured_log.hpp"
#include "systems/runs/runs.hpp"
#include "systems/tickets/tickets.hpp"
#include "unit/unit_of_work/recorded_database.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <variant>

namespace tiebreak::test {

namespace {

using std::chrono::seconds;
namespace runs = systems::runs;
namespace tickets = systems::tickets;

class SystemStatements : public testing::Test {
protected:
    void SetUp() override { schema::apply(recorded.db); }

    captured_log log;
    recorded_database recorded;
};

class RunStatements : public SystemStatements {
protected:
    void SetUp() override
    {
        SystemStatements::SetUp();
        (void)runs::open_budget(recorded.db, "acme", 1'000);
        (void)runs::submit(recorded.db, {.tenant_id = "acme", .payload = "work", .budget = 100});
        recorded.forget();
    }
};

// A clock that is wrong by an hour must neither take a run early nor keep it long.
TEST_F(RunStatements, ATimeIsAlwaysTheDatabases)
{
    auto const mine = runs::claim(recorded.db, {.worker = "w", .lease = {.ttl = seconds{600}}});
    ASSERT_EQ(mine.size(), 1u);
    auto const& run = mine.front().work;
    EXPECT_EQ(recorded.told_by_the_database(), 1) << "a claim";
    auto const extended =
        runs::extend_lease(recorded.db, run.tenant_id, run.run_id, run.lease_epoch, seconds{600});
    EXPECT_EQ(extended.answer, runs::heartbeat_answer::extended);
    EXPECT_EQ(recorded.told_by_the_database(), 1) << "a heartbeat";
    EXPECT_EQ(runs::reap(recorded.db), 0);
    EXPECT_EQ(recorded.told_by_the_database(), 1) << "a reap";
    EXPECT_EQ(runs::release(recorded.db, run.tenant_id, run.run_id, run.lease_epoch), outcome::won);
    EXPECT_FALSE(recorded.has_bound_a_time());
}

// Charges nothing and knows nothing, so that what was begun stays begun.
class silent_provider final : public tickets::payment_provider {
public:
    tickets::charge_reply charge(tickets::charge_request const&) override
    {
        return {tickets::charge_outcome::no_answer, {}};
    }

    std::optional<tickets::payment_record> find(std::string_view) override { return std::nullopt; }

    tickets::cancel_outcome cancel(std::string_view) override
    {
        return tickets::cancel_outcome::no_answer;
    }
};

class TicketStatements : public SystemStatements {
protected:
    void SetUp() override
    {
        SystemStatements::SetUp();
        order = std::get<tickets::order>(tickets::create_order(
            recorded.db, {.member_id = 1, .lines = {{.numbers = {1, 2, 3, 4, 5, 6}}}}));
        recorded.forget();
    }

    tickets::order order;
    silent_provider provider;
};

// A clock that is wrong by an hour must neither take over an order that is being paid nor leave one
// that nobody pays any more.
TEST_F(TicketStatements, ATimeIsAlwaysTheDatabases)
{
    auto const answer = tickets::approve(
        recorded.db, provider, {order.lotto_publish_id, order.id, "key", order.amount});
    EXPECT_TRUE(std::holds_alternative<tickets::payment_unavailable>(answer));
    EXPECT_EQ(recorded.told_by_the_database(), 1) << "the decision";
    EXPECT_TRUE(tickets::is_recovery_due(recorded.db, {.older_than = seconds{0}}));
    EXPECT_EQ(recorded.told_by_the_database(), 1) << "a look";
    EXPECT_EQ(tickets::recover(recorded.db, provider, {.older_than = seconds{0}}).found, 1);
    EXPECT_GE(recorded.told_by_the_database(), 2) << "a look, a takeover";
    EXPECT_FALSE(recorded.has_bound_a_time());
}

}  // namespace

}  // namespace tiebreak::test
