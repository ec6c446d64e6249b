// What only a server of one's own can be made to do: unsafe settings, a standby that does not
// answer, a shutdown, a crash, a server that takes no writes.
#include "fixture.hpp"
#include "support/private_server.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

namespace tiebreak::postgres {
namespace {

using begin = sql::begin_mode;
using std::chrono::seconds;

class PostgresOwnServer : public testing::Test {
protected:
    void SetUp() override
    {
        if (environment("TIEBREAK_TEST_POSTGRES_URL").empty()) {
            if (environment("TIEBREAK_REQUIRE_ENGINES") == "1")
                FAIL() << "no PostgreSQL server is named, and all are required";
            GTEST_SKIP() << "this machine lacks postgresql: TIEBREAK_TEST_POSTGRES_URL is empty";
        }
        server_ = std::make_unique<test::private_server>("postgresql");
        ASSERT_FALSE(server_->url().empty());
        other_ = std::make_unique<stranger>(server_->url());
        other_->ask("CREATE TABLE counter(id bigint PRIMARY KEY, n bigint NOT NULL)");
        other_->ask("INSERT INTO counter VALUES(1, 0), (2, 0)");
    }

    void stop()
    {
        other_.reset();
        server_->stop();
    }

    void set(std::string const& setting, std::string const& value)
    {
        other_->ask("ALTER SYSTEM SET " + setting + " = '" + value + "'");
        other_->ask("SELECT pg_reload_conf()");
        wait_until("current_setting('" + setting + "') = '" + value + "'");
    }

    void wait_until(std::string const& condition)
    {
        auto const until = in(seconds{20});
        while (other_->ask("SELECT " + condition) != "t") {
            ASSERT_LT(std::chrono::steady_clock::now(), until) << condition;
            std::this_thread::yield();
        }
    }

    [[nodiscard]] std::unique_ptr<sql::engine> engine(std::string const& more = {}) const
    {
        return open_engine(base::parse_url(server_->url() + more), nullptr);
    }

    [[nodiscard]] std::unique_ptr<sql::connection> open(std::string const& more = {}) const
    {
        return engine(more)->open(in(seconds{20}));
    }

    [[nodiscard]] std::string counted()
    {
        return other_->ask("SELECT n FROM counter WHERE id = 1");
    }

