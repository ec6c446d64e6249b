// A unit of work that has failed: it refuses everything and commits nothing, whoever swallows the
// error.
#include "support/checks.hpp"
#include "support/coupon_test.hpp"
#include "support/rivals.hpp"

namespace tiebreak::test {

namespace {

class FailedUnit : public coupon_test {
protected:
    // Runs a unit in which something has failed and was swallowed; `then` tries to go on.
    template <class F>
    void after_failure(F const& then)
    {
        EXPECT_ERRC(db().transact([&](unit_of_work& work) {
            auto& tracked = work.load<coupon>(row_.id);
            tracked.issued_quantity = 4;
            try {
                work.insert(coupon{.code = "A"});
            } catch (error const&) {
            }
            then(work, tracked);
        }),
                    errc::already_exists);
        expect_untouched();
    }

    void expect_untouched()
    {
        EXPECT_EQ(rows_of<coupon>(db()), 1);
        EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 0);
        EXPECT_EQ(stored<coupon>(db(), row_.id).version, version{1});
        EXPECT_EQ(rows_of<setting>(db()), 0);
    }
};

TEST_P(FailedUnit, DoesNotCommitEvenIfTheErrorIsSwallowed)
{
    after_failure([](unit_of_work&, coupon&) {});
}

TEST_P(FailedUnit, RefusesEveryFurtherCall)
{
    after_failure([&](unit_of_work& work, coupon& tracked) {
        EXPECT_THROW((void)work.find<coupon>(row_.id), std::logic_error);
        EXPECT_THROW((void)work.load<coupon>(row_.id), std::logic_error);
        EXPECT_THROW((void)work.find_by<&coupon::code>("A"), std::logic_error);
        EXPECT_THROW((void)work.select<coupon>().all(), std::logic_error);
        EXPECT_THROW((void)work.select<coupon>().first(), std::logic_error);
        EXPECT_THROW((void)work.select<coupon>().count(), std::logic_error);
        EXPECT_THROW((void)work.select<coupon>().exists(), std::logic_error);
        EXPECT_THROW(work.add(setting{.name = "n"}), std::logic_error);
        EXPECT_THROW(work.insert(setting{.name = "n"}), std::logic_error);
        EXPECT_THROW(work.remove(tracked), std::logic_error);
        EXPECT_THROW(work.merge(coupon{row_}), std::logic_error);
        EXPECT_THROW(work.lock(tracked, lock_mode::optimistic), std::logic_error);
        EXPECT_THROW(work.flush(), std::logic_error);
        EXPECT_THROW(work.execute("DELETE FROM " + work.table<setting>()), std::logic_error);
        EXPECT_THROW((void)work.query<std::int64_t>("SELECT 1"), std::logic_error);
        EXPECT_THROW((void)work.database_time(), std::logic_error);
        EXPECT_THROW((void)work.savepoint(), std::logic_error);
        EXPECT_THROW(work.after_commit([] {}), std::logic_error);
        repository<coupon> const coupons(work);
        EXPECT_THROW((void)coupons.find(row_.id), std::logic_error);
        EXPECT_THROW((void)coupons.update_where({}, field<& coupon::code> = "B"), std::logic_error);
        EXPECT_THROW(db().transact([](unit_of_work&) {}), std::logic_error);
    });
}

TEST_P(FailedUnit, ReportsItsFirstFailureNotTheRefusals)
{
    after_failure([](unit_of_work& work, coupon&) {
        EXPECT_THROW(work.flush(), std::logic_error);
        EXPECT_THROW(work.flush(), std::logic_error);
    });
}

TEST_P(FailedUnit, AnExceptionOfTheCallableRollsBackAndComesOutAsItIs)
{
    struct own_exception {
        int number;
    };

    try {
        db().transact([&](unit_of_work& work) {
            work.load<coupon>(row_.id).issued_quantity = 4;
            work.insert(setting{.name = "n"});
            throw own_exception{7};
        });
        ADD_FAILURE() << "no exception came";
    } catch (own_exception const& thrown) {
        EXPECT_EQ(thrown.number, 7);
    }
    expect_untouched();
}

TEST_P(FailedUnit, ThePoolIsWholeAfterFailuresOfEveryKind)
{
    for (int i = 0; i < 20; ++i) {
        EXPECT_THROW(db().transact([](unit_of_work&) { throw std::runtime_error("x"); }),
                     std::runtime_error);
        EXPECT_ERRC(db().transact([](unit_of_work& work) { work.add(coupon{.code = "A"}); }),
                    errc::already_exists);
        EXPECT_ERRC(db().transact([](unit_of_work& work) { work.execute("not SQL at all"); }),
                    errc::backend_failure);
        EXPECT_THROW(db().read([](snapshot&) { throw std::runtime_error("x"); }),
                     std::runtime_error);
    }
    expect_untouched();
    db().transact([&](unit_of_work& work) { work.load<coupon>(row_.id).issued_quantity = 1; });
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 1);
}

