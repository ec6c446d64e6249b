// Waiting: for rows that others hold, for statements that take long, for a server that says
// nothing. Every wait ends, and what waited is told apart.
#include <tiebreak/counters.hpp>

#include "fixture.hpp"
#include "support/fault_proxy.hpp"

#include <csignal>
#include <fstream>

namespace tiebreak::postgres {
namespace {

using begin = sql::begin_mode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class PostgresWaiting : public PostgresServer {
protected:
    // Holds the first row until the end of the test.
    void hold_row()
    {
        make_counter();
        holder_ = std::make_unique<stranger>(url());
        holder_->ask("BEGIN");
        holder_->ask(std::string{add_one});
    }

    void TearDown() override
    {
        holder_.reset();
        PostgresServer::TearDown();
    }

    std::unique_ptr<stranger> holder_;
};

TEST_F(PostgresWaiting, ALimitedWaitForARowEndsAsALockTimeout)
{
    counters seen;
    watcher_ = &seen;
    hold_row();
    auto const on = open();
    for (int i = 0; i < 2; ++i) {  // the limit is set anew in each transaction
        on->begin(begin::write, isolation::engine_default);
        EXPECT_EQ(run(*on, add_one_to_other), 1);
        on->limit_lock_waits(milliseconds{20});
        auto const start = steady_clock::now();
        auto const e = error_of([&] { run(*on, add_one); });
        EXPECT_GE(steady_clock::now() - start, milliseconds{19});
        EXPECT_EQ(e.code(), errc::lock_timeout);
        EXPECT_TRUE(names_code(e, "55P03"));
        EXPECT_EQ(e.when(), phase::in_transaction);
        on->rollback();
    }
    EXPECT_GE(seen.time_waited(wait_kind::lock), milliseconds{38});
    holder_->ask("COMMIT");
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(run(*on, add_one), 1);
    on->commit();
    EXPECT_EQ(counted(1), "2");
    EXPECT_EQ(counted(2), "0");
}

TEST_F(PostgresWaiting, ALimitOfNothingStillEnds)
{
    hold_row();
    auto const on = open();
    on->limit_lock_waits(milliseconds{0});
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::lock_timeout);
    on->rollback();
}

TEST_F(PostgresWaiting, NotToWaitSaysNothingOfTheWork)
{
    make_counter();
    auto const on = open();
    on->limit_lock_waits(milliseconds{0});
    on->begin(begin::write, isolation::engine_default);
    auto const hold = on->prepare("SELECT n FROM counter, pg_sleep(0.05) WHERE id = 1 "
                                  "FOR NO KEY UPDATE OF counter NOWAIT");
    EXPECT_EQ(hold->first({})[0].integer(), 0) << "the row is free, however long it takes";
    on->commit();
}

TEST_F(PostgresWaiting, TheLimitHoldsForStatementsOnTheirOwn)
{
    hold_row();
    auto const on = open();
    on->limit_lock_waits(milliseconds{20});
    EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::lock_timeout);
    on->limit_lock_waits(sql::connection::no_limit);
    EXPECT_EQ(text_of(*on, "SELECT current_setting('lock_timeout')"), "0");
}

TEST_F(PostgresWaiting, ALimitSetAfterASavepointIsSetAgainAfterGoingBackToIt)
{
    hold_row();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, "SAVEPOINT s");
    on->limit_lock_waits(milliseconds{20});
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::lock_timeout);
        EXPECT_TRUE(on->in_transaction());
        EXPECT_THROW(run(*on, "SELECT 1"), std::logic_error);
        run(*on, "ROLLBACK TO s");
    }
    EXPECT_EQ(run(*on, add_one_to_other), 1);
    on->commit();
    EXPECT_EQ(counted(2), "1");
}

TEST_F(PostgresWaiting, LiftingTheLimitLetsItWaitAgain)
{
    hold_row();
    auto const on = open();
    auto const process = process_of(*on);
    on->begin(begin::write, isolation::engine_default);
    on->limit_lock_waits(milliseconds{1});
    run(*on, add_one_to_other);
    on->limit_lock_waits(sql::connection::no_limit);
    std::thread release([&] {
        stranger other(url());
        while (other.ask("SELECT EXISTS(SELECT FROM pg_locks WHERE NOT granted AND pid = " +
                         process + ")") != "t")
            std::this_thread::yield();
        holder_->ask("COMMIT");
    });
    EXPECT_EQ(run(*on, add_one), 1);
    release.join();
    on->commit();
}

