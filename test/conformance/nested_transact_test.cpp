// transact inside transact: the inner joins, only the outermost commits and retries; and what runs
// after the commit.
#include <tiebreak/counters.hpp>

#include "support/checks.hpp"
#include "support/coupon_test.hpp"

#include <functional>
#include <memory>

namespace tiebreak::test {

namespace {

class NestedTransact : public coupon_test {};

TEST_P(NestedTransact, TheInnerJoinsTheOuterUnit)
{
    counters told;
    auto watched = fresh().open({.watcher = &told});
    create_shop(watched);
    auto const row = add_coupon(watched, "B", 5);
    auto const before = told.commits();
    watched.transact([&](unit_of_work& work) {
        auto& outer = work.load<coupon>(row.id);
        outer.total_quantity = 6;
        auto const answer = watched.transact([&](unit_of_work& inner) {
            auto& same = inner.load<coupon>(row.id);
            EXPECT_EQ(&same, &outer) << "one identity map";
            same.issued_quantity = 1;
            return 42;
        });
        EXPECT_EQ(answer, 42);
    });
    EXPECT_EQ(told.commits(), before + 1);
    EXPECT_EQ(stored<coupon>(watched, row.id).total_quantity, 6);
    EXPECT_EQ(stored<coupon>(watched, row.id).issued_quantity, 1);
    EXPECT_EQ(stored<coupon>(watched, row.id).version, version{2});
}

TEST_P(NestedTransact, NothingOfTheInnerIsCommittedWithoutTheOuter)
{
    EXPECT_THROW(db().transact([&](unit_of_work&) {
        db().transact([&](unit_of_work& inner) {
            inner.load<coupon>(row_.id).issued_quantity = 1;
            inner.insert(setting{.name = "n"});
        });
        throw std::runtime_error("outer");
    }),
                 std::runtime_error);
    EXPECT_EQ(now().version, version{1});
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(NestedTransact, AnExceptionThatLeavesTheInnerDoomsTheOuterEvenIfItIsCaught)
{
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id).issued_quantity = 1;
        work.flush();
        try {
            db().transact([](unit_of_work&) { throw std::runtime_error("inner"); });
        } catch (std::runtime_error const&) {
        }
    }),
                 std::runtime_error);
    EXPECT_EQ(now().version, version{1});
}

TEST_P(NestedTransact, OnlyTheOutermostRunsAgain)
{
    int outer_runs = 0;
    int inner_runs = 0;
    db().transact([&](unit_of_work& work) {
        ++outer_runs;
        work.load<coupon>(row_.id).total_quantity += 1;
        db().transact([&](unit_of_work& inner) {
            ++inner_runs;
            inner.load<coupon>(row_.id).issued_quantity += 1;
            if (inner_runs < 3)
                throw error(errc::transaction_aborted, "made up");
        });
    });
    EXPECT_EQ(outer_runs, 3);
    EXPECT_EQ(inner_runs, 3);
    EXPECT_EQ(now().total_quantity, 6);
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().version, version{2});
}

TEST_P(NestedTransact, ThreeLevelsDeepIsStillOneUnit)
{
    db().transact([&](unit_of_work&) {
        db().transact([&](unit_of_work&) {
            db().transact([&](unit_of_work& work) { work.insert(setting{.name = "n"}); });
        });
        EXPECT_THROW((void)repository<setting>(db()).find("n"), std::logic_error);
    });
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(NestedTransact, StricterOptionsThanTheOuterHasAreRefused)
{
    auto const nested = [&](transact_options const& inner, transact_options const& outer) {
        db().transact([&](unit_of_work&) { db().transact([](unit_of_work&) {}, inner); }, outer);
    };
    transact_options const plain;
    transact_options const own_retry{.retry = retry_presets::once};
    transact_options const serializable{.level = isolation::serializable};
    transact_options const repeatable{.level = isolation::repeatable_read};
    transact_options const committed{.level = isolation::read_committed};
    transact_options const pessimistic{.pessimistic = true};
    EXPECT_THROW(nested(own_retry, plain), std::logic_error);
    EXPECT_THROW(nested(serializable, plain), std::logic_error);
    EXPECT_THROW(nested(serializable, repeatable), std::logic_error);
    EXPECT_THROW(nested(repeatable, committed), std::logic_error);
    EXPECT_THROW(nested(pessimistic, plain), std::logic_error);
    EXPECT_NO_THROW(nested(plain, pessimistic));
    EXPECT_NO_THROW(nested(pessimistic, pessimistic));
    EXPECT_NO_THROW(nested(repeatable, serializable));
    EXPECT_NO_THROW(nested(committed, plain));
    EXPECT_NO_THROW(nested(plain, own_retry));
}

TEST_P(NestedTransact, ExecuteOnTheDatabaseJoinsToo)
{
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        db().execute("DELETE FROM " + work.table<coupon>());
        EXPECT_EQ(work.select<coupon>().count(), 0);
        throw std::runtime_error("outer");
    }),
                 std::runtime_error);
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(NestedTransact, AnotherDatabaseOnTheSameThreadIsAnotherUnit)
{
    fresh_database elsewhere(GetParam());
    auto other = elsewhere.open();
    create_shop(other);
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        work.insert(setting{.name = "here"});
        other.transact([&](unit_of_work& there) {
            EXPECT_EQ(there.find<setting>("here"), nullptr);
            there.insert(setting{.name = "there"});
            db().transact(
                [](unit_of_work& here) { EXPECT_NE(here.find<setting>("here"), nullptr); });
        });
        throw std::runtime_error("only here");
    }),
                 std::runtime_error);
    EXPECT_EQ(rows_of<setting>(db()), 0);
    EXPECT_EQ(rows_of<setting>(other), 1);
}

