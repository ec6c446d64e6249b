// Two programs as people wrote them, with the mistakes that cost them coupons and tickets, written
// here as naturally as the library allows: they end right.
#include "support/checks.hpp"
#include "support/coupon_test.hpp"

namespace tiebreak::test {

namespace {

class DescribedMistakes : public coupon_test {};

// Requirement B3. The retry loop and the transactional function stood in one class; called by its
// own class, the function silently ran without a transaction, so each attempt left halves behind.
// Here a unit of work is an argument: the function cannot be called without one, and whoever
// calls `issue` from anywhere, the same class included, gets a transaction for each attempt.
class coupon_service {
public:
    explicit coupon_service(database& db) : db_(db) {}

    // "the outer function, without a transaction, which retries"
    std::int64_t issue_with_retry(std::int64_t coupon_id, std::int64_t member_id)
    {
        return issue(coupon_id, member_id);  // its own class's transactional function
    }

    // "the inner function, with a transaction"
    std::int64_t issue(std::int64_t coupon_id, std::int64_t member_id)
    {
        return db_.transact(
            [&](unit_of_work& work) { return issue_in(work, coupon_id, member_id); },
            {.retry = retry_policy{.attempts_max = 3, .base = std::chrono::microseconds{0}}});
    }

    // What runs between reading and writing, so that a test can put a rival there.
    std::function<void()> between = [] {};
    int runs = 0;

private:
    std::int64_t issue_in(unit_of_work& work, std::int64_t coupon_id, std::int64_t member_id)
    {
        ++runs;
        auto& found = work.load<coupon>(coupon_id);
        auto& record = work.insert(coupon_issue{.coupon_id = coupon_id, .member_id = member_id});
        work.flush();
        between();
        found.issued_quantity += 1;
        if (found.issued_quantity > found.total_quantity)
            throw std::domain_error("sold out");
        return record.id;
    }

    database& db_;
};

TEST_P(DescribedMistakes, B3ATransactionalFunctionCalledByItsOwnClassHasItsTransaction)
{
    coupon_service service(db());
    // Each attempt inserts its record first and fails afterwards: without a transaction around it
    // the record of a failed attempt would stay, and the next would be refused as a duplicate.
    service.between = [&] {
        if (service.runs < 3)
            throw error(errc::stale_version, "a rival was faster");
    };
    auto const id = service.issue_with_retry(row_.id, 7);
    EXPECT_EQ(service.runs, 3);
    EXPECT_EQ(rows_of<coupon_issue>(db()), 1);
    EXPECT_EQ(stored<coupon_issue>(db(), id).member_id, 7);
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 1);
    EXPECT_EQ(stored<coupon>(db(), row_.id).version, version{2});
}

TEST_P(DescribedMistakes, B3ABusinessRefusalAfterTheInsertLeavesNoRecord)
{
    coupon_service service(db());
    for (int member = 1; member <= 5; ++member)
        service.issue_with_retry(row_.id, member);
    EXPECT_THROW(service.issue_with_retry(row_.id, 6), std::domain_error);
    EXPECT_EQ(rows_of<coupon_issue>(db()), 5);
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 5);
}

TEST_P(DescribedMistakes, B3ManyThreadsThroughTheSameClassServeExactlyTheStock)
{
    std::atomic<int> served{0};
    run_together(8, [&](int index) {
        coupon_service service(db());
        for (int i = 0; i < 2; ++i) {
            for (bool decided = false; !decided;) {
                try {
                    service.issue_with_retry(row_.id, index * 10 + i);
                    ++served;
                    decided = true;
                } catch (std::domain_error const&) {
                    decided = true;
                } catch (error const& failure) {
                    ASSERT_EQ(failure.code(), errc::attempts_exhausted);
                }
            }
        }
    });
    EXPECT_EQ(served, 5);
    EXPECT_EQ(rows_of<coupon_issue>(db()), 5);
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 5);
}

// Requirement C5. The function caught the conflict around its changes and retried there; but the
// conflict was thrown later, at the flush of the commit, after the catch, and came out as a
// server error. Here the commit lies inside `transact`, which runs the function again; a catch
// inside of it neither hides the conflict nor is needed.
TEST_P(DescribedMistakes, C5AConflictAtTheFlushAfterTheCatchIsRunAgainAllTheSame)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto rival = fresh().open();
    int runs = 0;
    auto const approve = [&] {
        return db().transact([&](unit_of_work& work) -> std::string {
            ++runs;
            try {
                auto& found = work.load<coupon>(row_.id);
                if (found.issued_quantity != 0)
                    return "already approved";
                if (runs == 1)
                    rival.transact([&](unit_of_work& other) {
                        other.load<coupon>(row_.id).issued_quantity = 1;
                    });
                found.issued_quantity = 1;
                return "approved";
            } catch (error const&) {
                return "try again later";  // never reached: the conflict comes after the catch
            }
        });
    };
    EXPECT_EQ(approve(), "already approved");
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 1);
    EXPECT_EQ(stored<coupon>(db(), row_.id).version, version{2});
}

TEST_P(DescribedMistakes, C5AConflictThatTheCatchSwallowsIsRunAgainAllTheSame)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto rival = fresh().open();
    int runs = 0;
    auto const answer = db().transact([&](unit_of_work& work) -> std::string {
        ++runs;
        try {
            auto& found = work.load<coupon>(row_.id);
            if (found.issued_quantity != 0)
                return "already approved";
            if (runs == 1)
                rival.transact(
                    [&](unit_of_work& other) { other.load<coupon>(row_.id).issued_quantity = 1; });
            found.issued_quantity = 1;
            work.flush();  // the conflict is thrown here
            return "approved";
        } catch (error const&) {
            return "server error";
        }
    });
    EXPECT_EQ(answer, "already approved");
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(stored<coupon>(db(), row_.id).version, version{2});
}

TEST_P(DescribedMistakes, C5OfFiveApprovalsAtOnceExactlyOneIsApproved)
{
    std::atomic<int> approved{0};
    std::atomic<int> refused{0};
    run_together(5, [&](int) {
        auto const won = db().transact([&](unit_of_work& work) {
            auto& found = work.load<coupon>(row_.id);
            if (found.issued_quantity != 0)
                return false;
            found.issued_quantity = 1;
            return true;
        });
        ++(won ? approved : refused);
    });
    EXPECT_EQ(approved, 1);
    EXPECT_EQ(refused, 4);
    EXPECT_EQ(stored<coupon>(db(), row_.id).issued_quantity, 1);
    EXPECT_EQ(stored<coupon>(db(), row_.id).version, version{2});
}

TIEBREAK_ON_ALL_ENGINES(DescribedMistakes);

}  // namespace

}  // namespace tiebreak::test
