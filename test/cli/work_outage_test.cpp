// `tiebreak work` while its database cannot be reached.
#include "cli/work_test.hpp"
#include "support/fault_proxy.hpp"

#include <csignal>
#include <fstream>

namespace tiebreak::test {

namespace {

class WorkerWithoutDatabase : public work_test {};

TEST_P(WorkerWithoutDatabase, KeepsAResultUntilItCanBeStored)
{
    auto const run = submit();
    temporary_folder const folder;
    auto const go = folder.file("go");
    auto words =
        words_of("echo started >&2; until [ -e " + go + " ]; do sleep 0.01; done; cat", {"--once"});
    fault_proxy proxy(port_of(fresh().url()));
    words.at(2) = proxy.through(fresh().url());
    started_program worker(words);
    bool const has_started = worker.wait_for_text("started\n");
    proxy.refuse();
    std::ofstream{go} << "go";
    ASSERT_TRUE(has_started);
    EXPECT_TRUE(worker.wait_for_text("storing the result of run " + std::to_string(run) +
                                     " fails, trying again"));
    proxy.accept_again();
    auto const answer = worker.wait();
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_TRUE(contains(answer.err, "works again")) << answer.err;
    EXPECT_EQ(answer.out, "1 run: 1 COMPLETED\n");
    expect_completed(run, "work", 100);
    EXPECT_EQ(ledger_of(run), "RESERVE 100, CHARGE 100");
    expect_sound(1);
}

TEST_P(WorkerWithoutDatabase, ClaimsAgainWhenItIsBack)
{
    close();
    auto words = words_of("cat", {"--poll", "0.01"});
    fault_proxy proxy(port_of(fresh().url()));
    words.at(2) = proxy.through(fresh().url());
    auto const first = submit();
    close();
    started_program worker(words);
    ASSERT_TRUE(worker.wait_for_text("outcome=COMPLETED"));
    proxy.refuse();
    ASSERT_TRUE(worker.wait_for_text("claiming runs fails, trying again"));
    auto const second = submit();
    proxy.accept_again();
    EXPECT_TRUE(worker.wait_for_text("run=" + std::to_string(second) + " epoch=1 outcome=COMPL"));
    worker.send(SIGTERM);
    auto const answer = worker.wait();
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.out, "2 runs: 2 COMPLETED\n");
    expect_completed(first, "work", 100);
    expect_completed(second, "work", 100);
    expect_sound(2);
}

TIEBREAK_ON_SERVERS(WorkerWithoutDatabase);

}  // namespace

}  // namespace tiebreak::test
