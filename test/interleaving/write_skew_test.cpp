// Two accounts of which one must stay open. Each session sees both open and closes its own: each
// writes a row that the other has only read. No check of the rows written can tell; a check or a
// lock of the rows read can.
#include "exploration.hpp"

namespace tiebreak::test {

namespace {

constexpr std::int64_t is_open = 1;

claim const both_are_closed{"both are closed", [](order_result const& came) {
                                return came.after.balance(1) + came.after.balance(2) == 0;
                            }};
claim const rows_are_the_winners{"who won has closed its own account, and nobody else has",
                                 [](order_result const& came) {
                                     return came.of("A").won() == (came.after.balance(1) == 0) &&
                                            came.of("B").won() == (came.after.balance(2) == 0);
                                 }};

struct form {
    std::string name{};
    lock_request own{};
    lock_request other{};
    bool pessimistic = false;
};

// Reads both by key, so that locks are taken in one order.
session closes(std::string name, std::int64_t id, form const& how, isolation level)
{
    auto const mine = std::make_shared<account*>();
    auto const open = std::make_shared<std::int64_t>(0);
    return session(std::move(name), in_unit(level, how.pessimistic))
        .step("read",
              [=](stage& on) {
                  for (std::int64_t const each : {1, 2}) {
                      auto& found = on.work().load<account>(each, each == id ? how.own : how.other);
                      *open += found.balance;
                      if (each == id)
                          *mine = &found;
                  }
                  on.saw(*open);
              })
        .step("close", [=](stage& on) {
            if (*open < 2)
                return static_cast<void>(on.won(outcome::lost));
            (*mine)->balance = 0;
            on.work().flush();
        });
}

session closes_unchecked(std::string name,
                         std::string const& count,
                         std::string const& update,
                         isolation level)
{
    auto const open = std::make_shared<std::int64_t>(0);
    return session(std::move(name), in_unit(level))
        .step("read",
              [=](stage& on) {
                  *open = on.work().query<std::int64_t>(count).at(0);
                  on.saw(*open);
              })
        .step("close", [=](stage& on) {
            if (*open < 2)
                return static_cast<void>(on.won(outcome::lost));
            on.work().execute(update, 0);
        });
}

class WriteSkew : public interleaving_test {
protected:
    void explore_both(std::string form,
                      isolation level,
                      std::function<session(std::string, std::int64_t)> const& make,
                      bool is_control,
                      std::vector<claim> always)
    {
        bool const is_permitted = is_control && !is_serializable(level);
        always.push_back(rows_are_the_winners);
        if (!is_permitted)
            always.push_back(so_many_win(1));
        explore(
            {.anomaly = "write skew",
             .form = std::move(form),
             .is_control = is_control,
             .before = {.accounts = {{.id = 1, .balance = is_open}, {.id = 2, .balance = is_open}}},
             .sessions =
                 [&] {
                     return std::vector{make("A", 1), make("B", 2)};
                 },
             .goes_wrong = both_are_closed,
             .is_permitted = is_permitted,
             .always = std::move(always)},
            level);
    }

    void explore_form(form const& how,
                      isolation level,
                      std::vector<errc> const& failures,
                      bool is_control = false)
    {
        explore_both(how.name,
                     level,
                     [&](std::string name, std::int64_t id) {
                         return closes(std::move(name), id, how, level);
                     },
                     is_control,
                     {failures_are(is_serial(level) ? std::vector<errc>{} : failures)});
    }
};

TEST_P(WriteSkew, WithoutACheckOfWhatWasReadBothCloseWhereTheLevelPermitsIt)
{
    auto const count_open =
        "SELECT COUNT(*) FROM " + table_of<account>(db()) + " WHERE balance = 1";
    for (auto const level : levels()) {
        explore_both("own SQL",
                     level,
                     [&](std::string name, std::int64_t id) {
                         return closes_unchecked(
                             std::move(name), count_open, update_balance(id), level);
                     },
                     true,
                     {failures_are(at(level, {}))});
        explore_form({.name = "checked write, the row read is not"}, level, at(level, {}), true);
    }
}

TEST_P(WriteSkew, AnOptimisticLockOnTheRowReadTellsOneOfTwo)
{
    for (auto const level : levels()) {
        explore_form({.name = "optimistic on the row read", .other = lock_mode::optimistic},
                     level,
                     at(level, {errc::stale_version}));
        explore_form({.name = "optimistic_force_increment on the row read",
                      .other = lock_mode::optimistic_force_increment},
                     level,
                     at(level, {errc::stale_version}));
    }
}

TEST_P(WriteSkew, LocksOnAllRowsReadLetOneDecideAfterTheOther)
{
    for (auto const level : levels()) {
        explore_form({.name = "pessimistic_write",
                      .own = lock_mode::pessimistic_write,
                      .other = lock_mode::pessimistic_write},
                     level,
                     at(level, {}));
        explore_form({.name = "pessimistic_force_increment",
                      .own = lock_mode::pessimistic_force_increment,
                      .other = lock_mode::pessimistic_force_increment},
                     level,
                     at(level, {}));
        if (!runs_all())
            continue;
        explore_form({.name = "pessimistic unit", .pessimistic = true}, level, at(level, {}));
    }
}

TEST_P(WriteSkew, SharedLocksOnAllRowsReadEndOneOfTwo)
{
    for (auto const level : levels())
        explore_form({.name = "pessimistic_read",
                      .own = lock_mode::pessimistic_read,
                      .other = lock_mode::pessimistic_read},
                     level,
                     is_sqlite() ? std::vector<errc>{}
                                 : std::vector<errc>{errc::transaction_aborted});
}

TIEBREAK_ON_SHARED_ENGINES(WriteSkew);

}  // namespace

}  // namespace tiebreak::test
