// Who waits for a lock gets the row as its last holder left it: changed if that was committed, as
// it was if not. Who does not want to wait is told at once, or gets another row.
#include "exploration.hpp"

#include <algorithm>

namespace tiebreak::test {

namespace {

std::vector<account> const one_account{{.id = 1, .balance = start_balance}};

claim const an_old_row_is_handed_over{"two who won saw the same row", [](order_result const& came) {
                                          std::vector<std::int64_t> saw;
                                          for (auto const& one : came.sessions)
                                              if (one.won())
                                                  saw.push_back(one.saw.at(0));
                                          std::ranges::sort(saw);
                                          return std::ranges::adjacent_find(saw) != saw.end();
                                      }};

// Holds the row, changes it, and lets go of it with the commit.
session takes_and_adds(std::string name, place_of_steps where, lock_request lock)
{
    return session(std::move(name), where).step("take", [=](stage& on) {
        auto& mine = on.work().load<account>(1, lock);
        on.saw(mine.balance);
        mine.balance += 1;
        on.work().flush();
    });
}

class LockHandOver : public interleaving_test {
protected:
    void explore_queue(std::string form,
                       isolation level,
                       place_of_steps where,
                       lock_request lock,
                       std::vector<claim> sometimes)
    {
        explore({.anomaly = "lock hand-over",
                 .form = std::move(form),
                 .before = {.accounts = one_account},
                 .sessions =
                     [&] {
                         return std::vector{takes_and_adds("A", where, lock),
                                            takes_and_adds("B", where, lock),
                                            takes_and_adds("C", where, lock)};
                     },
                 .goes_wrong = an_old_row_is_handed_over,
                 .always = {every_winner_counts, somebody_wins, failures_are(at(level, {}))},
                 .sometimes = std::move(sometimes)},
                level);
    }

