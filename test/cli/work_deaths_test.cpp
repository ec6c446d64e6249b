// `tiebreak work` and `tiebreak reap`: workers that share, die, lose a lease and are told to stop.
#include "cli/work_test.hpp"

#include <csignal>
#include <fstream>
#include <thread>

namespace tiebreak::test {

namespace {

// The state of a process, 'Z' for one that nobody collected yet; '-' when there is none.
char state_of(std::string const& process)
{
    std::ifstream file("/proc/" + process + "/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    auto const name_end = text.rfind(')');
    return name_end == std::string::npos ? '-' : text.at(name_end + 2);
}

// Processes that were killed are gone a moment later.
void expect_gone(std::string const& process)
{
    using namespace std::chrono_literals;
    auto const until = std::chrono::steady_clock::now() + 30s;
    auto state = state_of(process);
    while (state != '-' && state != 'Z' && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(1ms);
        state = state_of(process);
    }
    EXPECT_TRUE(state == '-' || state == 'Z') << "process " << process << " runs on";
}

class Workers : public work_test {
protected:
    // Says on standard error that it runs, and as which process; ends when it is let go.
    [[nodiscard]] std::string waiting_command() const
    {
        return "echo started as $$ . >&2; until [ -e " + go_ + " ]; do sleep 0.01; done; cat";
    }

    void let_go() const { std::ofstream{go_} << "go"; }

    static std::string process_in(std::string const& text)
    {
        constexpr std::string_view before = "started as ";
        auto const from = text.find(before) + before.size();
        return text.substr(from, text.find(' ', from) - from);
    }

    void TearDown() override
    {
        let_go();
        work_test::TearDown();
    }

    temporary_folder folder_;
    std::string go_ = folder_.file("go");
};

TEST_P(Workers, RunAsManyCommandsAtOnceAsTheyMay)
{
    std::vector<std::int64_t> submitted;
    for (int i = 0; i < 3; ++i)
        submitted.push_back(submit());
    // Each waits for the others.
    auto const folder = folder_.path().string();
    auto const answer = work("touch " + folder + "/run-$TIEBREAK_RUN_ID; until [ $(ls " + folder +
                                 " | wc -l) -ge 3 ]; do sleep 0.01; done",
                             {"--concurrency", "3"});
    EXPECT_EQ(answer.out, "3 runs: 3 COMPLETED\n");
    for (auto const run : submitted)
        expect_completed(run, "", 100);
    expect_sound(3);
}

TEST_P(Workers, ShareAQueueAndEveryRunIsDoneOnce)
{
    for (int i = 0; i < 30; ++i)
        submit();
    auto const words = words_of("cat; echo $TIEBREAK_RUN_ID >> " + folder_.file("done"),
                                {"--concurrency", "3", "--once"});
    started_program one(words);
    started_program two(words);
    EXPECT_EQ(one.wait().exit_code, 0);
    EXPECT_EQ(two.wait().exit_code, 0);
    std::ifstream file(folder_.file("done"));
    std::string const done{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(lines_in(done), 30u);
    expect_budget(0, 3000);
    expect_sound(30);
}

TEST_P(Workers, AKilledWorkersRunIsReapedAndFinishedOnceByAnother)
{
    fresh().allow_leftovers();
    auto const run = submit();
    started_program killed(words_of(waiting_command(), {"--lease", "600"}));
    ASSERT_TRUE(killed.wait_for_text(" .\n"));
    auto const command = process_in(killed.written());
    killed.send(SIGKILL);
    EXPECT_EQ(killed.wait().exit_code, -SIGKILL);
    expect_gone(command);
    EXPECT_EQ(work("cat").out, "0 runs\n") << "the lease still holds";
    expire(run);
    EXPECT_EQ(reap().out, "1 returned to the queue, 0 completed\n");
    EXPECT_EQ(work("cat").out, "1 run: 1 COMPLETED\n");
    expect_completed(run, "work", 100);
    EXPECT_EQ(ledger_of(run), "RESERVE 100, CHARGE 100");
    expect_sound(1);
}

TEST_P(Workers, ReapForThemselvesBeforeTheyLook)
{
    auto const run = submit();
    ASSERT_EQ(runs::claim(db(), {.worker = "dead"}).size(), 1u);
    expire(run);
    auto const answer = work("cat");
    EXPECT_TRUE(contains(answer.err, "reaped=1")) << answer.err;
    expect_completed(run, "work", 100);
    expect_sound(1);
}

TEST_P(Workers, ALostLeaseEndsTheCommandAndNothingIsWritten)
{
    auto const run = submit();
    started_program worker(
        words_of("trap '' TERM; " + waiting_command(),
                 {"--lease", "600", "--heartbeat", "0.05", "--grace", "0.1", "--once"}));
    ASSERT_TRUE(worker.wait_for_text(" .\n"));
    auto const command = process_in(worker.written());
    ASSERT_TRUE(std::holds_alternative<runs::cancelled>(
        runs::cancel(db(), "acme", run, row_of(run).version)));
    close();
    auto const answer = worker.wait();
    EXPECT_EQ(answer.exit_code, 0);
    EXPECT_TRUE(contains(answer.err, "outcome=LEASE_LOST")) << answer.err;
    EXPECT_EQ(answer.out, "1 run: 1 LEASE_LOST\n");
    expect_gone(command);
    EXPECT_EQ(name_of(row_of(run).status), "cancelled");
    EXPECT_EQ(row_of(run).result, std::nullopt);
    EXPECT_EQ(ledger_of(run), "RESERVE 100, VOID 100");
    expect_budget(0, 0);
}

TEST_P(Workers, FinishWhatRunsWhenTheyAreToldToStop)
{
    auto const first = submit();
    auto const second = submit();
    started_program worker(words_of(waiting_command(), {}));
    ASSERT_TRUE(worker.wait_for_text(" .\n"));
    worker.send(SIGTERM);
    ASSERT_TRUE(worker.wait_for_text("what runs is finished"));
    let_go();
    auto const answer = worker.wait();
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.out, "1 run: 1 COMPLETED\n");
    EXPECT_TRUE(worker.left_behind().empty());
    expect_completed(first, "work", 100);
    EXPECT_EQ(name_of(row_of(second).status), "queued");
    EXPECT_EQ(row_of(second).lease_epoch, 0);
    expect_sound(1, 1);
}

TEST_P(Workers, ASecondSignalEndsCommandsAndGivesTheirRunsBack)
{
    auto const run = submit();
    started_program worker(words_of(waiting_command(), {}));
    ASSERT_TRUE(worker.wait_for_text(" .\n"));
    auto const command = process_in(worker.written());
    worker.send(SIGINT);
    ASSERT_TRUE(worker.wait_for_text("what runs is finished"));
    worker.send(SIGTERM);
    auto const answer = worker.wait();
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.out, "1 run: 1 RELEASED\n");
    expect_gone(command);
    EXPECT_EQ(name_of(row_of(run).status), "queued");
    EXPECT_EQ(row_of(run).lease_epoch, 2);
    EXPECT_EQ(ledger_of(run), "RESERVE 100");
    expect_budget(100, 0);
    work("cat");
    expect_completed(run, "work", 100);
    expect_sound(1);
}

TEST_P(Workers, IdleOnesEndAtOnceWhenTheyAreTold)
{
    submit();
    started_program worker(words_of("cat", {"--poll", "3600"}));
    ASSERT_TRUE(worker.wait_for_text("outcome=COMPLETED"));
    worker.send(SIGTERM);
    auto const answer = worker.wait();
    EXPECT_EQ(answer.exit_code, 0);
    EXPECT_EQ(answer.out, "1 run: 1 COMPLETED\n");
}

TEST_P(Workers, ReapCompletesWhatWasLeftClaimed)
{
    auto const run = submit();
    auto const claimed = runs::claim(db(), {.worker = "dead"}).at(0).work;
    static_cast<void>(runs::two_phase::claim(db(),
                                             {.tenant_id = "acme",
                                              .run_id = run,
                                              .epoch = claimed.lease_epoch,
                                              .result = "half",
                                              .amount = 30}));
    EXPECT_EQ(reap().out, "0 returned to the queue, 1 completed\n");
    expect_completed(run, "half", 30);
    EXPECT_EQ(reap().out, "0 returned to the queue, 0 completed\n");
    expect_sound(1);
}

TEST_P(Workers, ReapGoesOnUntilItIsTold)
{
    auto const run = submit();
    close();
    started_program reaper({"reap", "--db", fresh().url(), "--every", "0.01"});
    std::string const line = "1 returned to the queue, 0 completed\n";
    for (auto const& said : {line, line + line}) {
        ASSERT_EQ(runs::claim(db(), {.worker = "dead"}).size(), 1u);
        expire(run);
        close();
        ASSERT_TRUE(reaper.wait_for_text(said));
    }
    reaper.send(SIGTERM);
    EXPECT_EQ(reaper.wait().exit_code, 0);
    EXPECT_EQ(name_of(row_of(run).status), "queued");
    EXPECT_EQ(row_of(run).lease_epoch, 4);
}

TIEBREAK_ON_SHARED_ENGINES(Workers);

}  // namespace

}  // namespace tiebreak::test
