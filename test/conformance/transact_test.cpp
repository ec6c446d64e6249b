// transact: all or nothing, run again in a new unit after a conflict, as the retry policy says.
#include <tiebreak/counters.hpp>

#include "support/checks.hpp"
#include "support/coupon_test.hpp"

namespace tiebreak::test {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Remembers the pauses, beside counting.
class pauses final : public observer {
public:
    void waited(wait_kind kind, microseconds how_long) noexcept override
    {
        if (kind == wait_kind::pause)
            seen.push_back(how_long);
    }

    void attempt_started(int number) noexcept override { attempts = number; }

    void gave_up(errc why, int) noexcept override { given_up = why; }

    std::vector<microseconds> seen;
    int attempts = 0;
    errc given_up{};
};

class Transact : public coupon_test {};

TEST_P(Transact, AnswersWhatTheCallableAnswers)
{
    EXPECT_EQ(db().transact([](unit_of_work&) { return 42; }), 42);
    EXPECT_EQ(db().transact([](unit_of_work&) { return std::string{"text"}; }), "text");
    auto const row = db().transact([&](unit_of_work& work) { return work.load<coupon>(row_.id); });
    EXPECT_EQ(row.code, "A") << "a copy outlives the unit";
    auto const owned = db().transact([](unit_of_work&) { return std::make_unique<int>(7); });
    EXPECT_EQ(*owned, 7) << "results that only move do";
    db().transact([](unit_of_work&) {});
    EXPECT_EQ(now().version, version{1});
}

TEST_P(Transact, CommitsAllOfAUnitOrNothing)
{
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id).issued_quantity = 1;
        work.add(setting{.name = "n"});
    });
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(rows_of<setting>(db()), 1);
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id).issued_quantity = 2;
        work.insert(setting{.name = "m"});
        throw std::runtime_error("x");
    }),
                 std::runtime_error);
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(Transact, AnErrorThatRunningAgainCannotCureRunsOnce)
{
    for (auto const code : {errc::precondition_failed,
                            errc::not_found,
                            errc::already_exists,
                            errc::constraint_violated,
                            errc::version_exhausted,
                            errc::unsupported,
                            errc::backend_failure,
                            errc::lease_lost}) {
        int runs = 0;
        EXPECT_ERRC(db().transact([&](unit_of_work&) {
            ++runs;
            throw error(code, "made up");
        }),
                    code);
        EXPECT_EQ(runs, 1) << name_of(code);
    }
}

TEST_P(Transact, AnErrorThatRunningAgainMayCureRunsAgain)
{
    for (auto const code :
         {errc::transaction_aborted, errc::lock_timeout, errc::stale_version, errc::unavailable}) {
        int runs = 0;
        auto const answer = db().transact([&](unit_of_work& work) {
            work.load<coupon>(row_.id).issued_quantity += 1;
            if (++runs < 4)
                throw error(code, "made up");
            return runs;
        });
        EXPECT_EQ(answer, 4) << name_of(code);
    }
    EXPECT_EQ(now().issued_quantity, 4);
    EXPECT_EQ(now().version, version{5});
}

TEST_P(Transact, AnotherKindOfExceptionIsNotAReasonToRunAgain)
{
    int runs = 0;
    EXPECT_THROW(db().transact([&](unit_of_work&) {
        ++runs;
        throw std::runtime_error("x");
    }),
                 std::runtime_error);
    EXPECT_EQ(runs, 1);
}

TEST_P(Transact, AttemptsAreCountedAndTheLastErrorIsKept)
{
    counters told;
    auto watched = fresh().open({.watcher = &told});
    int runs = 0;
    auto const failure = error_of([&] {
        watched.transact(
            [&](unit_of_work&) {
                ++runs;
                throw error(errc::stale_version, conflict{.entity = "coupon", .key = "7"});
            },
            {.retry = retry_policy{.attempts_max = 3, .base = microseconds{0}}});
    });
    ASSERT_TRUE(failure && failure->last() && failure->what_conflicted());
    EXPECT_EQ(failure->code(), errc::attempts_exhausted);
    EXPECT_EQ(failure->attempts(), 3);
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(failure->last()->code(), errc::stale_version);
    EXPECT_EQ(failure->what_conflicted()->entity, "coupon");
    EXPECT_EQ(failure->what_conflicted()->key, "7");
    EXPECT_EQ(told.attempts(), 3);
    EXPECT_EQ(told.retries(), 2);
    EXPECT_EQ(told.retries_after(errc::stale_version), 2);
    EXPECT_EQ(told.failures(), 1);
    EXPECT_EQ(told.commits(), 0);
}

