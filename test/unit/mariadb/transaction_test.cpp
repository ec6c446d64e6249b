// Transactions: what is committed, what is not, and what others see meanwhile.
#include <tiebreak/counters.hpp>

#include "fixture.hpp"
#include "support/fault_proxy.hpp"
#include "support/process.hpp"

namespace tiebreak::mariadb {
namespace {

using begin = sql::begin_mode;

class MariaTransaction : public MariaServer {
protected:
    // How many statements the session has sent.
    std::int64_t questions(sql::connection& on)
    {
        auto const question = on.prepare(
            "SELECT CAST(variable_value AS UNSIGNED) FROM information_schema.session_status "
            "WHERE variable_name = 'QUESTIONS'");
        auto const answer = question->first({})[0].integer();
        question->reset();
        return answer;
    }
};

TEST_F(MariaTransaction, KeepsWhatItCommits)
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

TEST_F(MariaTransaction, LeavesNothingWhenItIsRolledBack)
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

TEST_F(MariaTransaction, ThatDidNothingSendsNothing)
{
    auto const on = open();
    auto const before = questions(*on);
    for (int i = 0; i < 3; ++i) {
        on->begin(begin::write, isolation::engine_default);
        on->commit();
        on->begin(begin::write, isolation::serializable);
        on->rollback();
    }
    EXPECT_EQ(questions(*on) - before, 1) << "the question itself";
}

TEST_F(MariaTransaction, BeginIsSentWithTheFirstStatementWhateverThatIs)
{
    make_counter();
    auto const on = open();
    auto const read = on->prepare("SELECT n FROM counter WHERE id = 1");
    for (int i = 0; i < 3; ++i) {
        on->begin(begin::write, isolation::engine_default);
        EXPECT_EQ(read->first({})[0].integer(), i);
        EXPECT_EQ(run(*on, add_one), 1);
        on->commit();
        on->begin(begin::write, isolation::engine_default);
        EXPECT_EQ(error_of([&] { run(*on, "INSERT INTO counter VALUES(1, 1)"); }).code(),
                  errc::already_exists);
        on->rollback();
        on->begin(begin::write, isolation::engine_default);
        run(*on, "SAVEPOINT a");
        EXPECT_EQ(run(*on, add_one_to_other), 1);
        run(*on, "ROLLBACK TO a");
        on->commit();
    }
    EXPECT_EQ(counted(1), "3");
    EXPECT_EQ(counted(2), "0");
}

TEST_F(MariaTransaction, CountsMatchedRowsNotChangedOnes)
{
    make_counter();
    auto const on = open();
    EXPECT_EQ(run(*on, "UPDATE counter SET n = 0"), 2);
    EXPECT_EQ(run(*on, "UPDATE counter SET n = 0 WHERE id = 9"), 0);
    EXPECT_EQ(run(*on, "DELETE FROM counter WHERE id = 9"), 0);
    EXPECT_EQ(run(*on, "SELECT * FROM counter"), 0);
    auto const returning = on->prepare("DELETE FROM counter RETURNING id");
    EXPECT_EQ(returning->execute({}), 2);
}

TEST_F(MariaTransaction, IsReadCommittedUnlessAskedOtherwise)
{
    make_counter();
    auto const on = open();
    auto const seen = [&] { return number(*on, "SELECT n FROM counter WHERE id = 1"); };
    auto const level = [&] { return text_of(*on, "SELECT @@tx_isolation"); };
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(seen(), 0);
    must("UPDATE counter SET n = 1 WHERE id = 1");
    EXPECT_EQ(seen(), 1);
    on->commit();
    on->begin(begin::write, isolation::repeatable_read);
    EXPECT_EQ(seen(), 1);
    must("UPDATE counter SET n = 2 WHERE id = 1");
    EXPECT_EQ(seen(), 1);
    on->commit();
    on->begin(begin::write, isolation::serializable);
    EXPECT_EQ(level(), "SERIALIZABLE");
    on->commit();
    on->begin(begin::write, isolation::read_committed);
    EXPECT_EQ(level(), "READ-COMMITTED");
    on->commit();
}

TEST_F(MariaTransaction, ForReadingSeesOneMomentFromItsBegin)
{
    make_counter();
    auto const on = open();
    on->begin(begin::read, isolation::engine_default);
    must("UPDATE counter SET n = 7");
    EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 1"), 0);
    EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 2"), 0);
    on->rollback();
    EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 1"), 7);
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(text_of(*on, "SELECT @@tx_isolation"), "READ-COMMITTED");
    on->rollback();
}

TEST_F(MariaTransaction, OneInsideAnotherIsMisuse)
{
    auto const on = open();
    EXPECT_THROW(on->commit(), std::logic_error);
    on->begin(begin::write, isolation::engine_default);
    EXPECT_THROW(on->begin(begin::write, isolation::engine_default), std::logic_error);
    run(*on, "SELECT 1");
    EXPECT_THROW(on->begin(begin::read, isolation::engine_default), std::logic_error);
    on->rollback();
    on->rollback();
    EXPECT_THROW(run(*on, "SAVEPOINT a"), std::logic_error);
}

TEST_F(MariaTransaction, ASavepointSurvivesAnError)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    run(*on, "SAVEPOINT a");
    run(*on, add_one_to_other);
    EXPECT_EQ(error_of([&] { run(*on, "INSERT INTO counter VALUES(1, 5)"); }).code(),
              errc::already_exists);
    EXPECT_THROW(run(*on, add_one), std::logic_error);
    run(*on, "ROLLBACK TO a");
    EXPECT_EQ(run(*on, "UPDATE counter SET n = n + 10 WHERE id = 1"), 1);
    run(*on, "RELEASE SAVEPOINT a");
    on->commit();
    EXPECT_EQ(counted(1), "11");
    EXPECT_EQ(counted(2), "0");
}

TEST_F(MariaTransaction, ASavepointThatIsNotThereHelpsNobody)
{
    make_counter();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    EXPECT_EQ(error_of([&] { run(*on, "ROLLBACK TO missing"); }).code(), errc::backend_failure);
    EXPECT_THROW(on->commit(), std::logic_error);
    on->rollback();
    EXPECT_EQ(counted(), "0");
}

TEST_F(MariaTransaction, ALockIsWaitedForUpToItsLimit)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    auto const on = open();
    auto const update = on->prepare(add_one);
    auto const read = on->prepare("SELECT n FROM counter WHERE id = 1 FOR UPDATE");
    auto const plain = on->prepare("SELECT n FROM counter WHERE id = 1");
    for (auto* const each : {update.get(), read.get()}) {
        on->begin(begin::write, isolation::engine_default);
        on->limit_lock_waits(std::chrono::milliseconds{30});
        EXPECT_EQ(plain->first({})[0].integer(), 0) << "waits for nobody";
        auto const start = std::chrono::steady_clock::now();
        auto const e = error_of([&] { each->execute({}); });
        EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{30});
        EXPECT_EQ(e.code(), errc::lock_timeout);
        EXPECT_EQ(e.when(), phase::in_transaction);
        EXPECT_TRUE(names_code(e, ER_STATEMENT_TIMEOUT));
        EXPECT_THROW(on->commit(), std::logic_error);
        on->rollback();
    }
    ASSERT_EQ(other.ask("ROLLBACK"), "");
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(update->execute({}), 1);
    on->limit_lock_waits(std::chrono::milliseconds{2500});
    EXPECT_EQ(update->execute({}), 1);
    EXPECT_EQ(read->first({})[0].integer(), 2);
    EXPECT_EQ(read->column_count(), 1U);
    on->limit_lock_waits(sql::connection::no_limit);
    EXPECT_EQ(update->execute({}), 1);
    on->commit();
    EXPECT_EQ(counted(), "3");
}

