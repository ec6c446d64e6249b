// A connection that ends: while idle, inside the transaction, under COMMIT. What was surely not
// committed is told from what nobody knows.
#include "fixture.hpp"
#include "support/fault_proxy.hpp"

#include <sys/wait.h>

namespace tiebreak::postgres {
namespace {

using begin = sql::begin_mode;
using test::fault;

class PostgresLostConnection : public PostgresServer {
protected:
    void SetUp() override
    {
        PostgresServer::SetUp();
        if (IsSkipped())
            return;
        make_counter();
        proxy_ = std::make_unique<test::fault_proxy>(port());
    }

    [[nodiscard]] std::unique_ptr<sql::connection> open_through_proxy()
    {
        // without TLS, so that the proxy can read what is sent
        return open_engine(base::parse_url(proxy_->through(url("sslmode=disable"))), nullptr)
            ->open(in(std::chrono::seconds{20}));
    }

    std::unique_ptr<test::fault_proxy> proxy_;
};

TEST_F(PostgresLostConnection, WhileIdleIsNoticedBeforeAnythingBegins)
{
    auto const on = open();
    EXPECT_TRUE(on->alive());
    terminate(process_of(*on));
    EXPECT_FALSE(on->alive());
    EXPECT_FALSE(on->alive());
}

TEST_F(PostgresLostConnection, WhileIdleAndUnnoticedIsUnavailable)
{
    auto const on = open();
    auto const change = on->prepare(add_one);
    terminate(process_of(*on));
    on->begin(begin::write, isolation::engine_default);
    auto const e = error_of([&] { change->execute({}); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_EQ(e.when(), phase::in_transaction);
    EXPECT_TRUE(names_code(e, "57P01")) << e.server_message();
    EXPECT_FALSE(on->in_transaction());
    on->rollback();
    EXPECT_FALSE(on->alive());
    EXPECT_EQ(error_of([&] { on->begin(begin::write, isolation::engine_default); }).code(),
              errc::unavailable);
}

TEST_F(PostgresLostConnection, InsideTheTransactionIsUnavailableAndNothingIsCommitted)
{
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    terminate(process_of(*on));
    auto const e = error_of([&] { run(*on, add_one); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_EQ(e.when(), phase::in_transaction);
    on->rollback();
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresLostConnection, UnderAStatementIsUnavailable)
{
    auto const on = open();
    auto const process = process_of(*on);
    ask("SELECT pg_advisory_lock(78)");
    std::thread ender([&] {
        stranger other(url());
        while (other.ask("SELECT EXISTS(SELECT FROM pg_locks WHERE NOT granted AND pid = " +
                         process + ")") != "t")
            std::this_thread::yield();
        other.ask("SELECT pg_terminate_backend(" + process + ")");
    });
    on->begin(begin::write, isolation::engine_default);
    auto const e = error_of([&] { run(*on, "SELECT pg_advisory_lock(78)"); });
    ender.join();
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_TRUE(names_code(e, "57P01"));
}

TEST_F(PostgresLostConnection, WhenTheSessionIsEndedBeforeItsCommitNobodyKnows)
{
    auto const on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    terminate(process_of(*on));
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_FALSE(on->in_transaction());
    EXPECT_FALSE(on->alive());
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresLostConnection, ACommitThatNeverArrivedIsInDoubt)
{
    auto const on = open_through_proxy();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    proxy_->arm({.when_sent = "COMMIT", .what = fault::stop});
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(proxy_->fired(), 1);
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_FALSE(on->alive());
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresLostConnection, ACommitWhoseAnswerWasLostIsInDoubt)
{
    auto const on = open_through_proxy();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    proxy_->arm({.when_sent = "COMMIT", .what = fault::drop_reply});
    auto const e = error_of([&] { on->commit(); });
    EXPECT_EQ(e.code(), errc::commit_unknown);
    wait_until("(SELECT n FROM counter WHERE id = 1) = 1");
}

// ParseComplete, BindComplete, NoData, CommandComplete "COMMIT", ReadyForQuery: the tag begins at
// byte 20 and ends at byte 27.
TEST_F(PostgresLostConnection, AnAnswerCutBeforeTheEndOfTheTagIsInDoubt)
{
    for (std::size_t const bytes : {0U, 1U, 10U, 15U, 20U, 26U}) {
        auto const on = open_through_proxy();
        on->begin(begin::write, isolation::engine_default);
        run(*on, add_one);
        proxy_->arm({.when_sent = "COMMIT", .what = fault::cut_reply, .bytes = bytes});
        EXPECT_EQ(error_of([&] { on->commit(); }).code(), errc::commit_unknown) << bytes;
    }
    wait_until("(SELECT n FROM counter WHERE id = 1) = 6");
}

TEST_F(PostgresLostConnection, AnAnswerCutAfterTheTagIsACommit)
{
    for (std::size_t const bytes : {27U, 28U, 31U}) {
        auto const on = open_through_proxy();
        on->begin(begin::write, isolation::engine_default);
        run(*on, add_one);
        proxy_->arm({.when_sent = "COMMIT", .what = fault::cut_reply, .bytes = bytes});
        EXPECT_NO_THROW(on->commit()) << bytes;
        EXPECT_FALSE(on->alive());
    }
    EXPECT_EQ(counted(), "3");
}

TEST_F(PostgresLostConnection, AWriteOnItsOwnWhoseAnswerWasLostIsInDoubt)
{
    auto const on = open_through_proxy();
    auto const change = on->prepare(add_one);
    proxy_->arm({.when_sent = "tiebreak_1", .what = fault::drop_reply});
    auto const e = error_of([&] { change->execute({}); });
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
    wait_until("(SELECT n FROM counter WHERE id = 1) = 1");
}

TEST_F(PostgresLostConnection, AReadOnItsOwnWhoseAnswerWasLostIsUnavailable)
{
    auto const on = open_through_proxy();
    auto const find = on->prepare("SELECT n FROM counter");
    proxy_->arm({.when_sent = "tiebreak_1", .what = fault::drop_reply});
    auto const e = error_of([&] { static_cast<void>(find->first({})); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_NE(e.when(), phase::commit_sent);
}

TEST_F(PostgresLostConnection, ARollbackThatIsLostLeavesABrokenConnection)
{
    auto const on = open_through_proxy();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    proxy_->arm({.when_sent = "ROLLBACK", .what = fault::stop});
    on->rollback();
    EXPECT_FALSE(on->alive());
    EXPECT_FALSE(on->in_transaction());
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresLostConnection, IsNoticedWhileABatchIsSent)
{
    auto const on = open_through_proxy();
    auto const change = on->prepare(add_one);
    on->begin(begin::write, isolation::engine_default);
    proxy_->arm({.when_sent = "tiebreak_1", .what = fault::stop});

    class many final : public sql::step_source {
    public:
        explicit many(sql::statement& of) : of_(of) {}

        bool next(sql::step& to_fill) override
        {
            to_fill = {&of_, {}};
            return ++number_ <= 10'000;
        }

        void matched(std::int64_t) override {}

        void matched_too_few(std::size_t) override {}

    private:
        sql::statement& of_;
        int number_ = 0;
    } source(*change);

    auto const e = error_of([&] { on->run(source); });
    EXPECT_EQ(e.code(), errc::unavailable);
    on->rollback();
    EXPECT_EQ(counted(), "0");
}

TEST_F(PostgresLostConnection, AChildOfForkIsRefusedAndTheParentGoesOn)
{
    auto on = open();
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    auto const child = ::fork();
    if (child == 0) {
        int refused = 0;
        try {
            run(*on, add_one);
        } catch (std::logic_error const&) {
            refused = on->alive() ? 0 : 1;
        }
        on.reset();  // says nothing to the server
        ::_exit(refused);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 1);
    on->commit();
    EXPECT_EQ(counted(), "1");
}

}  // namespace
}  // namespace tiebreak::postgres