TEST_P(Transact, OnceLeavesTheConflictItselfToTheCaller)
{
    int runs = 0;
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work&) {
                        ++runs;
                        throw error(errc::stale_version, "made up");
                    },
                    {.retry = retry_presets::once}),
                errc::stale_version);
    EXPECT_ERRC(db().transact(
                    [&](unit_of_work&) {
                        ++runs;
                        throw error(errc::transaction_aborted, "made up");
                    },
                    {.retry = retry_presets::once}),
                errc::attempts_exhausted);
    EXPECT_EQ(runs, 2);
}

TEST_P(Transact, ADeadlineThatHasPassedEndsTheSeriesWithTheLastConflict)
{
    int runs = 0;
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work&) {
                ++runs;
                throw error(errc::stale_version, conflict{.entity = "coupon", .key = "7"});
            },
            {.retry = retry_policy{.deadline = milliseconds{1},
                                   .base = milliseconds{60'000},
                                   .cap = milliseconds{60'000},
                                   .spread = jitter::none}});
    });
    ASSERT_TRUE(failure && failure->what_conflicted());
    EXPECT_EQ(failure->code(), errc::deadline_exceeded) << "the pause would end after it";
    EXPECT_EQ(failure->what_conflicted()->key, "7");
    EXPECT_EQ(failure->attempts(), 1);
    EXPECT_EQ(runs, 1);
}

TEST_P(Transact, ThePresetsPauseAsTheirNamesSay)
{
    auto const pauses_of = [&](retry_policy const& policy) {
        pauses told;
        auto watched = fresh().open({.watcher = &told});
        EXPECT_ERRC(
            watched.transact([](unit_of_work&) { throw error(errc::stale_version, "made up"); },
                             {.retry = policy}),
            errc::attempts_exhausted);
        EXPECT_EQ(told.attempts, 3);
        EXPECT_EQ(told.given_up, errc::attempts_exhausted);
        return told.seen;
    };
    using list = std::vector<microseconds>;
    EXPECT_EQ(pauses_of(retry_presets::three_attempts_100_200_ms),
              (list{milliseconds{100}, milliseconds{200}}));
    EXPECT_EQ(pauses_of(retry_presets::three_attempts_20_40_ms),
              (list{milliseconds{20}, milliseconds{40}}));
}

TEST_P(Transact, TheDatabasesPolicyHoldsUnlessTheCallHasItsOwn)
{
    auto impatient = fresh().open({.retry = {.attempts_max = 2, .base = microseconds{0}}});
    int runs = 0;
    auto const fails = [&](unit_of_work&) {
        ++runs;
        throw error(errc::stale_version, "made up");
    };
    EXPECT_ERRC(impatient.transact(fails), errc::attempts_exhausted);
    EXPECT_EQ(runs, 2);
    EXPECT_ERRC(impatient.transact(
                    fails, {.retry = retry_policy{.attempts_max = 4, .base = microseconds{0}}}),
                errc::attempts_exhausted);
    EXPECT_EQ(runs, 6);
}

TEST_P(Transact, AnImpossiblePolicyIsRefusedBeforeAnythingRuns)
{
    int runs = 0;
    for (auto const& wrong : {retry_policy{.attempts_max = -1},
                              retry_policy{.factor = 0.5},
                              retry_policy{.base = microseconds{-1}},
                              retry_policy{.base = milliseconds{2}, .cap = milliseconds{1}},
                              retry_policy{.deadline = milliseconds{-1}}}) {
        EXPECT_THROW(db().transact([&](unit_of_work&) { ++runs; }, {.retry = wrong}),
                     std::invalid_argument);
        EXPECT_THROW((void)fresh().open({.retry = wrong}), std::invalid_argument);
    }
    EXPECT_EQ(runs, 0);
    EXPECT_EQ(now().version, version{1}) << "and the connection is back in the pool";
}

TEST_P(Transact, AUnitThatDidNothingIsFineAndCounts)
{
    counters told;
    auto watched = fresh().open({.watcher = &told});
    watched.transact([](unit_of_work&) {});
    EXPECT_EQ(told.attempts(), 1);
    EXPECT_EQ(told.commits(), 1);
    EXPECT_EQ(told.conflicts(), 0);
    EXPECT_EQ(told.failures(), 0);
}

