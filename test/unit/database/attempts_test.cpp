// The attempts of one call: which failure ends them.
#include "database/alone.hpp"
#include "support/checks.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

namespace {

// As a driver says it when the time is up during a statement.
error time_is_up()
{
    return error(errc::deadline_exceeded, "made up");
}

class Attempts : public testing::Test {
protected:
    temporary_folder folder_;
    std::string url_ = "sqlite:" + folder_.file("shop.db");
    database db_{url_};
};

TEST_F(Attempts, ADeadlineMetInTheSecondCarriesWhatTheFirstMet)
{
    int runs = 0;
    auto const run_to_the_end = [&](auto const& call) {
        runs = 0;
        return error_of([&] {
            call([&] {
                if (++runs == 1)
                    throw error(errc::lock_timeout, "made up");
                throw time_is_up();
            });
        });
    };
    auto const unit =
        run_to_the_end([&](auto const& body) { db_.transact([&](unit_of_work&) { body(); }); });
    auto const alone = run_to_the_end([&](auto const& body) {
        detail::run_alone(detail::core_of(db_), detail::purpose::reading, [&](detail::session&) {
            body();
            return 0;
        });
    });
    for (auto const& failure : {unit, alone}) {
        ASSERT_TRUE(failure && failure->last());
        EXPECT_EQ(failure->code(), errc::deadline_exceeded);
        EXPECT_EQ(failure->last()->code(), errc::lock_timeout);
        EXPECT_EQ(failure->attempts(), 2);
    }
}

TEST_F(Attempts, ADeadlineMetInTheFirstHasNoOtherCause)
{
    int runs = 0;
    db_.transact([&](unit_of_work&) {
        if (++runs == 1)
            throw error(errc::lock_timeout, "of another call");
    });
    auto const failure = error_of([&] { db_.transact([](unit_of_work&) { throw time_is_up(); }); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), errc::deadline_exceeded);
    EXPECT_EQ(failure->last(), nullptr);
}

}  // namespace

}  // namespace tiebreak::test
