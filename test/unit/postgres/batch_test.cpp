// Batches: many statements in one round trip, each with an answer of its own.
#include "fixture.hpp"

#include <functional>
#include <vector>

namespace tiebreak::postgres {
namespace {

using begin = sql::begin_mode;

// Changes the rows 1 to `count`; row number `stale` is asked for a version that it does not have.
class updates final : public sql::step_source {
public:
    updates(sql::statement& of, int count, int stale = 0) : of_(of), count_(count), stale_(stale) {}

    bool next(sql::step& to_fill) override
    {
        if (++sent_ > count_)
            return false;
        if (before_next)
            before_next(sent_);
        parameters_ = {integer(sent_), integer(sent_ == stale_ ? 7 : 1), text(load)};
        to_fill = {&of_, parameters_};
        return true;
    }

    void matched(std::int64_t rows) override
    {
        answers.push_back(rows);
        if (rows == 0)
            throw std::out_of_range(std::to_string(answers.size()));
    }

    void matched_too_few(std::size_t) override { FAIL() << "this engine counts each"; }

    std::vector<std::int64_t> answers;
    std::function<void(int)> before_next;
    std::string load = "x";

private:
    sql::statement& of_;
    int count_;
    int stale_;
    int sent_ = 0;
    std::array<value, 3> parameters_;
};

class PostgresBatch : public PostgresServer {
protected:
    void SetUp() override
    {
        PostgresServer::SetUp();
        if (IsSkipped())
            return;
        ask("CREATE TABLE t(id bigint PRIMARY KEY, version bigint NOT NULL, a text)");
        ask("INSERT INTO t SELECT i, 1 FROM generate_series(1, 1000) i");
        on_ = open();
        on_->set_deadline(in(std::chrono::seconds{60}));
        change_ = on_->prepare("UPDATE t SET version = version + 1, a = $3 WHERE id = $1 AND "
                               "version = $2");
    }

    void TearDown() override
    {
        change_.reset();
        on_.reset();
        PostgresServer::TearDown();
    }

    [[nodiscard]] std::string changed() { return ask("SELECT count(*) FROM t WHERE version = 2"); }