    // Runs `call`, and `meanwhile` as soon as its session waits for the standby.
    template <class Call>
    [[nodiscard]] error while_waiting_for_standby(Call&& call, std::string const& meanwhile)
    {
        std::thread meddler([&] {
            wait_until("EXISTS(SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')");
            other_->ask("SELECT " + meanwhile +
                        "(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        });
        auto e = error_of(call);
        meddler.join();
        return e;
    }

    std::unique_ptr<test::private_server> server_;
    std::unique_ptr<stranger> other_;
};

TEST_F(PostgresOwnServer, WithoutFlushesIsRefused)
{
    auto const on = open();
    set("fsync", "off");
    auto const e = error_of([&] { static_cast<void>(open()); });
    EXPECT_EQ(e.code(), errc::unsafe_settings);
    EXPECT_NE(std::string_view{e.what()}.find("fsync is off"), std::string_view::npos);
    set("full_page_writes", "off");
    auto const found = engine()->check(*on);
    for (auto const* part : {"fsync is off", "full_page_writes is off"})
        EXPECT_TRUE(std::ranges::any_of(found, [&](sql::finding const& one) {
            return one.weakens && one.text.find(part) != std::string::npos;
        })) << part;
}

TEST_F(PostgresOwnServer, ACommitThatIsNotReplicatedForSureIsInDoubt)
{
    other_->ask("SET synchronous_commit = off");
    auto const on = open();
    auto const dying = open();
    set("synchronous_standby_names", "nobody");
    // Commits wait once the checkpointer has read it. What is set next shows that the server has
    // told all its processes of the first, and a checkpoint that this one has looked.
    set("work_mem", "5MB");
    other_->ask("CHECKPOINT");
    on->begin(begin::write, isolation::engine_default);
    run(*on, add_one);
    auto const e = while_waiting_for_standby([&] { on->commit(); }, "pg_cancel_backend");
    EXPECT_EQ(e.code(), errc::commit_unknown);
    EXPECT_EQ(e.when(), phase::commit_sent);
    EXPECT_EQ(counted(), "1") << "committed here";
    EXPECT_TRUE(on->alive());

    auto const alone = while_waiting_for_standby([&] { run(*on, add_one); }, "pg_cancel_backend");
    EXPECT_EQ(alone.code(), errc::commit_unknown);
    EXPECT_EQ(alone.when(), phase::commit_sent);

    dying->begin(begin::write, isolation::engine_default);
    run(*dying, add_one);
    auto const ended = while_waiting_for_standby([&] { dying->commit(); }, "pg_terminate_backend");
    EXPECT_EQ(ended.code(), errc::commit_unknown);
    EXPECT_FALSE(dying->alive());
    EXPECT_EQ(counted(), "3");
}

TEST_F(PostgresOwnServer, AShutdownIsUnavailableAndOverWhenItStartsAgain)
{
    auto const idle = open();
    auto const busy = open();
    busy->begin(begin::write, isolation::engine_default);
    run(*busy, add_one);
    stop();
    EXPECT_FALSE(idle->alive());
    EXPECT_EQ(error_of([&] { run(*busy, add_one); }).code(), errc::unavailable);
    busy->rollback();
    auto const e = error_of([&] { static_cast<void>(open()); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_EQ(e.when(), phase::connecting);
    server_->start();
    EXPECT_EQ(number(*open(), "SELECT n FROM counter WHERE id = 1"), 0);
}

TEST_F(PostgresOwnServer, ACrashIsUnavailableInATransactionAndInDoubtAtItsCommit)
{
    auto const victim = open();
    auto const process = static_cast<pid_t>(number(*victim, "SELECT pg_backend_pid()"));
    auto const busy = open();
    auto const committing = open();
    for (auto* one : {busy.get(), committing.get()})
        one->begin(begin::write, isolation::engine_default);
    run(*busy, add_one);
    run(*committing, add_one_to_other);
    if (::kill(process, SIGKILL) != 0)
        GTEST_SKIP() << "this user lacks signals_to_the_server: its processes belong to another";
    // the server ends all sessions, recovers and takes work again
    auto const in_transaction = error_of([&] {
        for (;;)
            run(*busy, "SELECT pg_sleep(0.001)");
    });
    EXPECT_EQ(in_transaction.code(), errc::unavailable) << in_transaction.server_message();
    EXPECT_EQ(error_of([&] { committing->commit(); }).code(), errc::commit_unknown);
    auto const until = in(seconds{20});
    for (std::unique_ptr<sql::connection> again; !again;) {
        try {
            again = open();
            EXPECT_EQ(number(*again, "SELECT sum(n) FROM counter"), 0);
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::unavailable) << e.what() << e.server_message();
            ASSERT_LT(std::chrono::steady_clock::now(), until);
        }
    }
}

TEST_F(PostgresOwnServer, AsAStandbyItTakesReadersThatAskForItAndNoOthers)
{
    stop();
    std::ofstream(server_->data() + "/standby.signal");
    server_->start();
    auto const e = error_of([&] { static_cast<void>(open()); });
    EXPECT_EQ(e.code(), errc::unavailable);
    EXPECT_STREQ(e.what(), "the database server accepts no writing");
    auto const on = open("?target_session_attrs=prefer-standby");
    EXPECT_EQ(number(*on, "SELECT n FROM counter WHERE id = 1"), 0);
    on->begin(begin::write, isolation::engine_default);
    EXPECT_EQ(error_of([&] { run(*on, add_one); }).code(), errc::unavailable);
    on->rollback();
    on->begin(begin::write, isolation::serializable);
    EXPECT_EQ(error_of([&] { number(*on, "SELECT 1"); }).code(), errc::backend_failure);
    EXPECT_FALSE(on->in_transaction()) << "it never began";
    EXPECT_THROW(number(*on, "SELECT 1"), std::logic_error);
    on->rollback();
    EXPECT_EQ(number(*on, "SELECT 1"), 1);
    auto const found = engine()->check(*on);
    EXPECT_TRUE(std::ranges::any_of(found, [](sql::finding const& one) {
        return one.weakens && one.text.find("is a standby") != std::string::npos;
    }));
}

}  // namespace
}  // namespace tiebreak::postgres
