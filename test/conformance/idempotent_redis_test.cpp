// Redis beside the database: it spares work and never decides. Lost, flushed, paused, killed, full
// or lying, there is one effect and the one answer.
#include <tiebreak/redis.hpp>

#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/idempotent.hpp"
#include "support/redis_server.hpp"

#include <future>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class IdempotentRedis : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        TIEBREAK_NEEDS_REDIS();
        server_ = std::make_unique<redis_server>();
        redis_ = std::make_unique<redis>(
            server_->url(),
            redis_options{.connect_timeout = seconds{5}, .command_timeout = seconds{5}});
        install(db());
        create_shop(db());
        calls_ = std::make_unique<idempotency>(db(), with_redis());
    }

    void TearDown() override
    {
        calls_.reset();
        redis_.reset();
        server_.reset();
        engine_test::TearDown();
    }

    [[nodiscard]] idempotency_options with_redis() const
    {
        return {.wait = milliseconds{200}, .early = redis_.get()};
    }

    [[nodiscard]] idempotency const& calls() const { return *calls_; }

    [[nodiscard]] std::vector<std::string> entries() const
    {
        std::vector<std::string> names;
        auto text = server_->command({"KEYS", "*"});
        for (std::size_t at = 0; at < text.size();) {
            auto const end = std::min(text.find('\n', at), text.size());
            names.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        return names;
    }

    // The first call, and one effect.
    void execute(std::string const& key)
    {
        EXPECT_EQ(calls().run(request_of(key), adds_setting(key)).how,
                  idempotent_outcome::executed);
    }

    void expect_replay(std::string const& key)
    {
        auto const again = calls().run(request_of(key), must_not_run());
        EXPECT_EQ(again.how, idempotent_outcome::replayed);
        EXPECT_EQ(again.answer, answer_of(key));
        EXPECT_TRUE(is_stored<setting>(db(), key));
    }

    captured_log log_;
    std::unique_ptr<redis_server> server_;
    std::unique_ptr<redis> redis_;
    std::unique_ptr<idempotency> calls_;
};