    void explore_two(std::string form,
                     isolation level,
                     std::function<std::vector<session>()> const& sessions,
                     std::vector<claim> always,
                     std::vector<claim> sometimes = {},
                     std::string has_one_outcome_because = {})
    {
        always.push_back(every_winner_counts);
        explore({.anomaly = "lock hand-over",
                 .form = std::move(form),
                 .before = {.accounts = one_account},
                 .sessions = sessions,
                 .goes_wrong = an_old_row_is_handed_over,
                 .always = std::move(always),
                 .sometimes = std::move(sometimes),
                 .has_one_outcome_because = std::move(has_one_outcome_because)},
                level);
    }
};

TEST_P(LockHandOver, ThreeInAQueueEachSeeWhatTheOneBeforeLeft)
{
    constexpr auto level = isolation::read_committed;
    auto const everybody = std::vector{all_win, somebody_waits};
    explore_queue(
        "pessimistic_write", level, in_unit(level), lock_mode::pessimistic_write, everybody);
    if (!runs_all())
        return;
    explore_queue("pessimistic_force_increment",
                  level,
                  in_unit(level),
                  lock_mode::pessimistic_force_increment,
                  everybody);
    explore_queue("pessimistic unit", level, in_unit(level, true), {}, everybody);
    explore_queue("pessimistic_write, waiting up to 20 s",
                  level,
                  in_unit(level),
                  {lock_mode::pessimistic_write, wait_up_to(std::chrono::seconds{20})},
                  everybody);
    for (auto const higher : {isolation::repeatable_read, isolation::serializable})
        explore_queue(
            "pessimistic_write", higher, in_unit(higher), lock_mode::pessimistic_write, {all_win});
}

TEST_P(LockHandOver, AfterAHolderThatGaveUpTheRowIsAsItWas)
{
    for (auto const level : levels()) {
        auto const gives_up_after_a_change = [&] {
            return session("A", in_unit(level))
                .step("take",
                      [](stage& on) {
                          on.work().load<account>(1, lock_mode::pessimistic_write).balance = -1;
                          on.work().flush();
                      })
                .give_up();
        };
        explore_two(
            "pessimistic_write, the holder gives up",
            level,
            [&] {
                return std::vector{
                    gives_up_after_a_change(),
                    takes_and_adds("B", in_unit(level), lock_mode::pessimistic_write)};
            },
            {so_many_win(1)},
            {},
            // who waits for a row with a snapshot that is kept is aborted when the row was changed
            (is_postgres() && level > isolation::read_committed) ||
                    (is_mariadb() && level == isolation::serializable)
                ? ""
                : "what was given up leaves nothing that the other could see");
    }
}

TEST_P(LockHandOver, WithALimitTheWaitIsTheSame)
{
    constexpr auto level = isolation::read_committed;
    lock_request const limited{lock_mode::pessimistic_write, wait_up_to(std::chrono::seconds{20})};
    explore_two("pessimistic_write, waiting up to 20 s",
                level,
                [&] {
                    return std::vector{takes_and_adds("A", in_unit(level), limited),
                                       takes_and_adds("B", in_unit(level), limited)};
                },
                {all_win},
                {somebody_waits});
}

TEST_P(LockHandOver, WhoDoesNotWaitIsTold)
{
    constexpr auto level = isolation::read_committed;
    lock_request const at_once{lock_mode::pessimistic_write, no_wait};
    auto always = std::vector{somebody_wins, failures_are({errc::lock_timeout})};
    if (!is_sqlite())  // there the wait for the turn is told of, however short
        always.push_back(nobody_waits);
    explore_two("pessimistic_write, no_wait",
                level,
                [&] {
                    return std::vector{takes_and_adds("A", in_unit(level), at_once),
                                       takes_and_adds("B", in_unit(level), at_once),
                                       takes_and_adds("C", in_unit(level), at_once)};
                },
                always,
                {all_win, one_loses});
}

TEST_P(LockHandOver, ReadersShareARowThatAWriterWaitsFor)
{
    TIEBREAK_NEEDS(capability::shared_row_locks);
    constexpr auto level = isolation::read_committed;
    auto const reads = [&](std::string name) {
        return session(std::move(name), in_unit(level)).step("read", [](stage& on) {
            on.saw(on.work().load<account>(1, {lock_mode::pessimistic_read, no_wait}).balance);
        });
    };
    explore({.anomaly = "lock hand-over",
             .form = "pessimistic_read, no_wait, beside each other",
             .before = {.accounts = one_account},
             .sessions =
                 [&] {
                     return std::vector{reads("A"), reads("B"), reads("C")};
                 },
             .goes_wrong = {"a reader is refused by readers",
                            [](order_result const& came) { return !came.all_won(); }},
             .always = {nobody_waits},
             .has_one_outcome_because = "readers do not keep each other waiting"},
            level);
    explore({.anomaly = "lock hand-over",
             .form = "pessimistic_read, then a writer",
             .before = {.accounts = one_account},
             .sessions =
                 [&] {
                     return std::vector{
                         reads("A"),
                         takes_and_adds("B", in_unit(level), lock_mode::pessimistic_write)};
                 },
             .goes_wrong = {"a writer does not get its turn",
                            [](order_result const& came) { return !came.of("B").won(); }},
             .always = {failures_are({errc::lock_timeout})},
             .sometimes = {all_win, somebody_waits, one_loses}},
            level);
}

TEST_P(LockHandOver, WhoPassesOverHeldRowsGetsAnother)
{
    TIEBREAK_NEEDS(capability::skip_locked);
    auto const takes_any = [](std::string name, isolation level) {
        return session(std::move(name), in_unit(level)).step("take", [](stage& on) {
            auto* const mine = on.work()
                                   .select<account>()
                                   .where(field<&account::balance> > 0)
                                   .order_by(field<&account::id>.ascending())
                                   .limit(1)
                                   .lock({lock_mode::pessimistic_write, skip_locked})
                                   .first();
            if (mine == nullptr)
                return static_cast<void>(on.won(outcome::lost));
            on.saw(mine->id);
            mine->balance = 0;
            on.work().flush();
        });
    };
    for (auto const level : levels()) {
        auto always = std::vector{nobody_waits,
                                  failures_are(at(level, {})),
                                  {"as many rows are taken as won", [](order_result const& came) {
                                       return came.winners() ==
                                              2 - came.after.balance(1) - came.after.balance(2);
                                   }}};
        if (level == isolation::read_committed)
            always.push_back(so_many_win(2));
        explore({.anomaly = "lock hand-over",
                 .form = "pessimistic_write, skip_locked",
                 .before = {.accounts = {{.id = 1, .balance = 1}, {.id = 2, .balance = 1}}},
                 .sessions =
                     [&] {
                         return std::vector{
                             takes_any("A", level), takes_any("B", level), takes_any("C", level)};
                     },
                 .goes_wrong = an_old_row_is_handed_over,
                 .always = std::move(always)},
                level);
        if (!runs_all())
            break;
    }
}

TIEBREAK_ON_SHARED_ENGINES(LockHandOver);

}  // namespace

}  // namespace tiebreak::test
