// C10: a lease with a fencing token as the distributed lock around recovery. One server at a time;
// who was paused or killed in the middle of a round does no harm, and another goes on.
#include "support/captured_log.hpp"
#include "systems/tickets/compensation_test.hpp"

#include <csignal>
#include <unistd.h>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using tickets::recoverer_options;
using tickets::round_end;

TEST_P(C10, ARoundResolvesWhatIsDueAndGivesTheLeaseBack)
{
    auto const orders = make_unanswered(3);
    auto const round = tickets::recover_alone(db(), provider(), as("one"));
    EXPECT_EQ(round.end, round_end::done);
    EXPECT_EQ(round.counts.completed, 3);
    EXPECT_EQ(holder(), "");
    EXPECT_EQ(tickets::recover_alone(db(), provider(), as("one")).end, round_end::nothing_due);
    expect_all_complete(orders);
}

TEST_P(C10, WithNothingDueNoLeaseIsTaken)
{
    (void)make_order();
    install(db());
    EXPECT_EQ(tickets::recover_alone(db(), provider(), as("one")).end, round_end::nothing_due);
    EXPECT_EQ(repository<lease_row>(db()).select().count(), 0);
}

TEST_P(C10, ASecondServerLeavesTheRoundToTheFirst)
{
    auto const orders = make_unanswered(2);
    watched_provider first(provider());
    first.after_find = [&] {
        auto const second = tickets::recover_alone(db(), provider(), as("second"));
        EXPECT_EQ(second.end, round_end::held_by_another);
        EXPECT_EQ(second.counts.found, 0);
    };
    auto const round = tickets::recover_alone(db(), first, as("first"));
    EXPECT_EQ(round.end, round_end::done);
    EXPECT_EQ(round.counts.completed, 2);
    expect_all_complete(orders);
}

// The first is paused while it holds one order, past the end of its lease. The second takes that
// order over as well. When the first wakes up, neither that order nor the next one is its own.
TEST_P(C10, AServerPausedPastItsLeaseChangesNothingWhenItWakesUp)
{
    auto const orders = make_unanswered(3);
    watched_provider first(provider());
    first.after_find = [&, done = false]() mutable {
        if (std::exchange(done, true))
            return;
        let_the_lease_run_out();
        watched_provider second(provider());
        auto const round = tickets::recover_alone(db(), second, as("second"));
        EXPECT_EQ(round.end, round_end::done);
        EXPECT_EQ(round.counts.completed, 3);
    };
    auto const before = tickets::recover_alone(db(), first, as("first"));
    EXPECT_EQ(before.end, round_end::lease_lost);
    EXPECT_EQ(before.counts.completed, 0);
    EXPECT_EQ(before.counts.overtaken, before.counts.found);
    expect_all_complete(orders);
}

// The same, but the lease is all that the second has taken so far: the orders are as the first
// would wish them, and only the fencing token tells it that they are not its own.
TEST_P(C10, AnOrderIsTakenOverOnlyUnderTheTokenOfTheLease)
{
    auto const orders = make_unanswered(2);
    leases const locks(db());
    std::optional<lease> second;
    watched_provider first(provider());
    first.after_find = [&, done = false]() mutable {
        if (std::exchange(done, true))
            return;
        let_the_lease_run_out();
        second = locks.claim("ticket-recovery", "second");
        ASSERT_TRUE(second);
    };
    auto const before = tickets::recover_alone(db(), first, as("first"));
    EXPECT_EQ(before.end, round_end::lease_lost);
    EXPECT_EQ(before.counts.completed, 1) << "taken over while the lease was its own";
    EXPECT_EQ(before.counts.overtaken, 1);
    auto const untouched = repository<tickets::order>(db())
                               .select()
                               .where(field<&tickets::order::status> == order_status::pending)
                               .all();
    ASSERT_EQ(untouched.size(), 1U);
    EXPECT_EQ(untouched[0].epoch, 1) << "the approver's; a recovery would have raised it";
    EXPECT_EQ(holder(), "second") << "the first gives back only what is its own";
    EXPECT_EQ(locks.release(*second), outcome::won);
    EXPECT_EQ(tickets::recover_alone(db(), provider(), as("third")).counts.completed, 1);
    expect_all_complete(orders);
}

TEST_P(C10, AServerKilledInTheMiddleOfARoundIsReplacedWhenItsLeaseHasRunOut)
{
    auto const orders = make_unanswered(2);
    close_all();
    auto const end = run_in_process([&] {
        database db(fresh().url());
        tickets::stand_in_provider provider(books_url());
        watched_provider dying(provider);
        dying.after_find = [] { ::kill(::getpid(), SIGKILL); };
        (void)tickets::recover_alone(db, dying, as("dead"));
        return 0;
    });
    EXPECT_EQ(end, -SIGKILL);
    fresh().allow_leftovers();
    EXPECT_EQ(tickets::recover_alone(db(), provider(), as("next")).end, round_end::held_by_another);
    let_the_lease_run_out();
    EXPECT_EQ(tickets::recover_alone(db(), provider(), as("next")).counts.completed, 2);
    expect_all_complete(orders);
}

