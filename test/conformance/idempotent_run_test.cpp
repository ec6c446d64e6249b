// One transaction: the first call runs, and whatever comes later under its key gets its answer.
#include "support/captured_log.hpp"
#include "support/engines.hpp"
#include "support/idempotent.hpp"

#include <stdexcept>

namespace tiebreak::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class IdempotentRun : public engine_test {
protected:
    void SetUp() override
    {
        engine_test::SetUp();
        install(db());
        create_shop(db());
        calls_ = std::make_unique<idempotency>(db());
    }

    void TearDown() override
    {
        calls_.reset();
        engine_test::TearDown();
    }

    [[nodiscard]] idempotency const& calls() const { return *calls_; }

    captured_log log_;
    std::unique_ptr<idempotency> calls_;
};

TEST_P(IdempotentRun, ExecutesTheFirstCallAndReplaysItsAnswer)
{
    auto const first = calls().run(request_of("k"), adds_setting("a"));
    EXPECT_EQ(first.how, idempotent_outcome::executed);
    EXPECT_EQ(first.answer, answer_of("a"));
    for (int repeat = 0; repeat < 3; ++repeat) {
        auto const again = calls().run(request_of("k"), must_not_run());
        EXPECT_EQ(again.how, idempotent_outcome::replayed);
        EXPECT_EQ(again.answer, answer_of("a"));
    }
    EXPECT_EQ(rows_of<setting>(db()), 1);
    EXPECT_EQ(key_rows(db()), 1);
}

TEST_P(IdempotentRun, RefusesTheKeyForAnotherRequestAndLeavesTheFirstAlone)
{
    static_cast<void>(calls().run(request_of("k", "1"), adds_setting("a")));
    auto const other = calls().run(request_of("k", "2"), must_not_run());
    EXPECT_EQ(other.how, idempotent_outcome::reused);
    EXPECT_EQ(other.answer, idempotent_answer{});
    EXPECT_EQ(calls().run(request_of("k", "1"), must_not_run()).answer, answer_of("a"));
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentRun, KeepsTenantsRoutesAndKeysApart)
{
    auto tenant = request_of("k");
    tenant.tenant = "other";
    auto route = request_of("k");
    route.route = "POST /refunds";
    auto upper = request_of("K");
    auto blank = request_of("k ");
    static_cast<void>(calls().run(request_of("k"), adds_setting("a")));
    int number = 0;
    for (auto const& one : {tenant, route, upper, blank}) {
        auto const name = std::to_string(++number);
        EXPECT_EQ(calls().run(one, adds_setting(name)).how, idempotent_outcome::executed);
        EXPECT_EQ(calls().run(one, must_not_run()).answer, answer_of(name));
    }
    EXPECT_EQ(rows_of<setting>(db()), 5);
}

TEST_P(IdempotentRun, WithAnEmptyRouteRefusesTheKeyOnAnotherRoute)
{
    auto const on = [](std::string_view path) {
        return idempotent_request{.tenant = "t",
                                  .key = "k",
                                  .fingerprint = fingerprint_of({.method = "POST", .path = path})};
    };
    static_cast<void>(calls().run(on("/orders"), adds_setting("a")));
    EXPECT_EQ(calls().run(on("/refunds"), must_not_run()).how, idempotent_outcome::reused);
    EXPECT_EQ(calls().run(on("/orders"), must_not_run()).how, idempotent_outcome::replayed);
}