    std::unique_ptr<sql::connection> on_;
    std::unique_ptr<sql::statement> change_;
};

TEST_F(PostgresBatch, AnswersEachStepInOrder)
{
    updates source(*change_, 1000);
    on_->begin(begin::write, isolation::engine_default);
    on_->run(source);
    EXPECT_EQ(source.answers, std::vector<std::int64_t>(1000, 1));
    EXPECT_EQ(changed(), "0");
    on_->commit();
    EXPECT_EQ(changed(), "1000");
}

TEST_F(PostgresBatch, OneStaleStepInTheMiddleCommitsNothing)
{
    updates source(*change_, 1000, 500);
    on_->begin(begin::write, isolation::engine_default);
    EXPECT_THROW(on_->run(source), std::out_of_range);
    EXPECT_EQ(source.answers.size(), 500U) << "nothing is answered after the one that threw";
    EXPECT_TRUE(on_->in_transaction());
    on_->rollback();
    EXPECT_EQ(changed(), "0");
    updates again(*change_, 1000);
    on_->begin(begin::write, isolation::engine_default);
    on_->run(again);
    on_->commit();
    EXPECT_EQ(changed(), "1000");
}

TEST_F(PostgresBatch, MoreThanAllBuffersHoldPassesThrough)
{
    updates source(*change_, 1000);
    source.load = std::string(100'000, 'x');  // 100 MB
    on_->begin(begin::write, isolation::engine_default);
    on_->run(source);
    on_->rollback();
    EXPECT_EQ(source.answers.size(), 1000U);
}

TEST_F(PostgresBatch, MoreAnswersThanAllBuffersHoldPassThrough)
{
    auto const select = on_->prepare("SELECT repeat('x', 10000) FROM t WHERE id <> $1 AND "
                                     "id <> $2 AND $3 <> '' LIMIT 100");
    updates source(*select, 200);  // 200 MB come back
    on_->begin(begin::write, isolation::engine_default);
    on_->run(source);
    on_->commit();
    EXPECT_EQ(source.answers, std::vector<std::int64_t>(200, 100));
}

TEST_F(PostgresBatch, AnErrorInTheMiddleIsThatOfItsStep)
{
    ask("ALTER TABLE t ADD CONSTRAINT c CHECK (id <> 700 OR version < 2)");
    updates source(*change_, 1000);
    on_->begin(begin::write, isolation::engine_default);
    auto const e = error_of([&] { on_->run(source); });
    EXPECT_EQ(e.code(), errc::constraint_violated);
    EXPECT_TRUE(names_code(e, "23514"));
    EXPECT_LE(source.answers.size(), 699U);
    EXPECT_TRUE(on_->in_transaction());
    on_->rollback();
    EXPECT_EQ(changed(), "0");
}

TEST_F(PostgresBatch, AnExceptionOfTheSourceEndsIt)
{
    for (int const at : {1, 2, 600}) {
        updates source(*change_, 1000);
        source.before_next = [&](int number) {
            if (number == at)
                throw std::domain_error("enough");
        };
        on_->begin(begin::write, isolation::engine_default);
        EXPECT_THROW(on_->run(source), std::domain_error);
        EXPECT_TRUE(on_->in_transaction());
        on_->rollback();
        EXPECT_EQ(changed(), "0");
    }
    EXPECT_TRUE(on_->alive());
}

TEST_F(PostgresBatch, AStepMayUseAStatementThatWasPreparedMeanwhile)
{
    updates source(*change_, 100);
    std::unique_ptr<sql::statement> late;
    source.before_next = [&](int number) {
        if (number == 50)
            run(*open(), "SELECT 1");  // another connection may be used
    };
    on_->begin(begin::write, isolation::engine_default);
    on_->run(source);
    on_->commit();
    EXPECT_EQ(changed(), "100");
}

TEST_F(PostgresBatch, StatementsThatTheServerForgotArePreparedAnew)
{
    run(*on_, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
    updates source(*change_, 100);
    on_->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(error_of([&] { on_->run(source); }).code(), errc::transaction_aborted);
    on_->rollback();
    updates again(*change_, 100);
    on_->begin(begin::write, isolation::engine_default);
    on_->run(again);
    on_->commit();
    EXPECT_EQ(changed(), "100");
}

TEST_F(PostgresBatch, WaitsForALockNoLongerThanItsLimit)
{
    stranger holder(url());
    holder.ask("BEGIN");
    holder.ask("SELECT id FROM t WHERE id = 700 FOR UPDATE");
    on_->limit_lock_waits(std::chrono::milliseconds{20});
    updates source(*change_, 1000);
    on_->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(error_of([&] { on_->run(source); }).code(), errc::lock_timeout);
    on_->rollback();
    EXPECT_EQ(changed(), "0");
}

TEST_F(PostgresBatch, EndsAtTheDeadline)
{
    auto const slow = on_->prepare("SELECT pg_sleep(0.01) WHERE $1::bigint + $2::bigint > 0 AND "
                                   "$3 <> ''");
    on_->set_deadline(in(std::chrono::milliseconds{50}));
    updates source(*slow, 1000);
    on_->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(error_of([&] { on_->run(source); }).code(), errc::deadline_exceeded);
    on_->rollback();
    EXPECT_TRUE(on_->alive());
}

TEST_F(PostgresBatch, OfNoStepsIsNothing)
{
    updates source(*change_, 0);
    on_->begin(begin::write, isolation::engine_default);
    on_->run(source);
    on_->commit();
    EXPECT_TRUE(source.answers.empty());
}

TEST_F(PostgresBatch, OutsideATransactionEachStepCommitsOnItsOwn)
{
    updates source(*change_, 10, 5);
    EXPECT_THROW(on_->run(source), std::out_of_range);
    EXPECT_EQ(changed(), "4");
}

}  // namespace
}  // namespace tiebreak::postgres