TEST_P(C10, AFailedRoundGivesTheLeaseBack)
{
    auto const orders = make_unanswered(1);
    watched_provider failing(provider());
    failing.after_find = [] { throw error(errc::unavailable, "the database is away"); };
    EXPECT_THROW((void)tickets::recover_alone(db(), failing, as("one")), error);
    EXPECT_EQ(holder(), "");
    EXPECT_EQ(tickets::recover_alone(db(), provider(), as("two")).counts.completed, 1);
    expect_all_complete(orders);
}

TEST_P(C10, AServerThatStopsEndsItsRoundAfterTheOrderAtHand)
{
    (void)make_unanswered(2);
    std::stop_source stop;
    watched_provider stopping(provider());
    stopping.after_find = [&] { stop.request_stop(); };
    auto const round = tickets::recover_alone(db(), stopping, as("one"), stop.get_token());
    EXPECT_EQ(round.end, round_end::cut_short);
    EXPECT_EQ(round.counts.completed, 1);
    EXPECT_EQ(holder(), "");
    EXPECT_EQ(repository<tickets::order>(db())
                  .select()
                  .where(field<&tickets::order::status> == order_status::pending)
                  .count(),
              1);
}

TEST_P(C10, ServersWithRecoverersInTheBackgroundRefundOnceBetweenThem)
{
    auto const orders = make_unanswered(6);
    for (auto const& one : orders)
        make_completion_impossible(one);
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    {
        watched_provider counted(provider());
        counted.before_cancel = [&] {
            int const now = ++at_once;
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
        };
        counted.after_cancel = [&] { --at_once; };
        tickets::recoverer const one(db(), counted, as("one"));
        tickets::recoverer const two(db(), counted, as("two"));
        tickets::recoverer const three(db(), counted, as("three"));
        auto const sum_of = [&](auto member) {
            return one.counts().*member + two.counts().*member + three.counts().*member;
        };
        auto const refunded = [&] {
            return one.counts().resolved.refunded + two.counts().resolved.refunded +
                   three.counts().resolved.refunded;
        };
        while (refunded() < 6)
            one.wait_for_rounds(one.counts().rounds + 1);
        EXPECT_EQ(refunded(), 6);
        EXPECT_EQ(sum_of(&tickets::recoverer_counts::failed), 0);
    }
    EXPECT_EQ(most, 1) << "one server at a time";
    for (auto const& one : orders)
        expect_refunded_once(one);
}

TEST_P(C10, ARecovererOutlivesAFailedRound)
{
    auto const orders = make_unanswered(1);
    captured_log log;
    watched_provider failing(provider());
    std::atomic<bool> fails{true};
    failing.after_find = [&] {
        if (fails.exchange(false))
            throw std::runtime_error("the first round fails");
    };
    {
        tickets::recoverer const running(db(), failing, as("one"));
        while (running.counts().resolved.completed == 0)
            running.wait_for_rounds(running.counts().rounds + 1);
        EXPECT_EQ(running.counts().failed, 1);
    }
    EXPECT_EQ(log.records("ticket_recovery_failed").size(), 1U);
    expect_all_complete(orders);
}

TEST(Recoverer, RefusesImpossibleOptionsByName)
{
    temporary_folder folder;
    database db("sqlite::memory:");
    tickets::stand_in_provider provider("sqlite:" + folder.file("books.db"));
    auto const refusal = [&](recoverer_options const& options) -> std::string {
        try {
            tickets::recoverer const made(db, provider, options);
        } catch (std::invalid_argument const& why) {
            return why.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal({.owner = ""}), "owner must have 1 to 255 bytes");
    EXPECT_EQ(refusal({.period = milliseconds{0}}), "period must be 1 ms to 1 day");
    EXPECT_EQ(refusal({.jitter = 1.5}), "jitter must be from 0 to 1");
    EXPECT_EQ(refusal({.older_than = milliseconds{-1}}), "older_than must be 0 or more");
    EXPECT_EQ(refusal({.orders_max = 0}), "orders_max must be at least 1");
    EXPECT_EQ(refusal({.lease_name = ""}), "lease_name must have 1 to 255 bytes");
    EXPECT_NE(refusal({.lease = {.ttl = milliseconds{0}}}).find("ttl"), std::string::npos);
}

}  // namespace

}  // namespace tiebreak::test
