// A5: a crash between any two steps of finalising is repaired and never charged twice, whether the
// call fails with an exception or its process is killed.
#include "finalize_test.hpp"
#include "support/process.hpp"

#include <csignal>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace tiebreak::test {

namespace {

using runs::finalize;

struct crash_point {
    runs::strategy how;
    runs::step where;
    bool decided;  // the run is CLAIMED when the crash comes, so it only rolls forward
};

constexpr crash_point crash_points[] = {
    {runs::strategy::fenced, runs::step::judged, false},
    {runs::strategy::fenced, runs::step::writing, false},
    {runs::strategy::two_phase, runs::step::judged, false},
    {runs::strategy::two_phase, runs::step::claimed, true},
    {runs::strategy::two_phase, runs::step::writing, true},
    {runs::strategy::two_phase, runs::step::charged, true},
};

std::string name_of_point(crash_point const& point)
{
    return std::string{name_of(point.how)} + " at " + std::string{name_of(point.where)};
}

struct crash : std::runtime_error {
    crash() : std::runtime_error("crash") {}
};

void recover_dry(database& in)
{
    while (runs::recover(in) != 0) {
    }
}

// What the others do about a run that its worker left: recovery, reaper, another worker.
void repair(database& in, runs::run const& left)
{
    expire(in, left.run_id);
    recover_dry(in);
    if (runs::reap(in) == 0)
        return;
    auto const next = claim_run(in, "second");
    ASSERT_TRUE(
        is<runs::finalized>(finalize(in, finalize_of(next), {.how = runs::strategy::fenced})));
}

void expect_repaired(database& in, runs::run const& left, bool decided)
{
    auto const now = row_of(in, left.run_id);
    EXPECT_EQ(now.status, runs::run_status::completed);
    EXPECT_EQ(now.result, decided ? "done by first" : "done by second");
    EXPECT_EQ(now.amount, 60);
}

void crash_at(database& in, runs::run const& mine, crash_point const& point)
{
    EXPECT_THROW(static_cast<void>(finalize(in,
                                            finalize_of(mine),
                                            {.how = point.how,
                                             .reached =
                                                 [&](runs::step where) {
                                                     if (where == point.where)
                                                         throw crash();
                                                 }})),
                 crash);
}

TEST_P(A5, RecoveryCompletesWhatWasDecidedAndTheReaperRequeuesTheRest)
{
    std::int64_t finished = 0;
    for (auto const& point : crash_points) {
        SCOPED_TRACE(name_of_point(point));
        auto const mine = claimed();
        crash_at(db(), mine, point);
        repair(db(), mine);
        expect_repaired(db(), mine, point.decided);
        expect_sound(db(), ++finished);
        expect_budget(db(), 0, 60 * finished);
    }
}

TEST_P(A5, TheSameFinaliseAgainCompletesIt)
{
    std::int64_t finished = 0;
    for (auto const& point : crash_points) {
        for (auto const again : exact_ways) {
            SCOPED_TRACE(name_of_point(point));
            auto const mine = claimed();
            crash_at(db(), mine, point);
            auto const answer = finalize(db(), finalize_of(mine), {.how = again});
            ASSERT_TRUE(is<runs::finalized>(answer));
            EXPECT_EQ(std::get<runs::finalized>(answer).replayed, point.decided);
            EXPECT_EQ(std::get<runs::finalized>(answer).as.status, runs::run_status::completed);
            expect_sound(db(), ++finished);
            ASSERT_TRUE(is<runs::refunded>(runs::refund(db(), "acme", mine.run_id, 60)));
        }
    }
}

TEST_P(A5, RecoveryThatCrashesIsRecovered)
{
    for (auto const where : {runs::step::writing, runs::step::charged}) {
        auto const mine = claimed();
        crash_at(db(), mine, {runs::strategy::two_phase, runs::step::claimed, true});
        EXPECT_THROW(runs::recover(db(),
                                   1,
                                   {.reached =
                                        [&](runs::step now) {
                                            if (now == where)
                                                throw crash();
                                        }}),
                     crash);
        EXPECT_EQ(runs::recover(db()), 1);
        EXPECT_EQ(runs::recover(db()), 0);
        expect_repaired(db(), mine, true);
    }
    expect_sound(db(), 2);
}

TEST_P(A5, ManyRecoveriesBesideTheOwnerChargeOnce)
{
    std::int64_t finished = 0;
    for (int round = 0; round < 5; ++round) {
        auto const mine = claimed();
        crash_at(db(), mine, {runs::strategy::two_phase, runs::step::claimed, true});
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 4; ++i)
                threads.emplace_back([&] { recover_dry(db()); });
            threads.emplace_back([&] {
                auto const answer =
                    finalize(db(), finalize_of(mine), {.how = runs::strategy::two_phase});
                EXPECT_TRUE(is<runs::finalized>(answer));
            });
        }
        expect_repaired(db(), mine, true);
        expect_sound(db(), ++finished);
    }
}

TEST_P(A5, AProcessKilledAtAnyStepIsRepairedAndChargedOnce)
{
    TIEBREAK_NEEDS(capability::several_processes);
    fresh().allow_leftovers();
    auto const url = fresh().url();
    std::int64_t finished = 0;
    for (auto const& point : crash_points) {
        SCOPED_TRACE(name_of_point(point));
        static_cast<void>(submit_run(db()));
        auto const mine = claim_run(db());
        close();
        EXPECT_EQ(
            run_in_process([&] {
                database doomed(url);
                static_cast<void>(finalize(
                    doomed, finalize_of(mine), {.how = point.how, .reached = [&](runs::step where) {
                                                    if (where == point.where)
                                                        ::kill(::getpid(), SIGKILL);
                                                }}));
                return 0;
            }),
            -SIGKILL);
        EXPECT_EQ(row_of(db(), mine.run_id).status, runs::run_status::processing);
        repair(db(), mine);
        expect_repaired(db(), mine, point.decided);
        expect_sound(db(), ++finished);
    }
}

}  // namespace

}  // namespace tiebreak::test