TEST_F(MariaTransaction, NotToWaitSaysNothingOfTheWork)
{
    make_counter();
    auto const on = open();
    auto const hold =
        on->prepare("SELECT n, SLEEP(0.05) FROM counter WHERE id = 1 FOR UPDATE NOWAIT");
    auto const write = on->prepare("UPDATE counter SET n = n + 1 + SLEEP(0.05) WHERE id = 1");
    on->begin(begin::write, isolation::engine_default);
    on->limit_lock_waits(std::chrono::milliseconds{0});
    EXPECT_EQ(hold->first({})[0].integer(), 0) << "the row is free, however long it takes";
    EXPECT_EQ(write->execute({}), 1);
    on->commit();
    EXPECT_EQ(counted(), "1");
}

TEST_F(MariaTransaction, NotToWaitEndsAtOnceWhatWouldWait)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    auto const on = open();
    auto const hold = on->prepare("SELECT n FROM counter WHERE id = 1 FOR UPDATE NOWAIT");
    auto const write = on->prepare(add_one);
    auto const write_other = on->prepare(add_one_to_other);
    for (auto* const each : {hold.get(), write.get()}) {
        on->begin(begin::write, isolation::engine_default);
        EXPECT_EQ(write_other->execute({}), 1);
        on->limit_lock_waits(std::chrono::milliseconds{0});
        auto const e = error_of([&] { each->execute({}); });
        on->limit_lock_waits(sql::connection::no_limit);
        EXPECT_EQ(e.code(), errc::lock_timeout);
        EXPECT_TRUE(names_code(e, ER_LOCK_WAIT_TIMEOUT)) << e.server_message();
        EXPECT_TRUE(on->in_transaction());
        EXPECT_THROW(on->commit(), std::logic_error);
        on->rollback();
    }
    ASSERT_EQ(other.ask("COMMIT"), "");
    EXPECT_EQ(counted(1), "50");
    EXPECT_EQ(counted(2), "0");
}

