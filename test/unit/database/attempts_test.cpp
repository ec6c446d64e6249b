// The attempts of one call: which failure ends them.
#include "database/alone.hpp"
#include "support/checks.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tiebreak::test {

namespace {

// As a driver says it when the time is up during a statement.
error time_is_up()
{
    return error(errc::deadline_exceeded, "made up");
}

class Attempts : public testing::Test {
protected:
    static constexpr std::chrono::milliseconds deadline{200};

    // Runs `call(body)` with a body that fails: first by a lock, then because the time is up.
    template <class Call>
    std::optional<error> run_into_the_deadline(Call const& call)
    {
        runs_ = 0;
        return error_of([&] {
            call([&] {
                if (++runs_ == 1)
                    throw error(errc::lock_timeout, "made up");
                std::this_thread::sleep_for(deadline);  // it is over then, whenever it began
                throw time_is_up();
            });
        });
    }

    temporary_folder folder_;
    database db_{"sqlite:" + folder_.file("shop.db"), {.retry = {.deadline = deadline}}};
    int runs_ = 0;
};

TEST_F(Attempts, ADeadlineMetInTheSecondCarriesWhatTheFirstMet)
{
    auto const unit = run_into_the_deadline(
        [&](auto const& body) { db_.transact([&](unit_of_work&) { body(); }); });
    ASSERT_TRUE(unit && unit->last());
    EXPECT_EQ(unit->code(), errc::deadline_exceeded);
    EXPECT_EQ(unit->last()->code(), errc::lock_timeout);
    EXPECT_EQ(unit->attempts(), runs_);

    auto const alone = run_into_the_deadline([&](auto const& body) {
        detail::run_alone(detail::core_of(db_), detail::purpose::reading, [&](detail::session&) {
            body();
            return 0;
        });
    });
    ASSERT_TRUE(alone && alone->last());
    EXPECT_EQ(alone->code(), errc::deadline_exceeded);
    EXPECT_EQ(alone->last()->code(), errc::lock_timeout);
    EXPECT_EQ(alone->attempts(), runs_);
}

TEST_F(Attempts, ADeadlineMetInTheFirstHasNoOtherCause)
{
    db_.transact([&](unit_of_work&) {
        if (++runs_ == 1)
            throw error(errc::lock_timeout, "of another call");
    });
    auto const failure = error_of([&] { db_.transact([](unit_of_work&) { throw time_is_up(); }); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::deadline_exceeded);
    EXPECT_EQ(failure->last(), nullptr);
}

// As when the callable asks another database, with a deadline of its own.
TEST_F(Attempts, ADeadlineThatIsNotTheirsIsToldAsItIs)
{
    auto const failure = error_of([&] {
        db_.transact(
            [&](unit_of_work&) {
                if (++runs_ == 1)
                    throw error(errc::lock_timeout, "made up");
                throw time_is_up();
            },
            {.retry = retry_policy{.deadline = std::chrono::hours{1}}});
    });
    EXPECT_EQ(runs_, 2);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::deadline_exceeded);
    EXPECT_EQ(failure->last(), nullptr);
}

}  // namespace

}  // namespace tiebreak::test
