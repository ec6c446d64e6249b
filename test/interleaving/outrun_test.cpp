// A unit that lost three times holds what it is to write before it runs again: then nobody comes
// between, and who writes the same rows does not hold what it wants.
#include "exploration.hpp"
#include "support/rivals.hpp"

namespace tiebreak::test {

namespace {

constexpr int losses_before_it_holds = 3;

claim const every_winner_adds{"both accounts count the winners", [](order_result const& came) {
                                  return came.after.balance(1) == start_balance + came.winners() &&
                                         came.after.balance(2) == start_balance + came.winners();
                              }};

claim const the_outrun_fails{
    "who lost before loses the last attempt, too",
    [](order_result const& came) { return came.of("outrun").failure.has_value(); }};

claim runs_again_after(int losses)
{
    return {"the last attempt is the one after " + std::to_string(losses) + " losses",
            [=](order_result const& came) {
                return came.of("outrun").saw == std::vector<std::int64_t>{losses + 1};
            }};
}

class OutrunUnit : public interleaving_test {
protected:
    // Adds to both accounts. While it runs for the first `losses` times a writer that does not wait
    // changes the first, unless somebody holds it. Has one attempt more, and rests before it.
    session outrun(int losses)
    {
        return session("outrun", alone())
            .step("lose",
                  [=, this](stage& on) {
                      int runs = 0;
                      on.db().transact(
                          [&](unit_of_work& work) {
                              bool const is_last = ++runs > losses;
                              if (is_last) {
                                  on.saw(runs);
                                  on.pause(stage::inside::nothing);
                              }
                              auto& one = work.load<account>(1);
                              auto& other = work.load<account>(2);
                              if (is_last)
                                  on.pause(stage::inside::a_unit);
                              else
                                  change_at_once(1);
                              one.balance += 1;
                              other.balance += 1;
                          },
                          {.retry = retry_policy{.attempts_max = losses + 1},
                           .level = isolation::read_committed});
                  })
            .pause("run again");
    }

    // Nothing but the version, unless it would have to wait.
    void change_at_once(std::int64_t id)
    {
        (void)a_rival_writes<account>(fresh(), id, [](unit_of_work& work, account& row) {
            work.lock(row, lock_mode::optimistic_force_increment);
        });
    }

    void explore_against_a_rival(std::string form, int losses)
    {
        bool const holds = losses >= losses_before_it_holds;
        auto const adds_to_both = [](stage& on) {
            on.work().load<account>(1).balance += 1;
            on.work().load<account>(2).balance += 1;
        };
        explore({.anomaly = "outrun",
                 .form = std::move(form),
                 .is_control = !holds,
                 .before = two_accounts(),
                 .sessions =
                     [&] {
                         return std::vector{
                             outrun(losses).pause("commit"),
                             session("rival", in_unit(isolation::read_committed))
                                 .step("change", adds_to_both)
                                 .step("flush", [](stage& on) { on.work().flush(); })};
                     },
                 .goes_wrong = the_outrun_fails,
                 .is_permitted = !holds,
                 .always = {runs_again_after(losses),
                            every_winner_adds,
                            somebody_wins,
                            failures_are({errc::stale_version})},
                 .sometimes = {all_win, one_loses, somebody_waits}},
                isolation::read_committed);
    }

    static world two_accounts()
    {
        return {
            .accounts = {{.id = 1, .balance = start_balance}, {.id = 2, .balance = start_balance}}};
    }
};

TEST_P(OutrunUnit, WinsItsFourthAttemptWhateverARivalDoes)
{
    explore_against_a_rival("lost three times, holds what it is to write", 3);
}

TEST_P(OutrunUnit, LosesOnceMoreWhileItHoldsNothing)
{
    explore_against_a_rival("lost two times, holds nothing yet", 2);
}

TEST_P(OutrunUnit, HoldsInTheOrderInWhichOthersWrite)
{
    auto const adds_to = [](std::int64_t id) {
        return [=](stage& on) {
            on.work().load<account>(id).balance += 1;
            on.work().flush();
        };
    };
    explore({.anomaly = "deadlock",
             .form = "lost three times, while another writes the same rows",
             .before = two_accounts(),
             .sessions =
                 [&] {
                     return std::vector{outrun(losses_before_it_holds),
                                        session("rival", in_unit(isolation::read_committed))
                                            .step("write one", adds_to(1))
                                            .step("write the other", adds_to(2))};
                 },
             .goes_wrong = somebody_is_aborted,
             .always = {runs_again_after(losses_before_it_holds), every_winner_adds, all_win},
             .sometimes = {somebody_waits}},
            isolation::read_committed);
}

TIEBREAK_ON_SHARED_ENGINES(OutrunUnit);

}  // namespace

}  // namespace tiebreak::test
