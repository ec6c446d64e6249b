// Sessions insert what may be there once. The unique key decides, and the others are told, whether
// they asked or commanded; without one, looking before inserting decides nothing.
#include "exploration.hpp"

namespace tiebreak::test {

namespace {

constexpr std::int64_t the_guest = 7;

claim const one_row_is_there{
    "one row is there, and who won has made it", [](order_result const& came) {
        return came.after.accounts.size() + came.after.bookings.size() == 1 && came.winners() == 1;
    }};
claim const two_rows_are_there{"two rows are there", [](order_result const& came) {
                                   return came.after.accounts.size() + came.after.bookings.size() >
                                          1;
                               }};
claim const the_first_gives_up{"the first gives up",
                               [](order_result const& came) { return came.of("A").gave_up; }};

class InsertAgainstInsert : public interleaving_test {
protected:
    using make_session = std::function<session(std::string)>;

    void explore_rivals(std::string form,
                        isolation level,
                        make_session const& make,
                        std::vector<errc> const& failures,
                        int number = 2)
    {
        explore({.anomaly = "insert against insert",
                 .form = std::move(form),
                 .sessions =
                     [&] {
                         std::vector<session> all;
                         for (char name = 'A'; number > name - 'A'; ++name)
                             all.push_back(make(std::string(1, name)));
                         return all;
                     },
                 .goes_wrong = two_rows_are_there,
                 .always = {one_row_is_there, failures_are(failures)}},
                level);
    }
};

TEST_P(InsertAgainstInsert, LookingFirstDecidesNothingWhereTheLevelPermitsIt)
{
    for (auto const level : levels()) {
        bool const is_permitted = !is_serializable(level);
        auto const looks_then_inserts = [&](std::string name, std::int64_t seat) {
            return session(std::move(name), in_unit(level))
                .step("look",
                      [](stage& on) {
                          if (on.work()
                                  .select<booking>()
                                  .where(field<&booking::guest> == the_guest)
                                  .exists())
                              (void)on.won(outcome::lost);
                      })
                .step("insert", [=](stage& on) {
                    if (!on.has_lost())
                        on.work().insert(booking{.room = 1, .seat = seat, .guest = the_guest});
                });
        };
        explore({.anomaly = "insert against insert",
                 .form = "look, then insert, no unique key",
                 .is_control = true,
                 .sessions =
                     [&] {
                         return std::vector{looks_then_inserts("A", 1), looks_then_inserts("B", 2)};
                     },
                 .goes_wrong = two_rows_are_there,
                 .is_permitted = is_permitted,
                 .always = {failures_are(at(level, {})), somebody_wins}},
                level);
    }
}

TEST_P(InsertAgainstInsert, AUniqueKeyTellsWhoWasLate)
{
    for (auto const level : levels()) {
        explore_rivals(
            "insert under a unique key",
            level,
            [&](std::string name) {
                return session(std::move(name), in_unit(level))
                    .step("look", [](stage& on) { (void)on.work().find<account>(1); })
                    .step("insert", [](stage& on) {
                        on.work().insert(booking{.room = 1, .seat = 1, .guest = the_guest});
                    });
            },
            at(level, {errc::already_exists}));
        explore_rivals(
            "add under a key of one's own",
            level,
            [&](std::string name) {
                return session(std::move(name), in_unit(level)).step("add", [](stage& on) {
                    on.work().add(account{.id = 7});
                });
            },
            at(level, {errc::already_exists}));
    }
}

TEST_P(InsertAgainstInsert, WhoAsksIsAnswered)
{
    auto const asks = [](auto ask) {
        return [=](std::string name) {
            return session(std::move(name), alone()).step("ask", [=](stage& on) {
                (void)on.won(ask(on));
            });
        };
    };
    explore_rivals("insert_if_absent",
                   isolation::engine_default,
                   asks([](stage& on) {
                       booking mine{.room = 1, .seat = 1, .guest = the_guest};
                       return repository<booking>(on.db()).insert_if_absent(mine);
                   }),
                   {},
                   3);
    explore_rivals("upsert_if none is there",
                   isolation::engine_default,
                   asks([](stage& on) {
                       account mine{.id = 7};
                       return repository<account>(on.db()).upsert_if(mine,
                                                                     std::optional<version>{});
                   }),
                   {},
                   3);
    for (auto const level : levels())
        explore_rivals(
            "insert_if_absent in a unit",
            level,
            [&](std::string name) {
                return session(std::move(name), in_unit(level))
                    .step("look", [](stage& on) { (void)on.work().find<account>(1); })
                    .step("claim", [](stage& on) {
                        booking mine{.room = 1, .seat = 1, .guest = the_guest};
                        (void)on.won(repository<booking>(on.work()).insert_if_absent(mine));
                    });
            },
            at(level, {}));
}

// The others wait for the first, and get what it did not keep. On MariaDB each of them holds the
// key shared after the wait and wants it alone: a deadlock, of which one survives.
TEST_P(InsertAgainstInsert, WhenTheFirstGivesUpOneOfTheOthersWins)
{
    auto const inserts = [](std::string name, std::int64_t guest) {
        return session(std::move(name), in_unit()).step("insert", [=](stage& on) {
            on.work().insert(booking{.room = 1, .seat = 1, .guest = guest});
        });
    };
    auto failures = std::vector{errc::already_exists};
    if (is_mariadb())
        failures.push_back(errc::transaction_aborted);
    explore({.anomaly = "insert against insert",
             .form = "insert under a unique key, the first gives up",
             .sessions =
                 [&] {
                     return std::vector{
                         session("A", in_unit())
                             .step("insert",
                                   [](stage& on) {
                                       on.work().insert(booking{.room = 1, .seat = 1, .guest = 1});
                                   })
                             .give_up(),
                         inserts("B", 2),
                         inserts("C", 3)};
                 },
             .goes_wrong = two_rows_are_there,
             .always = {one_row_is_there, failures_are(failures)},
             .sometimes = {the_first_gives_up}});
}

TIEBREAK_ON_SHARED_ENGINES(InsertAgainstInsert);

}  // namespace

}  // namespace tiebreak::test
