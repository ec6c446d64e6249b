// Whose clock decides how long a key is held: what the calls on one send.
#include "support/captured_log.hpp"
#include "support/idempotent.hpp"
#include "unit/unit_of_work/recorded_database.hpp"

#include <gtest/gtest.h>

namespace tiebreak::test {

namespace {

class IdempotencyStatements : public testing::Test {
protected:
    void SetUp() override
    {
        install(recorded.db);
        create_shop(recorded.db);
        recorded.forget();
    }

    captured_log log;
    recorded_database recorded;
    idempotency calls{recorded.db};
};

// A clock that is wrong by an hour must neither take a key from its owner nor keep a dead one's.
TEST_F(IdempotencyStatements, ATimeIsAlwaysTheDatabases)
{
    auto const work = std::get<idempotent_work>(calls.claim(request_of("k")));
    EXPECT_EQ(calls.extend(work), outcome::won);
    EXPECT_EQ(recorded.told_by_the_database(), 2) << "an insertion, an extension";
    EXPECT_TRUE(std::holds_alternative<idempotent_result>(calls.claim(request_of("k"))));
    EXPECT_GT(recorded.told_by_the_database(), 0) << "whether the owner is dead";

    let_pass(recorded.db, std::chrono::seconds{61});
    recorded.forget();
    auto const next = std::get<idempotent_work>(calls.claim(request_of("k")));
    EXPECT_EQ(next.epoch, 2);
    EXPECT_GE(recorded.told_by_the_database(), 2) << "a look, a takeover";

    let_pass(recorded.db, std::chrono::seconds{61});
    recorded.forget();
    EXPECT_EQ(calls.recover("POST /orders", [](idempotent_work const&) {}), 1);
    EXPECT_GE(recorded.told_by_the_database(), 2) << "a look, a takeover";
    EXPECT_EQ(calls.run(request_of("other"), adds_setting("a")).how, idempotent_outcome::executed);
    EXPECT_EQ(purge_idempotency(recorded.db), 0);
    EXPECT_FALSE(recorded.has_bound_a_time());
}

}  // namespace

}  // namespace tiebreak::test
