// B3: the retry is outside the transaction, each attempt runs in a fresh one, and the bug of a
// transactional function that runs without a transaction cannot be written.
#include "coupon_test.hpp"

#include <type_traits>

namespace tiebreak::test {

namespace {

using namespace std::chrono_literals;
using coupons::coupon;
using coupons::issue;

// Notes pauses and how it ended.
class notes final : public observer {
public:
    void attempt_started(int number) noexcept override { attempts = number; }

    void waited(wait_kind kind, std::chrono::microseconds how_long) noexcept override
    {
        if (kind == wait_kind::pause)
            pauses.push_back(how_long);
    }

    void gave_up(errc why, int) noexcept override { end = why; }

    int attempts = 0;
    std::vector<std::chrono::microseconds> pauses{};
    std::optional<errc> end{};
};

void rename_as_another_client(database& in, std::int64_t id)
{
    as_another_client(
        [&] { in.transact([&](unit_of_work& work) { work.load<coupon>(id).name += "!"; }); });
}

// The program of the description: the class has a function that needs a transaction, and another
// of its functions calls it. There the call bypassed what would have begun the transaction, and
// each statement committed on its own. Here whoever needs a transaction asks for one, and joins.
class coupon_service {
public:
    explicit coupon_service(database& in) : db_(in) {}

    // Takes two of the stock, or none.
    void take_two(std::int64_t id, bool fail_between)
    {
        db_.transact([&](unit_of_work&) {
            take_one(id);
            if (fail_between)
                throw std::runtime_error("no second one today");
            take_one(id);
        });
    }

    // Joins when it is called from inside, else has a transaction of its own.
    void take_one(std::int64_t id)
    {
        db_.transact([&](unit_of_work& work) {
            work.load<coupon>(id).issued_quantity += 1;
            work.flush();
        });
    }

private:
    database& db_;
};

class B3 : public system_test {};

TEST_P(B3, AFunctionCalledByItsOwnClassJoinsTheTransaction)
{
    coupon_service service(db());
    auto const id = make_coupon(db(), "WELCOME", 10).id;
    EXPECT_THROW(service.take_two(id, true), std::runtime_error);
    auto row = coupons::find_coupon(db(), "WELCOME");
    EXPECT_EQ(row->issued_quantity, 0);
    EXPECT_EQ(row->version, version{1});

    service.take_two(id, false);
    row = coupons::find_coupon(db(), "WELCOME");
    EXPECT_EQ(row->issued_quantity, 2);
    EXPECT_EQ(row->version, version{3});
}

TEST_P(B3, ThereIsNoUnitOfWorkOutsideATransaction)
{
    static_assert(!std::is_default_constructible_v<unit_of_work>);
    static_assert(!std::is_copy_constructible_v<unit_of_work>);
    static_assert(!std::is_move_constructible_v<unit_of_work>);
    static_assert(!std::is_constructible_v<unit_of_work, database&>);
    static_assert(!std::is_destructible_v<unit_of_work>, "nobody else can own one");
}

TEST_P(B3, AnIssueInsideALargerTransactionIsUndoneWithIt)
{
    make_coupon(db(), "WELCOME", 5);
    auto const member = make_member(db());
    EXPECT_THROW(db().transact([&](unit_of_work&) {
        EXPECT_TRUE(is<coupons::issued>(issue(db(), "WELCOME", member)));
        throw std::runtime_error("the order failed");
    }),
                 std::runtime_error);
    expect_issued(db(), "WELCOME", 0);
}

TEST_P(B3, EachAttemptIsANewTransactionThatReadsAnew)
{
    notes seen;
    auto watched = fresh().open({.watcher = &seen});
    auto const id = make_coupon(db(), "WELCOME", 5).id;
    auto const member = make_member(db());
    std::vector<version> versions;
    auto const result = watched.transact(
        [&](unit_of_work& work) {
            auto& row = work.load<coupon>(id);
            versions.push_back(row.version);
            if (versions.size() < 3)
                rename_as_another_client(db(), id);
            row.issued_quantity += 1;
            work.insert(coupons::coupon_issue{
                .coupon_id = id,
                .member_id = member,
                .expires_at = time_point{} + 1s,
            });
            return row.name;
        },
        {.retry = retry_presets::three_attempts_20_40_ms});
    EXPECT_EQ(result, "Ten off!!");
    EXPECT_EQ(versions, (std::vector{version{1}, version{2}, version{3}}));
    EXPECT_EQ(seen.attempts, 3);
    EXPECT_EQ(coupons::find_coupon(db(), "WELCOME")->version, version{4});
    expect_issued(db(), "WELCOME", 1);
}

TEST_P(B3, ThePresetWaits20And40MillisecondsAndThenGivesUp)
{
    notes seen;
    auto watched = fresh().open({.watcher = &seen});
    auto const id = make_coupon(db(), "WELCOME", 5).id;
    auto const member = make_member(db());
    auto const result = issue(watched,
                              "WELCOME",
                              member,
                              {
                                  .retry = retry_presets::three_attempts_20_40_ms,
                                  .between = [&] { rename_as_another_client(db(), id); },
                              });
    ASSERT_TRUE(is<coupons::issuing_failed>(result));
    EXPECT_EQ(std::get<coupons::issuing_failed>(result).attempts, 3);
    EXPECT_EQ(std::get<coupons::issuing_failed>(result).last, errc::stale_version);
    EXPECT_EQ(seen.attempts, 3);
    EXPECT_EQ(seen.pauses, (std::vector<std::chrono::microseconds>{20ms, 40ms}));
    EXPECT_EQ(seen.end, errc::attempts_exhausted);
    expect_issued(db(), "WELCOME", 0);
}

// The catch clause of the description stood inside the transaction, around a statement; the retry
// there runs on with a transaction that is lost already. Here such a unit refuses to go on.
TEST_P(B3, ACaughtConflictCannotBeRetriedInTheSameTransaction)
{
    auto const id = make_coupon(db(), "WELCOME", 5).id;
    int caught = 0;
    int refused = 0;
    db().transact([&](unit_of_work& work) {
        auto& row = work.load<coupon>(id);
        if (caught == 0)
            rename_as_another_client(db(), id);
        row.issued_quantity += 1;
        try {
            work.flush();
        } catch (error const& lost) {
            ++caught;
            EXPECT_EQ(lost.code(), errc::stale_version);
            try {
                work.flush();
            } catch (std::logic_error const&) {
                ++refused;
                throw lost;
            }
        }
    });
    EXPECT_EQ(caught, 1);
    EXPECT_EQ(refused, 1);
    auto const row = coupons::find_coupon(db(), "WELCOME");
    EXPECT_EQ(row->name, "Ten off!");
    EXPECT_EQ(row->issued_quantity, 1);
    EXPECT_EQ(row->version, version{3});
}

TIEBREAK_ON_SHARED_ENGINES(B3);

}  // namespace

}  // namespace tiebreak::test