TEST_P(IdempotentRedis, RemembersTheAnswerWithATimeLimit)
{
    execute("a");
    auto const names = entries();
    ASSERT_EQ(names.size(), 1U);
    EXPECT_TRUE(names.front().starts_with("tiebreak:answer:"));
    auto const lasts = std::stoll(server_->command({"PTTL", names.front()}));
    EXPECT_GT(lasts, 0);
    EXPECT_LE(lasts, 120'000);
    expect_replay("a");
}

TEST_P(IdempotentRedis, SparesTheDatabaseTheAnswersBody)
{
    execute("a");
    db().transact([&](unit_of_work& work) {
        work.execute("UPDATE tiebreak_idempotency SET headers = " + placeholder(db(), 1),
                     "content-type: spoiled\n");
    });
    expect_replay("a");
}

TEST_P(IdempotentRedis, RefusesAnotherRequestOnlyAfterAskingTheDatabase)
{
    execute("a");
    EXPECT_EQ(calls().run(request_of("a", "other"), must_not_run()).how,
              idempotent_outcome::reused);
    db().execute("DELETE FROM tiebreak_idempotency");
    EXPECT_EQ(calls().run(request_of("a", "other"), adds_setting("other")).how,
              idempotent_outcome::executed);
}

TEST_P(IdempotentRedis, DoesNotRepeatAnAnswerThatTheDatabaseDoesNotHave)
{
    execute("a");
    db().execute("DELETE FROM tiebreak_idempotency");
    db().execute("DELETE FROM settings");
    execute("a");
    expect_replay("a");
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentRedis, DoesNotRepeatTheAnswerOfAnotherHistory)
{
    execute("a");
    auto const name = entries().front();
    server_->command({"RENAME", name, "kept"});
    db().execute("DELETE FROM tiebreak_idempotency");
    EXPECT_EQ(calls()
                  .run(request_of("a"),
                       [](unit_of_work&) { return keep(answer_of("of the second history")); })
                  .how,
              idempotent_outcome::executed);
    server_->command({"RENAME", "kept", name});
    EXPECT_EQ(calls().run(request_of("a"), must_not_run()).answer,
              answer_of("of the second history"));
}

TEST_P(IdempotentRedis, FlushedOrEvictedLosesNothingAndIsFilledAgain)
{
    execute("a");
    server_->command({"FLUSHALL"});
    expect_replay("a");
    EXPECT_EQ(entries().size(), 1U);
    expect_replay("a");
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentRedis, FlushedInTheMiddleOfTheWorkChangesNothing)
{
    auto const result = calls().run(request_of("a"), [&](unit_of_work& work) {
        work.insert(setting{.name = "a"});
        server_->command({"FLUSHALL"});
        return keep(answer_of("a"));
    });
    EXPECT_EQ(result.how, idempotent_outcome::executed);
    expect_replay("a");
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentRedis, KilledInTheMiddleOfTheWorkChangesNothing)
{
    auto const result = calls().run(request_of("a"), [&](unit_of_work& work) {
        work.insert(setting{.name = "a"});
        server_->kill();
        return keep(answer_of("a"));
    });
    EXPECT_EQ(result.how, idempotent_outcome::executed);
    expect_replay("a");
    execute("b");
    server_->start_again();
    expect_replay("a");
    expect_replay("b");
    EXPECT_EQ(rows_of<setting>(db()), 2);
}

TEST_P(IdempotentRedis, ThatIsDownIsLeftAloneAfterAFewFailures)
{
    server_->kill();
    for (int i = 0; i < 10; ++i)
        execute(std::to_string(i));
    EXPECT_TRUE(redis_->resting());
    EXPECT_FALSE(redis_->ping());
    for (int i = 0; i < 10; ++i)
        expect_replay(std::to_string(i));
    server_->start_again();
    EXPECT_TRUE(redis_->ping());
    EXPECT_FALSE(redis_->resting());
    expect_replay("1");
    EXPECT_EQ(entries().size(), 1U);
}

TEST_P(IdempotentRedis, ThatHangsIsWaitedForNoLongerThanItsTimeout)
{
    redis const brisk(server_->url(),
                      {.connect_timeout = milliseconds{20}, .command_timeout = milliseconds{20}});
    idempotency const with_brisk(db(), {.early = &brisk});
    EXPECT_TRUE(brisk.ping());
    server_->pause();
    for (int i = 0; i < 5; ++i) {
        auto const key = std::to_string(i);
        EXPECT_EQ(with_brisk.run(request_of(key), adds_setting(key)).how,
                  idempotent_outcome::executed);
        EXPECT_EQ(with_brisk.run(request_of(key), must_not_run()).answer, answer_of(key));
    }
    EXPECT_TRUE(brisk.resting());
    server_->go_on();
    EXPECT_EQ(rows_of<setting>(db()), 5);
}

TEST_P(IdempotentRedis, ThatIsFullIsNoHelpAndNoHarm)
{
    server_->command({"CONFIG", "SET", "maxmemory", "1"});
    server_->command({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
    execute("a");
    expect_replay("a");
    EXPECT_TRUE(entries().empty());
}

TEST_P(IdempotentRedis, ThatHoldsNonsenseIsNotBelieved)
{
    execute("a");
    auto const name = entries().front();
    for (auto const& nonsense : {std::vector<std::string>{"SET", name, "DONE:42"},
                                 std::vector<std::string>{"SETRANGE", name, "40", "x"},
                                 std::vector<std::string>{"APPEND", name, "x"},
                                 std::vector<std::string>{"SET", name, ""}}) {
        server_->command(nonsense);
        expect_replay("a");
    }
    server_->command({"DEL", name});
    server_->command({"LPUSH", name, "a list"});
    expect_replay("a");
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentRedis, SaysInProgressForACallThatDiedUntilTheDatabaseIsAsked)
{
    execute("a");
    auto const name = entries().front();
    static_cast<void>(calls().run(request_of("b"), [&](unit_of_work& work) {
        // the mark of a call whose process is gone
        auto const mark = entries();
        EXPECT_EQ(mark.size(), 2U);
        server_->command({"COPY", mark[0] == name ? mark[1] : mark[0], "mark of b"});
        work.insert(setting{.name = "first"});
        return do_not_keep(answer_of("died", 503));
    }));
    ASSERT_EQ(entries().size(), 2U) << "the mark was taken away, its copy is there";
    static_cast<void>(calls().run(request_of("b"), [&](unit_of_work&) {
        for (auto const& one : entries())
            if (one != name && one != "mark of b")
                server_->command({"COPY", "mark of b", one, "REPLACE"});
        return do_not_keep(answer_of("died again", 503));
    }));
    EXPECT_EQ(entries().size(), 3U) << "another call's mark was taken away";
    execute("b");
    expect_replay("b");
    EXPECT_FALSE(is_stored<setting>(db(), "first"));
}

TEST_P(IdempotentRedis, WhileACallIsAtItARepeatHoldsNoConnection)
{
    TIEBREAK_NEEDS(capability::several_processes);
    auto narrow = fresh().open({.connections_max = 1, .connection_wait = milliseconds{1}});
    idempotency const repeats(narrow, {.wait = seconds{60}, .early = redis_.get()});
    std::vector<std::future<idempotent_result>> waiting;
    static_cast<void>(calls().run(request_of("a"), [&](unit_of_work& work) {
        work.insert(setting{.name = "a"});
        for (int i = 0; i < 4; ++i)
            waiting.push_back(std::async(std::launch::async, [&] {
                for (;;)
                    try {
                        return repeats.run(request_of("a"), must_not_run());
                    } catch (error const& busy) {
                        if (busy.code() != errc::attempts_exhausted &&
                            busy.code() != errc::unavailable)
                            throw;  // more than that the others have the one connection
                    }
            }));
        // nobody else holds the one connection
        EXPECT_TRUE(rows_of<setting>(narrow) == 0);
        return keep(answer_of("a"));
    }));
    for (auto& one : waiting) {
        auto const result = one.get();
        EXPECT_EQ(result.how, idempotent_outcome::replayed);
        EXPECT_EQ(result.answer, answer_of("a"));
    }
}

TEST_P(IdempotentRedis, ClaimsAndFinishesAsWithoutIt)
{
    auto const claimed = calls().claim(request_of("a"));
    auto const& work = std::get<idempotent_work>(claimed);
    EXPECT_EQ(entries().size(), 1U);
    auto const busy = calls().claim(request_of("a"));
    EXPECT_EQ(std::get<idempotent_result>(busy).how, idempotent_outcome::in_progress);
    auto const reuse = calls().claim(request_of("a", "other"));
    EXPECT_EQ(std::get<idempotent_result>(reuse).how, idempotent_outcome::reused);
    EXPECT_EQ(calls().finish(work, adds_setting("a")).how, idempotent_outcome::executed);
    auto const done = calls().claim(request_of("a"));
    EXPECT_EQ(std::get<idempotent_result>(done).how, idempotent_outcome::replayed);
    EXPECT_EQ(std::get<idempotent_result>(done).answer, answer_of("a"));
    expect_replay("a");
}

TEST_P(IdempotentRedis, ForgetsAClaimThatWasGivenBack)
{
    auto const claimed = calls().claim(request_of("a"));
    EXPECT_EQ(calls().release(std::get<idempotent_work>(claimed)), outcome::won);
    EXPECT_TRUE(entries().empty());
    auto const again = calls().claim(request_of("a"));
    static_cast<void>(calls().finish(std::get<idempotent_work>(again), [](unit_of_work&) {
        return do_not_keep(answer_of("no", 502));
    }));
    EXPECT_TRUE(entries().empty());
    execute("a");
}

TEST_P(IdempotentRedis, DoesNotKeepADeadOwnersClaimAlive)
{
    static_cast<void>(calls().claim(request_of("a")));
    let_pass(db(), seconds{61});
    auto const next = calls().claim(request_of("a"));
    ASSERT_TRUE(std::holds_alternative<idempotent_work>(next));
    EXPECT_EQ(std::get<idempotent_work>(next).epoch, 2);
}

TEST_P(IdempotentRedis, DoesNotAnswerWhenTheDatabaseCannot)
{
    execute("a");
    db().execute("DROP TABLE tiebreak_idempotency");
    EXPECT_ERRC(static_cast<void>(calls().run(request_of("a"), must_not_run())),
                errc::backend_failure);
}

TEST_P(IdempotentRedis, LeavesLargeAnswersToTheDatabase)
{
    auto const large = answer_of(std::string(100'000, 'x'));
    static_cast<void>(calls().run(request_of("a"), [&](unit_of_work&) { return keep(large); }));
    EXPECT_LT(std::stoll(server_->command({"STRLEN", entries().front()})), 1'000);
    EXPECT_EQ(calls().run(request_of("a"), must_not_run()).answer, large);
}

TIEBREAK_ON_ALL_ENGINES(IdempotentRedis);

}  // namespace

}  // namespace tiebreak::test