TEST_P(Transact, IsolationLevelsAreTakenOnEveryEngine)
{
    for (auto const level : {isolation::engine_default,
                             isolation::read_committed,
                             isolation::repeatable_read,
                             isolation::serializable})
        db().transact([&](unit_of_work& work) { work.load<coupon>(row_.id).issued_quantity += 1; },
                      {.level = level});
    EXPECT_EQ(now().issued_quantity, 4);
}

TEST_P(Transact, OfManyThreadsEveryIncrementCounts)
{
    counters told;
    auto counted = fresh().open({.watcher = &told});
    create_shop(counted);
    auto const row = add_coupon(counted, "COUNTED", 1);
    auto const before = told.commits();
    run_together(8, [&](int) {
        for (int i = 0; i < 25; ++i)
            counted.transact(
                [&](unit_of_work& work) { work.load<coupon>(row.id).issued_quantity += 1; });
    });
    EXPECT_EQ(stored<coupon>(counted, row.id).issued_quantity, 200);
    EXPECT_EQ(stored<coupon>(counted, row.id).version, version{201});
    EXPECT_EQ(told.commits(), before + 200);
    EXPECT_EQ(told.attempts(), told.commits() + told.retries());
    EXPECT_EQ(told.conflicts(), told.retries_after(errc::stale_version));
}

TIEBREAK_ON_ALL_ENGINES(Transact);

class TransactRivals : public Transact {};

TEST_P(TransactRivals, AfterAConflictTheCallableSeesTheRowAsItIsNow)
{
    counters told;
    auto watched = fresh().open({.watcher = &told});
    auto rival = fresh().open();
    std::vector<std::int64_t> seen;
    watched.transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        seen.push_back(tracked.issued_quantity);
        if (seen.size() <= 2)
            rival.transact(
                [&](unit_of_work& other) { other.load<coupon>(row_.id).issued_quantity += 10; });
        tracked.issued_quantity += 1;
    });
    EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 10, 20}));
    EXPECT_EQ(now().issued_quantity, 21);
    EXPECT_EQ(now().version, version{4});
    EXPECT_EQ(told.attempts(), 3);
    EXPECT_EQ(told.retries_after(errc::stale_version), 2);
    EXPECT_EQ(told.conflicts_by_entity().at("coupon"), 2);
    EXPECT_EQ(told.commits(), 1);
    EXPECT_EQ(log_.records("lost").size(), 2u);
}