TEST_F(MariaTransaction, AnInsertUnderALimitAnswersItsKey)
{
    must("CREATE TABLE t(id BIGINT AUTO_INCREMENT PRIMARY KEY, a INT UNIQUE)");
    auto const on = open();
    auto const insert = on->prepare("INSERT INTO t(a) VALUES(?)", sql::taken_key::is_passed_over);
    on->limit_lock_waits(std::chrono::milliseconds{500});
    EXPECT_EQ(insert->insert(std::array{integer(1)}), 1);
    EXPECT_EQ(insert->insert(std::array{integer(1)}), std::nullopt);
    EXPECT_EQ(insert->insert(std::array{integer(2)}), 3) << "a key is never given twice";
}

TEST_F(MariaTransaction, AWaitWithoutALockIsReported)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    counters seen;
    auto const engine = open_engine(base::parse_url(url()), &seen);
    auto const on = engine->open(in(std::chrono::seconds{20}));
    on->limit_lock_waits(std::chrono::milliseconds{30});
    EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::lock_timeout);
    EXPECT_GE(seen.time_waited(wait_kind::lock), std::chrono::milliseconds{30});
}

TEST_F(MariaTransaction, AHeldRowIsPassedOver)
{
    make_counter();
    stranger other(url());
    ASSERT_EQ(other.ask("BEGIN"), "");
    ASSERT_EQ(other.ask("UPDATE counter SET n = 50 WHERE id = 1"), "");
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(number(*on, "SELECT MIN(id) FROM (SELECT id FROM counter FOR UPDATE SKIP LOCKED) a"),
              2);
    on->rollback();
}

TEST_F(MariaTransaction, AProcedureMayAnswerWithSeveralResults)
{
    make_counter();
    must("CREATE PROCEDURE both_rows() BEGIN SELECT id, 'x' FROM counter; SELECT 9; END");
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    auto const call = on->prepare("CALL both_rows()");
    for (int i = 0; i < 2; ++i) {
        auto row = call->first({});
        ASSERT_EQ(row.size(), 2U);
        EXPECT_EQ(row[0].integer(), 1);
        EXPECT_EQ(row[1].text(), "x");
        row = call->next();
        ASSERT_EQ(row.size(), 2U);
        EXPECT_EQ(row[0].integer(), 2);
        EXPECT_TRUE(call->next().empty());
    }
    EXPECT_EQ(call->execute({}), 0);
    EXPECT_EQ(run(*on, add_one), 1);
    on->commit();
    EXPECT_EQ(counted(), "1");
}