TEST_P(IdempotentRun, StoresRefusalsThatAreKept)
{
    auto const sold_out = [](unit_of_work&) { return keep(answer_of("sold out", 409)); };
    EXPECT_EQ(calls().run(request_of("k"), sold_out).how, idempotent_outcome::executed);
    auto const again = calls().run(request_of("k"), adds_setting("a"));
    EXPECT_EQ(again.how, idempotent_outcome::replayed);
    EXPECT_EQ(again.answer, answer_of("sold out", 409));
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TEST_P(IdempotentRun, LeavesNothingOfAnAnswerThatIsNotKept)
{
    auto const failing = [](unit_of_work& work) {
        work.insert(setting{.name = "half"});
        return do_not_keep(answer_of("try later", 503));
    };
    auto const first = calls().run(request_of("k"), failing);
    EXPECT_EQ(first.how, idempotent_outcome::executed);
    EXPECT_EQ(first.answer, answer_of("try later", 503));
    EXPECT_EQ(rows_of<setting>(db()), 0);
    EXPECT_EQ(key_rows(db()), 0);
    EXPECT_EQ(calls().run(request_of("k"), adds_setting("a")).how, idempotent_outcome::executed);
    EXPECT_EQ(rows_of<setting>(db()), 1);
}

TEST_P(IdempotentRun, LeavesNothingOfWorkThatThrows)
{
    auto const throwing = [](unit_of_work& work) -> idempotent_verdict {
        work.insert(setting{.name = "half"});
        throw std::runtime_error("on purpose");
    };
    EXPECT_THROW(static_cast<void>(calls().run(request_of("k"), throwing)), std::runtime_error);
    EXPECT_EQ(rows_of<setting>(db()), 0);
    EXPECT_EQ(key_rows(db()), 0);
    EXPECT_EQ(calls().run(request_of("k"), adds_setting("a")).how, idempotent_outcome::executed);
}

TEST_P(IdempotentRun, ReplaysEvenWhenTheWorkWouldNowEndBeforeItsFirstStatement)
{
    static_cast<void>(calls().run(request_of("k"), adds_setting("a")));
    auto const refusing = [](unit_of_work&) { return do_not_keep(answer_of("no", 403)); };
    EXPECT_EQ(calls().run(request_of("k"), refusing).answer, answer_of("a"));
    EXPECT_EQ(calls().run(request_of("k"), must_not_run()).answer, answer_of("a"));
    EXPECT_EQ(calls().run(request_of("k", "other"), refusing).how, idempotent_outcome::reused);
}

TEST_P(IdempotentRun, RunsTheWorkAgainOnAConflictUnderTheSameKey)
{
    auto const row = add_coupon(db(), "A", 10);
    int runs = 0;
    auto const result = calls().run(request_of("k"), [&](unit_of_work& work) {
        ++runs;
        work.load<coupon>(row.id).issued_quantity += 1;
        if (runs == 1)
            throw error(errc::transaction_aborted, "as if there had been a deadlock");
        return keep(answer_of(std::to_string(runs)));
    });
    EXPECT_EQ(result.answer, answer_of("2"));
    EXPECT_EQ(stored<coupon>(db(), row.id).issued_quantity, 1);
    EXPECT_EQ(calls().run(request_of("k"), must_not_run()).answer, answer_of("2"));
}

TEST_P(IdempotentRun, RepeatsBytesStatusAndAllowedHeadersOnly)
{
    std::string every_byte;
    for (int i = 0; i < 256; ++i)
        every_byte += static_cast<char>(i);
    idempotent_answer const given{
        .status = 418,
        .headers = {{"Location", "/orders/1"}, {"Set-Cookie", "session=1"}, {"ETag", "\"3\""}},
        .body = every_byte};
    EXPECT_EQ(calls().run(request_of("k"), [&](unit_of_work&) { return keep(given); }).answer,
              given);
    auto const again = calls().run(request_of("k"), must_not_run()).answer;
    EXPECT_EQ(again.status, 418);
    EXPECT_EQ(again.body, every_byte);
    std::vector<answer_header> const kept{given.headers[0], given.headers[2]};
    EXPECT_EQ(again.headers, kept);
}

TEST_P(IdempotentRun, StoresBodiesOfEveryLength)
{
    idempotency const small(db(), {.body_bytes_max = 1024});
    for (std::size_t const size : {0U, 1U, 1023U, 1024U, 1025U, 524'288U, 524'289U, 2'000'000U}) {
        std::string body(size, 'x');
        for (std::size_t i = 0; i < size; i += 1000)
            body[i] = static_cast<char>(i / 1000);
        auto const key = std::to_string(size);
        auto const answer = answer_of(body);
        static_cast<void>(small.run(request_of(key), [&](unit_of_work&) { return keep(answer); }));
        EXPECT_TRUE(small.run(request_of(key), must_not_run()).answer == answer) << size;
    }
}

TEST_P(IdempotentRun, CallsBackAfterTheCommitOnceAndNotForARepeat)
{
    int called = 0;
    auto const work = [&](unit_of_work& unit) {
        unit.after_commit([&] { ++called; });
        return keep(answer_of("a"));
    };
    static_cast<void>(calls().run(request_of("k"), work));
    static_cast<void>(calls().run(request_of("k"), work));
    EXPECT_EQ(called, 1);
}

TEST_P(IdempotentRun, InsideAUnitIsRefused)
{
    EXPECT_THROW(db().transact([&](unit_of_work&) {
        static_cast<void>(calls().run(request_of("k"), must_not_run()));
    }),
                 std::logic_error);
    EXPECT_EQ(key_rows(db()), 0);
}

TEST_P(IdempotentRun, RefusesWhatCannotBeAKey)
{
    for (auto const& wrong : {request_of(""),
                              request_of(std::string(256, 'k')),
                              request_of("\n"),
                              request_of("\xc3\xa4")})
        EXPECT_THROW(static_cast<void>(calls().run(wrong, must_not_run())), std::invalid_argument);
    auto long_tenant = request_of("k");
    long_tenant.tenant = std::string(256, 't');
    EXPECT_THROW(static_cast<void>(calls().run(long_tenant, must_not_run())),
                 std::invalid_argument);
    auto longest = request_of(std::string(255, 'k'));
    longest.tenant = std::string(255, 't');
    longest.route = std::string(255, 'r');
    EXPECT_EQ(calls().run(longest, adds_setting("a")).how, idempotent_outcome::executed);
    EXPECT_EQ(calls().run(longest, must_not_run()).how, idempotent_outcome::replayed);
}

TEST_P(IdempotentRun, RefusesOptionsOutOfRange)
{
    for (idempotency_options const& wrong :
         {idempotency_options{.wait = milliseconds{-1}},
          idempotency_options{.deadline = milliseconds{0}},
          idempotency_options{.retention = seconds{3599}},
          idempotency_options{.retry_after = milliseconds{-1}},
          idempotency_options{.headers = {"Location"}},
          idempotency_options{.headers = {"set-cookie"}},
          idempotency_options{.body_bytes_max = 1023},
          idempotency_options{.retry = retry_policy{.attempts_max = -1}}})
        EXPECT_THROW(idempotency(db(), wrong), std::invalid_argument);
}

TEST_P(IdempotentRun, WithoutItsTableRunsNothing)
{
    db().execute("DROP TABLE tiebreak_idempotency");
    EXPECT_ERRC(static_cast<void>(calls().run(request_of("k"), adds_setting("a"))),
                errc::backend_failure);
    EXPECT_EQ(rows_of<setting>(db()), 0);
}

TIEBREAK_ON_ALL_ENGINES(IdempotentRun);

}  // namespace

}  // namespace tiebreak::test