TEST_P(FailedUnit, EveryStatementThatFailsDoomsTheUnit)
{
    std::vector<std::function<void(unit_of_work&)>> const failing{
        [](unit_of_work& work) { work.execute("not SQL at all"); },
        [](unit_of_work& work) { (void)work.query<std::int64_t>("SELECT nothing FROM nowhere"); },
        [](unit_of_work& work) { (void)work.query<std::int64_t>("SELECT 'text'"); },
        [](unit_of_work& work) {
            work.add(coupon{.code = "A"});
            work.flush();
        },
        [](unit_of_work& work) { work.insert(coupon_issue{.coupon_id = 99}); },
        [&](unit_of_work& work) { work.merge(coupon{.id = row_.id, .version = version{9}}); },
        [](unit_of_work& work) {
            coupon stale{.id = 1, .code = "S", .version = version{9}};
            repository<coupon>(work).save(stale);
        },
        [&](unit_of_work& work) {
            work.load<coupon>(row_.id).version = version{9};
            work.flush();
        },
        [&](unit_of_work&) {
            db().transact([](unit_of_work&) { throw std::runtime_error("inner"); });
        },
    };
    for (std::size_t i = 0; i < failing.size(); ++i) {
        EXPECT_ANY_THROW(db().transact([&](unit_of_work& work) {
            work.add(setting{.name = "must not stay"});
            EXPECT_ANY_THROW(failing[i](work));
        })) << "number "
            << i;
        expect_untouched();
    }
}

TEST_P(FailedUnit, MisuseThatWroteNothingLeavesTheUnitUsable)
{
    db().transact([&](unit_of_work& work) {
        coupon foreign;
        EXPECT_THROW(work.remove(foreign), std::invalid_argument);
        EXPECT_THROW(work.execute("COMMIT"), std::invalid_argument);
        EXPECT_THROW((void)work.query<int>(""), std::invalid_argument);
        EXPECT_THROW(work.add(coupon{.id = 9}), std::invalid_argument);
        EXPECT_EQ(
            repository<coupon>(work).update_if(row_.id, version{9}, field<& coupon::code> = "B"),
            outcome::lost);
        work.load<coupon>(row_.id).issued_quantity = 2;
    });
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 2);
}

TEST_P(FailedUnit, AnAttemptAfterAFailureSeesNothingOfIt)
{
    int runs = 0;
    coupon* first_object = nullptr;
    db().transact([&](unit_of_work& work) {
        auto& tracked = work.load<coupon>(row_.id);
        EXPECT_EQ(tracked.issued_quantity, 0);
        EXPECT_EQ(work.find<setting>("n"), nullptr);
        tracked.issued_quantity += 1;
        work.insert(setting{.name = "n"});
        first_object = &tracked;
        if (++runs < 3)
            throw error(errc::transaction_aborted, "made up");
    });
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 1) << "not once for each attempt";
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TIEBREAK_ON_ALL_ENGINES(FailedUnit);

class FailedUnitRivals : public FailedUnit {};

TEST_P(FailedUnitRivals, NothingOfItIsEverSeenAndWhatItHeldIsFreeAfterwards)
{
    auto rival = fresh().open();
    auto const rival_sees_nothing = [&] {
        EXPECT_EQ(stored<coupon>(rival, row_.id).version, version{1});
        EXPECT_EQ(rows_of<setting>(rival), 0);
    };
    std::vector<std::function<void(unit_of_work&)>> const failing{
        [](unit_of_work& work) {
            EXPECT_ERRC(work.insert(coupon{.code = "A"}), errc::already_exists);
        },
        [](unit_of_work& work) {
            EXPECT_ERRC(work.execute("not SQL at all"), errc::backend_failure);
        },
        [](unit_of_work&) { throw std::runtime_error("the callable's own"); },
    };
    for (auto const& fails : failing) {
        EXPECT_ANY_THROW(db().transact([&](unit_of_work& work) {
            work.load<coupon>(row_.id).issued_quantity = 4;
            work.insert(setting{.name = "n"});
            work.flush();
            EXPECT_FALSE(can_be_written_by_a_rival(fresh(), row_.id));
            rival_sees_nothing();
            fails(work);
            rival_sees_nothing();
        }));
        rival_sees_nothing();
        EXPECT_TRUE(can_be_written_by_a_rival(fresh(), row_.id));
    }
    rival.transact([&](unit_of_work& other) {
        other.load<coupon>(row_.id).issued_quantity = 9;
        other.insert(setting{.name = "n"});
    });
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 9);
    EXPECT_EQ(stored<coupon>(db(), row_.id).version, version{2});
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TIEBREAK_ON_SHARED_ENGINES(FailedUnitRivals);

}  // namespace

}  // namespace tiebreak::test