TEST_F(MariaTransaction, ACommitWhoseAnswerIsLostIsInDoubtWhateverBecameOfIt)
{
    make_counter();
    auto const port =
        static_cast<std::uint16_t>(options_of(base::parse_url(server_), nullptr).servers[0].port);
    test::fault_proxy proxy(port);
    auto const commit_through = [&](test::fault what) {
        auto const on = open_at(proxy.through(url()));
        on->begin(begin::write, isolation::engine_default);
        run(*on, add_one);
        proxy.arm({.when_sent = "COMMIT", .what = what});
        auto const e = error_of([&] { on->commit(); });
        EXPECT_EQ(e.code(), errc::commit_unknown) << e.what();
        EXPECT_EQ(e.when(), phase::commit_sent);
        EXPECT_FALSE(on->alive());
    };
    commit_through(test::fault::drop_reply);
    wait_until("(SELECT n FROM counter WHERE id = 1) = 1");
    commit_through(test::fault::stop);
    EXPECT_EQ(counted(), "1");
}

// BEGIN and the statement behind it leave together, so the server may refuse the one and run the
// other, which then commits on its own.
TEST_F(MariaTransaction, AWriteThatRanWithoutItsBeginIsInDoubt)
{
    make_counter();
    auto const port =
        static_cast<std::uint16_t>(options_of(base::parse_url(server_), nullptr).servers[0].port);
    test::fault_proxy proxy(port);
    auto const on = open_at(proxy.through(url()));
    auto const read = on->prepare("SELECT n FROM counter WHERE id = 1");
    auto const write = on->prepare(add_one);
    on->begin(begin::write, isolation::engine_default);
    proxy.arm({.when_sent = "START", .what = test::fault::misspell});
    auto const e = error_of([&] { write->execute({}); });
    EXPECT_EQ(e.code(), errc::commit_unknown) << e.what();
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_THROW(write->execute({}), std::logic_error);
    EXPECT_THROW(on->commit(), std::logic_error);
    on->rollback();
    EXPECT_EQ(counted(), "1");

    on->begin(begin::write, isolation::engine_default);
    proxy.arm({.when_sent = "START", .what = test::fault::misspell});
    EXPECT_EQ(error_of([&] { (void)read->first({}); }).code(), errc::backend_failure)
        << "a read leaves nothing behind";
    on->rollback();
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(write->execute({}), 1);
    on->rollback();
    EXPECT_EQ(counted(), "1");
    EXPECT_EQ(proxy.fired(), 2);
}

TEST_F(MariaTransaction, AConnectionLeftBehindByForkIsRefusedInTheChildAndGoesOnInTheParent)
{
    make_counter();
    // the thread that watches deadlines has started: a fork in the midst of that would leave the
    // sanitizer's locks held in the child
    {
        auto const late = open();
        auto const sleep = late->prepare("SELECT SLEEP(100), COUNT(*) FROM seq_1_to_2");
        late->set_deadline(in(std::chrono::milliseconds{20}));
        EXPECT_EQ(error_of([&] { static_cast<void>(sleep->first({})); }).code(),
                  errc::deadline_exceeded);
    }
    auto on = open();
    auto statement = on->prepare(add_one);
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(statement->execute({}), 1);
    EXPECT_EQ(test::run_in_process([&] {
                  EXPECT_FALSE(on->alive());
                  EXPECT_THROW(statement->execute({}), std::logic_error);
                  EXPECT_THROW(on->commit(), std::logic_error);
                  EXPECT_THROW(static_cast<void>(on->prepare("SELECT 1")), std::logic_error);
                  on->rollback();
                  statement.reset();
                  on.reset();
                  if (!test::may_have_threads_after_fork)
                      return 7;
                  auto const own = open();
                  own->set_deadline(in(std::chrono::seconds{20}));
                  return static_cast<int>(number(*own, "SELECT 7"));
              }),
              7);
    EXPECT_EQ(statement->execute({}), 1);
    on->commit();
    EXPECT_EQ(counted(), "2");
}

}  // namespace
}  // namespace tiebreak::mariadb