TEST_P(NestedTransact, AnotherThreadIsAnotherUnit)
{
    TIEBREAK_NEEDS(capability::several_processes);
    db().transact([&](unit_of_work& work) {
        (void)work.load<coupon>(row_.id);
        std::thread([&] {
            db().transact([&](unit_of_work& other) { other.insert(setting{.name = "n"}); });
        }).join();
    });
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TIEBREAK_ON_ALL_ENGINES(NestedTransact);

class AfterCommit : public NestedTransact {};

TEST_P(AfterCommit, RunsOnceAfterTheRerunsInTheOrderAsked)
{
    std::vector<std::string> mails;
    int runs = 0;
    db().transact([&](unit_of_work& work) {
        ++runs;
        work.after_commit([&, n = runs] { mails.push_back("first of run " + std::to_string(n)); });
        work.load<coupon>(row_.id).issued_quantity = runs;
        work.after_commit([&, n = runs] { mails.push_back("second of run " + std::to_string(n)); });
        if (runs < 3)
            throw error(errc::transaction_aborted, "made up");
        EXPECT_TRUE(mails.empty()) << "not before the commit";
    });
    EXPECT_EQ(mails, (std::vector<std::string>{"first of run 3", "second of run 3"}));
    EXPECT_EQ(now().issued_quantity, 3);
}

TEST_P(AfterCommit, TakesAnyCallable)
{
    int mails = 0;
    db().transact([&](unit_of_work& work) {
        work.after_commit([&, by = std::make_unique<int>(2)] { mails += *by; });
        auto const counts = [&, calls = 0]() mutable { return mails += 10 * ++calls; };
        work.after_commit(counts);
        std::function<void()> const named = [&] { mails += 100; };
        work.after_commit(named);
        void (*nothing)() = nullptr;
        EXPECT_THROW(work.after_commit(nothing), std::logic_error);
    });
    EXPECT_EQ(mails, 112);
}

TEST_P(AfterCommit, NeverRunsWhenTheUnitRollsBack)
{
    int mails = 0;
    EXPECT_THROW(db().transact([&](unit_of_work& work) {
        work.after_commit([&] { ++mails; });
        throw std::runtime_error("x");
    }),
                 std::runtime_error);
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        work.after_commit([&] { ++mails; });
        work.add(coupon{.code = "A"});
    }),
                errc::already_exists);
    db().transact([](unit_of_work&) {});
    EXPECT_EQ(mails, 0);
}

TEST_P(AfterCommit, OfANestedCallWaitsForTheOutermost)
{
    std::string told;
    db().transact([&](unit_of_work& work) {
        db().transact([&](unit_of_work& inner) {
            inner.after_commit([&] { told += "mail"; });
            inner.load<coupon>(row_.id).issued_quantity = 1;
        });
        told += "outer ";
        work.load<coupon>(row_.id).total_quantity = 9;
    });
    EXPECT_EQ(told, "outer mail");
    EXPECT_EQ(now().total_quantity, 9);
}

TEST_P(AfterCommit, SeesTheCommittedRowAndMayStartTransactions)
{
    db().transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id).issued_quantity = 1;
        work.after_commit([&] {
            EXPECT_EQ(now().issued_quantity, 1);
            db().transact([&](unit_of_work& next) {
                next.load<coupon>(row_.id).issued_quantity += 1;
                next.after_commit([&] {
                    EXPECT_EQ(repository<coupon>(db()).update_if(
                                  row_.id, version{3}, field<& coupon::issued_quantity> += 1),
                              outcome::won);
                });
            });
        });
    });
    EXPECT_EQ(now().issued_quantity, 3);
    EXPECT_EQ(now().version, version{4});
}

TEST_P(AfterCommit, AnExceptionFromItReachesTheCallerWithTheCommitDone)
{
    int runs = 0;
    EXPECT_ERRC(db().transact([&](unit_of_work& work) {
        ++runs;
        work.load<coupon>(row_.id).issued_quantity = 1;
        work.after_commit([] { throw error(errc::stale_version, "not a reason to run again"); });
    }),
                errc::stale_version);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(now().issued_quantity, 1);
    EXPECT_EQ(now().version, version{2});
}

TIEBREAK_ON_ALL_ENGINES(AfterCommit);

}  // namespace

}  // namespace tiebreak::test
