// Transactions: what is committed, what is not, and what travels when.
#include "fixture.hpp"

namespace tiebreak::postgres {
namespace {

using begin = sql::begin_mode;

class PostgresTransaction : public PostgresServer {};

TEST_F(PostgresTransaction, KeepsWhatItCommits)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    EXPECT_TRUE(on->in_transaction());
    EXPECT_EQ(run(*on, add_one), 1);
    EXPECT_EQ(counted(), "0");
    on->commit();
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(counted(), "1");
}

TEST_F(PostgresTransaction, LeavesNothingWhenItIsRolledBack)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(run(*on, add_one), 1);
    on->rollback();
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(counted(), "0");
    EXPECT_EQ(run(*on, add_one), 1);
    EXPECT_EQ(counted(), "1");
}

TEST_F(PostgresTransaction, AFailedOneAcceptsNothingButItsEnd)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    EXPECT_EQ(error_of([&] { run(*on, "INSERT INTO counter VALUES(1, 5)"); }).code(),
              errc::already_exists);
    EXPECT_TRUE(on->in_transaction());
    EXPECT_THROW(run(*on, add_one), std::logic_error);
    EXPECT_THROW(on->begin(begin::write, isolation::engine_default), std::logic_error);
    on->rollback();
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresTransaction, CommittingAFailedOneIsARollbackAndSaysSo)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    EXPECT_EQ(error_of([&] { run(*on, "INSERT INTO counter VALUES(1, 5)"); }).code(),
              errc::already_exists);
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(e.code(), errc::transaction_aborted);
    EXPECT_TRUE(names_code(e, "25P02"));
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(counted(), "0");
    EXPECT_EQ(run(*on, add_one), 1);
}

}  // namespace
}  // namespace tiebreak::postgres