TEST_P(TransactRivals, AConflictAtAnExplicitFlushIsNoDifferent)
{
    auto rival = fresh().open();
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        if (++runs == 1)
            rival.transact(
                [&](unit_of_work& other) { other.load<coupon>(row_.id).issued_quantity = 10; });
        tracked.issued_quantity += 1;
        work.flush();
        work.insert(setting{.name = "n"});
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(now().issued_quantity, 11);
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(TransactRivals, ExhaustedAttemptsCarryTheRealConflict)
{
    auto rival = fresh().open();
    auto const failure = error_of([&] {
        db().transact(
            [&](unit_of_work& work) {
                auto& tracked = work.load<coupon>(row_.id);
                rival.transact(
                    [&](unit_of_work& other) { other.load<coupon>(row_.id).total_quantity += 1; });
                tracked.issued_quantity = 99;
            },
            {.retry = retry_policy{.attempts_max = 3, .base = microseconds{0}}});
    });
    ASSERT_TRUE(failure && failure->what_conflicted());
    EXPECT_EQ(failure->code(), errc::attempts_exhausted);
    EXPECT_EQ(failure->what_conflicted()->key, std::to_string(row_.id));
    EXPECT_EQ(failure->what_conflicted()->expected_version, 3);
    EXPECT_EQ(now().total_quantity, 8);
    EXPECT_EQ(now().issued_quantity, 0);
}

// Statements that were never prepared before, different ones, in one flush; any of them can lose.
TEST_P(TransactRivals, OfDifferentUpdatesInOneFlushEachIsChecked)
{
    auto rival = fresh().open();
    std::vector<std::int64_t> ids{row_.id};
    for (auto const* code : {"B", "C", "D"})
        ids.push_back(add_coupon(db(), code, 5).id);
    for (std::size_t loser = 0; loser < ids.size(); ++loser) {
        auto fresh_statements = fresh().open();
        std::vector<coupon> before;
        for (auto const id : ids)
            before.push_back(stored<coupon>(db(), id));
        auto const failure = error_of([&] {
            fresh_statements.transact(
                [&](unit_of_work& work) {
                    std::vector<coupon*> rows;
                    for (auto const id : ids)
                        rows.push_back(&work.load<coupon>(id));
                    std::thread([&] {
                        rival.transact([&](unit_of_work& other) {
                            other.load<coupon>(ids[loser]).total_quantity += 1;
                        });
                    }).join();
                    rows[0]->issued_quantity += 1;
                    rows[1]->total_quantity += 10;
                    rows[2]->code += "x";
                    rows[3]->issued_quantity += 1;
                    rows[3]->code += "x";
                },
                {.retry = retry_presets::once});
        });
        ASSERT_TRUE(failure);
        EXPECT_EQ(failure->code(), errc::stale_version);
        ASSERT_NE(failure->what_conflicted(), nullptr);
        EXPECT_EQ(failure->what_conflicted()->key, std::to_string(ids[loser]));
        for (std::size_t i = 0; i < ids.size(); ++i) {
            auto const after = stored<coupon>(db(), ids[i]);
            EXPECT_EQ(after.version.value(), before[i].version.value() + (i == loser ? 1 : 0));
            EXPECT_EQ(after.code, before[i].code);
            EXPECT_EQ(after.issued_quantity, before[i].issued_quantity);
        }
    }
}

// The same statement for each row: an engine that sends them as one is told one sum.
TEST_P(TransactRivals, OfManyRowsInOneFlushTheLoserIsNamed)
{
    auto rival = fresh().open();
    std::vector<std::int64_t> ids;
    for (int i = 0; i < 20; ++i)
        ids.push_back(add_coupon(db(), "M" + std::to_string(i), 5).id);
    for (std::size_t const loser : {0U, 9U, 19U}) {
        auto const failure = error_of([&] {
            db().transact(
                [&](unit_of_work& work) {
                    std::vector<coupon*> rows;
                    for (auto const id : ids)
                        rows.push_back(&work.load<coupon>(id));
                    rival.transact([&](unit_of_work& other) {
                        other.load<coupon>(ids[loser]).total_quantity += 1;
                    });
                    for (auto* const row : rows)
                        row->issued_quantity += 1;
                },
                {.retry = retry_presets::once});
        });
        ASSERT_TRUE(failure && failure->what_conflicted());
        EXPECT_EQ(failure->code(), errc::stale_version);
        EXPECT_EQ(failure->what_conflicted()->key, std::to_string(ids[loser]));
        for (auto const id : ids)
            EXPECT_EQ(stored<coupon>(db(), id).issued_quantity, 0);
    }
}

// Where a rival can write meanwhile at all.
TEST_P(TransactRivals, TwoReadsOfAUnitAtRepeatableReadAgree)
{
    TIEBREAK_NEEDS(capability::concurrent_writers);
    auto rival = fresh().open();
    int runs = 0;
    db().transact(
        [&](unit_of_work& work) {
            ++runs;
            auto const read = [&] {
                return repository<coupon>(work).find(row_.id).value().issued_quantity;
            };
            auto const before = read();
            rival.transact(
                [&](unit_of_work& other) { other.load<coupon>(row_.id).issued_quantity += 1; });
            EXPECT_EQ(read(), before);
        },
        {.level = isolation::repeatable_read});
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(now().issued_quantity, 1);
}

TEST_P(TransactRivals, AWaitForAHolderEndsAtTheDeadline)
{
    auto rival = fresh().open();
    // Connected before the time counts.
    EXPECT_EQ(repository<coupon>(rival).find(row_.id)->issued_quantity, 0);
    db().transact([&](unit_of_work& work) {
        (void)work.load<coupon>(row_.id, lock_mode::pessimistic_write);
        auto const failure = error_of([&] {
            rival.transact(
                [&](unit_of_work& other) {
                    (void)other.load<coupon>(row_.id, lock_mode::pessimistic_write);
                },
                {.retry = retry_policy{.deadline = milliseconds{400}}});
        });
        ASSERT_TRUE(failure && failure->last());
        EXPECT_EQ(failure->code(), errc::deadline_exceeded);
        EXPECT_EQ(failure->last()->code(), errc::lock_timeout);
        work.load<coupon>(row_.id).issued_quantity = 1;
    });
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().version, version{2});
}

TIEBREAK_ON_SHARED_ENGINES(TransactRivals);

}  // namespace

}  // namespace tiebreak::test
