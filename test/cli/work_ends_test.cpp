// `tiebreak work`: what each end of a command means for its run and the tenant's money.
#include "cli/work_test.hpp"

#include <fstream>

namespace tiebreak::test {

namespace {

// One command for one run with the payload "work" and a reserve of 100.
struct command_case {
    std::string name{};
    std::string command{};
    std::string result{};
    std::int64_t amount = 0;
};

std::string const amount_is = "> \"$TIEBREAK_AMOUNT_FILE\"";

std::vector<command_case> const completed{
    {"OutputIsTheResult", "tr a-z A-Z", "WORK", 100},
    {"NoOutput", "true", "", 100},
    {"AnAmount", "cat; echo 40 " + amount_is, "work", 40},
    {"AnAmountWithoutLineFeed", "printf 7 " + amount_is, "", 7},
    {"NoAmountInItsFile", ": " + amount_is, "", 100},
    {"Free", "echo 0 " + amount_is, "", 0},
    {"TheWholeReserve", "echo 100 " + amount_is, "", 100},
    {"UnreadPayload", "exec <&-; echo done", "done\n", 100},
    {"ErrorsAreNoResult", "echo careful >&2; echo done", "done\n", 100},
};

std::vector<command_case> const failed{
    {"ExitCode", "exit 3", "exited with 3"},
    {"ExitCodeAndOutput", "echo no paper; exit 1", "no paper"},
    {"AmountOfAFailedOne", "echo 40 " + amount_is + "; exit 3", "exited with 3"},
    {"Signal", "kill -9 $$", "signal 9"},
    {"NoSuchProgram", "/nowhere/program", "exited with 127"},
    {"AmountAboveTheReserve", "echo 101 " + amount_is, "number from 0 to 100"},
    {"AmountBelowZero", "echo -1 " + amount_is, "amount file"},
    {"AmountThatIsNoNumber", "echo much " + amount_is, "amount file"},
    {"TwoAmounts", "echo 4 0 " + amount_is, "amount file"},
    {"AmountWithDecimals", "echo 4.0 " + amount_is, "amount file"},
    {"AmountBeyondAllNumbers", "echo 99999999999999999999 " + amount_is, "amount file"},
    {"AmountOfManyBytes", "head -c 99999 /dev/zero " + amount_is, "amount file"},
    {"AmountInAPipe", "mkfifo \"$TIEBREAK_AMOUNT_FILE\"", "amount file"},
    {"AmountInAFolder", "mkdir \"$TIEBREAK_AMOUNT_FILE\"", "amount file"},
    {"OutputOfOneByteTooMuch", "head -c 1000001 /dev/zero | tr '\\0' x", "more than 1000000"},
    {"OutputWithoutEnd", "yes", "more than 1000000"},
    {"OutputThatIsNoText", "printf '\\377'", "not UTF-8"},
    {"OutputWithNul", "printf '\\0'", "not UTF-8"},
};

class WorkCommand : public work_test {};

TEST_P(WorkCommand, ExitCodeZeroCompletesAndCharges)
{
    std::int64_t spent = 0;
    for (auto const& each : completed) {
        SCOPED_TRACE(each.name);
        auto const run = submit();
        auto const answer = work(each.command);
        EXPECT_TRUE(contains(answer.err, "outcome=COMPLETED")) << answer.err;
        EXPECT_EQ(answer.out, "1 run: 1 COMPLETED\n");
        expect_completed(run, each.result, each.amount);
        auto const rest = 100 - each.amount;
        EXPECT_EQ(ledger_of(run),
                  "RESERVE 100, CHARGE " + std::to_string(each.amount) +
                      (rest > 0 ? ", RELEASE " + std::to_string(rest) : ""));
        expect_budget(0, spent += each.amount);
    }
    expect_sound(static_cast<std::int64_t>(completed.size()));
}

TEST_P(WorkCommand, AnyOtherEndFailsAndVoidsTheReserve)
{
    for (auto const& each : failed) {
        SCOPED_TRACE(each.name);
        auto const run = submit();
        auto const answer = work(each.command);
        EXPECT_EQ(answer.out, "1 run: 1 FAILED\n");
        expect_failed(run, each.result);
        expect_budget(0, 0);
    }
    expect_sound(static_cast<std::int64_t>(failed.size()));
}

TEST_P(WorkCommand, AMillionBytesGoInAndOut)
{
    std::string const text(1'000'000, 'x');
    auto const run = submit(text);
    work("cat");
    expect_completed(run, text, 100);
}

TEST_P(WorkCommand, ACommandThatDoesNotReadItsPayloadIsNotDisturbed)
{
    auto const run = submit(std::string(1'000'000, 'x'));
    work("echo done");
    expect_completed(run, "done\n", 100);
}

TEST_P(WorkCommand, WhatACommandLeavesRunningKeepsNobodyWaiting)
{
    temporary_folder const folder;
    auto const stays = folder.file("stays");  // they end when the folder does
    std::ofstream{stays} << "yes";
    auto const waits = "sh -c 'while [ -e " + stays + " ]; do sleep 0.05; done'";
    auto const in_group = submit();
    work(waits + " & echo done");
    expect_completed(in_group, "done\n", 100);
    auto const outside = submit();
    work("setsid " + waits + " & echo done");
    expect_completed(outside, "done\n", 100);
}

TEST_P(WorkCommand, ACommandKnowsItsRunAndNoDatabase)
{
    auto const run = submit();
    close();
    auto const url = fresh().url();
    auto const answer = run_program({"work", "--tenant", "acme", "--exec", "env", "--once"},
                                    {{"TIEBREAK_DB", url},
                                     {"PGPASSWORD", "secret-1"},
                                     {"MYSQL_PWD", "secret-2"},
                                     {"TIEBREAK_REDIS", "secret-3"},
                                     {"MY_DATABASE", "at " + url},
                                     {"HARMLESS", "kept"}});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    auto const seen = row_of(run).result.value_or("");
    EXPECT_TRUE(contains(seen, "TIEBREAK_RUN_ID=" + std::to_string(run) + "\n")) << seen;
    EXPECT_TRUE(contains(seen, "TIEBREAK_TENANT=acme\n")) << seen;
    EXPECT_TRUE(contains(seen, "TIEBREAK_EPOCH=1\n")) << seen;
    EXPECT_TRUE(contains(seen, "TIEBREAK_AMOUNT_FILE=/")) << seen;
    EXPECT_TRUE(contains(seen, "HARMLESS=kept\n")) << seen;
    EXPECT_FALSE(contains(seen, url)) << seen;
    EXPECT_FALSE(contains(seen, "secret")) << seen;
    EXPECT_FALSE(contains(seen, "TIEBREAK_DB")) << seen;
}

TEST_P(WorkCommand, ErrorsOfTheCommandPassThroughAndQuietLeavesTheRestOut)
{
    submit();
    auto const answer = work("echo from inside >&2", {"--quiet"});
    EXPECT_EQ(answer.err, "from inside\n");
}

TEST_P(WorkCommand, OnlyRunsOfItsTenantAreWorkedOn)
{
    ASSERT_EQ(std::get<outcome>(runs::open_budget(db(), "other", 100)), outcome::won);
    auto const other = std::get<runs::run>(runs::submit(db(), {.tenant_id = "other", .budget = 1}));
    auto const own = submit();
    EXPECT_EQ(work("cat").out, "1 run: 1 COMPLETED\n");
    expect_completed(own, "work", 100);
    EXPECT_EQ(name_of(row_of(other.run_id).status), "queued");
}

TEST_P(WorkCommand, AnUnknownTenantIsRefused)
{
    close();
    auto const answer = run_program(
        {"work", "--db", fresh().url(), "--tenant", "nobody", "--exec", "true", "--once"});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(lines_in(answer.err), 1u) << answer.err;
    EXPECT_TRUE(contains(answer.err, "no tenant 'nobody'")) << answer.err;
}

TIEBREAK_ON_SHARED_ENGINES(WorkCommand);

}  // namespace

}  // namespace tiebreak::test
