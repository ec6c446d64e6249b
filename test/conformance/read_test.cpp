// database::read: one consistent view of the data, which neither waits for writers nor keeps them
// waiting.
#include "support/checks.hpp"
#include "support/coupon_test.hpp"

namespace tiebreak::test {

namespace {

class Read : public coupon_test {};

TEST_P(Read, AnswersWhatTheCallableAnswers)
{
    auto const codes = db().read([](snapshot& view) {
        std::vector<std::string> result;
        for (auto const& one : repository<coupon>(view).select().all())
            result.push_back(one.code);
        return result;
    });
    EXPECT_EQ(codes, (std::vector<std::string>{"A"}));
    db().read([](snapshot&) {});
}

TEST_P(Read, AnExceptionComesOutAndTheConnectionGoesBack)
{
    for (int i = 0; i < 20; ++i) {
        EXPECT_THROW(db().read([](snapshot&) { throw std::runtime_error("x"); }),
                     std::runtime_error);
        EXPECT_ERRC(
            db().read([](snapshot& view) { (void)view.query<int>("SELECT nothing FROM nowhere"); }),
            errc::backend_failure);
    }
    EXPECT_EQ(rows_of<coupon>(db()), 1);
}

TEST_P(Read, InsideARunningUnitOfTheSameDatabaseIsRefused)
{
    db().transact([&](unit_of_work& work) {
        EXPECT_THROW(db().read([](snapshot&) {}), std::logic_error);
        work.load<coupon>(row_.id).issued_quantity = 1;
    });
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 1);
}

TEST_P(Read, ParametersAreBound)
{
    db().read([&](snapshot& view) {
        auto const sql = "SELECT COUNT(*) FROM " + view.table<coupon>() +
                         " WHERE code = " + placeholder(db(), 1);
        EXPECT_EQ(view.query<std::int64_t>(sql, "A"), (std::vector<std::int64_t>{1}));
        EXPECT_EQ(view.query<std::int64_t>(sql, "' OR 1=1 --"), (std::vector<std::int64_t>{0}));
    });
}

TIEBREAK_ON_ALL_ENGINES(Read);

class ReadRivals : public Read {};

TEST_P(ReadRivals, TwoReadsOfOneViewAgreeThoughAWriterCommitsBetweenThem)
{
    auto rival = fresh().open();
    db().read([&](snapshot& view) {
        repository<coupon> const coupons(view);
        EXPECT_EQ(coupons.find(row_.id)->issued_quantity, 0);
        rival.transact([&](unit_of_work& work) {
            work.load<coupon>(row_.id).issued_quantity = 3;
            work.add(coupon{.code = "NEW"});
        });
        EXPECT_EQ(coupons.find(row_.id)->issued_quantity, 0);
        EXPECT_EQ(coupons.select().count(), 1);
        EXPECT_EQ(view.query<std::int64_t>("SELECT COUNT(*) FROM " + view.table<coupon>()),
                  (std::vector<std::int64_t>{1}));
        EXPECT_EQ(coupons.explain(row_.id).actual_version, 1);
    });
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 3);
    EXPECT_EQ(rows_of<coupon>(db()), 2);
}

TEST_P(ReadRivals, ItDoesNotWaitForAWriterThatHoldsTheRow)
{
    auto rival = fresh().open();
    rival.transact([&](unit_of_work& work) {
        work.load<coupon>(row_.id, lock_mode::pessimistic_write).issued_quantity = 3;
        work.flush();
        // were it to wait, it would wait for this very thread
        EXPECT_EQ(db().read([&](snapshot& view) {
            return repository<coupon>(view).find(row_.id)->issued_quantity;
        }),
                  0);
        EXPECT_EQ(repository<coupon>(db()).find(row_.id)->issued_quantity, 0);
    });
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 3);
}

TEST_P(ReadRivals, ManyReadersNeverSeeHalfOfAUnit)
{
    auto const second = add_coupon(db(), "B", 5);
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    auto rival = fresh().open();
    run_together(4, [&](int index) {
        if (index == 0) {
            for (int i = 1; i <= 60; ++i)
                rival.transact([&](unit_of_work& work) {
                    work.load<coupon>(row_.id).issued_quantity += 1;
                    work.load<coupon>(second.id).issued_quantity -= 1;
                });
            done = true;
            return;
        }
        while (!done) {
            db().read([&](snapshot& view) {
                repository<coupon> const coupons(view);
                auto const one = coupons.find(row_.id)->issued_quantity;
                if (one + coupons.find(second.id)->issued_quantity != 0)
                    ++wrong;
            });
        }
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 60);
    EXPECT_EQ(stored<coupon>(db(), second.id).issued_quantity, -60);
}

TIEBREAK_ON_SHARED_ENGINES(ReadRivals);

}  // namespace

}  // namespace tiebreak::test