TEST_F(PostgresWaiting, AHeldRowIsRefusedOrPassedOverWhenAsked)
{
    hold_row();
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(number(*on, "SELECT id FROM counter ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"), 2);
    auto const e =
        error_of([&] { run(*on, "SELECT id FROM counter WHERE id = 1 FOR SHARE NOWAIT"); });
    EXPECT_EQ(e.code(), errc::lock_timeout);
    on->rollback();
}

TEST_F(PostgresWaiting, AWaitForARowEndsAsALockTimeoutBeforeTheDeadline)
{
    hold_row();
    auto const on = open();
    auto const until = in(milliseconds{60});
    on->set_deadline(until);
    on->begin(begin::write, isolation::engine_default);
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::lock_timeout) << e.server_message();
    EXPECT_LT(steady_clock::now(), until + seconds{1});
    on->rollback();
    EXPECT_TRUE(on->alive());
}

TEST_F(PostgresWaiting, AStatementPastTheDeadlineIsEndedAndTheConnectionLives)
{
    auto const on = open();
    auto const process = process_of(*on);
    on->begin(begin::write, isolation::engine_default);
    number(*on, "SELECT 1");
    on->set_deadline(in(milliseconds{30}));
    auto const e = error_of([&] { run(*on, "SELECT pg_sleep(60)"); });
    EXPECT_EQ(e.code(), errc::deadline_exceeded);
    EXPECT_TRUE(names_code(e, "57014"));
    EXPECT_TRUE(on->in_transaction());
    on->rollback();
    on->set_deadline(sql::deadline::max());
    EXPECT_TRUE(on->alive());
    EXPECT_EQ(process_of(*on), process);
}

TEST_F(PostgresWaiting, AWriteOnItsOwnPastTheDeadlineIsSurelyNotCommitted)
{
    hold_row();
    auto const on = open();
    on->set_deadline(in(milliseconds{30}));
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::lock_timeout);
    EXPECT_EQ(e.when(), phase::in_transaction);
    holder_->ask("ROLLBACK");
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresWaiting, NothingIsSentAfterTheDeadline)
{
    make_counter();
    auto const on = open();
    auto const change = on->prepare(add_one);
    on->set_deadline(in(milliseconds{-1}));
    EXPECT_EQ(error_of([&] { change->execute({}); }).code(), errc::deadline_exceeded);
    EXPECT_TRUE(on->alive());
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresWaiting, ACommitIsNotCutShortByTheDeadline)
{
    ask("CREATE TABLE t(a int)");
    ask("CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_sleep(0.1); RETURN NULL; END $$");
    ask("CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION slowly()");
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, "INSERT INTO t VALUES(1)");
    on->set_deadline(in(milliseconds{10}));
    on->commit();
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "1");
}

// Stops what a server's process does, as a machine that hangs would.
class stopped_process {
public:
    explicit stopped_process(std::string const& number) : number_(std::stoi(number))
    {
        works_ = ::kill(number_, SIGSTOP) == 0;
        while (works_ && !is_stopped())
            std::this_thread::yield();
    }

    stopped_process(stopped_process const&) = delete;
    stopped_process& operator=(stopped_process const&) = delete;

    ~stopped_process() { ::kill(number_, SIGCONT); }

    [[nodiscard]] bool works() const noexcept { return works_; }

private:
    [[nodiscard]] bool is_stopped() const
    {
        std::ifstream stat("/proc/" + std::to_string(number_) + "/stat");
        std::string word;
        stat >> word >> word >> word;
        return word == "T";
    }

    pid_t number_;
    bool works_ = false;
};

TEST_F(PostgresWaiting, AServerThatDoesNotAnswerACancelIsGivenUp)
{
    make_counter();
    auto const on = open();
    auto const change = on->prepare(add_one);
    on->begin(begin::write, isolation::engine_default);
    change->execute({});
    {
        stopped_process const session(process_of(*on));
        if (!session.works())
            GTEST_SKIP()
                << "this user lacks signals_to_the_server: its processes belong to another";
        on->set_deadline(in(milliseconds{30}));
        auto const start = steady_clock::now();
        auto const e = error_of([&] { change->execute({}); });
        EXPECT_EQ(e.code(), errc::deadline_exceeded);
        EXPECT_LT(steady_clock::now() - start, seconds{8});
        EXPECT_FALSE(on->alive());
        EXPECT_FALSE(on->in_transaction());
        on->rollback();
        EXPECT_EQ(error_of([&] { change->execute({}); }).code(), errc::unavailable);
    }
    EXPECT_EQ(counted(), "0");
}

}  // namespace
}  // namespace tiebreak::postgres
