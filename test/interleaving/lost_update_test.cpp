// Two sessions add one to the same account. However their steps fall, an addition that was
// acknowledged is there in the end, with every strategy; without a check it is not.
#include "exploration.hpp"

namespace tiebreak::test {

namespace {

// The same rows, without the version.
struct unchecked_account {
    std::int64_t id = 0;
    std::int64_t balance = 0;
    std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(unchecked_account, (), (id, balance, version))

constexpr auto mapping_of(unchecked_account const*)
{
    return map<unchecked_account>("accounts", key<&unchecked_account::id>);
}

claim const update_is_lost{"an acknowledged update is lost", [](order_result const& came) {
                               return came.after.balance() != start_balance + came.winners();
                           }};

// Finds the account and adds to it in one unit.
session adds(std::string name, place_of_steps where, lock_request lock = {})
{
    auto const mine = std::make_shared<account*>();
    return session(std::move(name), where)
        .step("read",
              [=](stage& on) {
                  *mine = &on.work().load<account>(1, lock);
                  on.saw((*mine)->balance);
              })
        .step("write", [=](stage& on) {
            (*mine)->balance += 1;
            on.work().flush();
        });
}

// The same, but the lock is taken on the row that was read before.
session reads_then_locks(std::string name, place_of_steps where, lock_request lock)
{
    auto const mine = std::make_shared<account*>();
    return session(std::move(name), where)
        .step("read",
              [=](stage& on) {
                  *mine = &on.work().load<account>(1);
                  on.saw((*mine)->balance);
              })
        .step("lock", [=](stage& on) { on.work().lock(**mine, lock); })
        .step("write", [=](stage& on) {
            (*mine)->balance += 1;
            on.work().flush();
        });
}

class LostUpdate : public interleaving_test {
protected:
    using make_session = std::function<session(std::string)>;

    // Two alike.
    void explore_two(std::string form,
                     isolation level,
                     make_session const& make,
                     std::vector<claim> always,
                     std::vector<claim> sometimes,
                     bool is_control = false,
                     bool is_permitted = false)
    {
        always.push_back(somebody_wins);
        explore({.anomaly = "lost update",
                 .form = std::move(form),
                 .is_control = is_control,
                 .before = {.accounts = {{.id = 1, .balance = start_balance}}},
                 .sessions =
                     [&] {
                         return std::vector{make("A"), make("B")};
                     },
                 .goes_wrong = update_is_lost,
                 .is_permitted = is_permitted,
                 .always = std::move(always),
                 .sometimes = std::move(sometimes)},
                level);
    }

    // Units with checked writes: who loses is told so, unless nobody can.
    void explore_checked(std::string form,
                         isolation level,
                         make_session const& make,
                         errc told = errc::stale_version)
    {
        if (is_serial(level))
            return explore_two(std::move(form), level, make, {every_winner_counts, all_win}, {});
        explore_two(std::move(form),
                    level,
                    make,
                    {every_winner_counts, failures_are(at(level, {told}))},
                    {all_win, one_loses});
    }

    // Units that lock what they read: nobody loses, but where the engine compares snapshots.
    void explore_locked(std::string form, isolation level, make_session const& make)
    {
        bool const compares_snapshots =
            (db().engine() == "postgresql" && level >= isolation::repeatable_read) ||
            (is_mariadb() && level == isolation::serializable);
        if (!compares_snapshots)
            return explore_two(std::move(form), level, make, {every_winner_counts, all_win}, {});
        explore_two(std::move(form),
                    level,
                    make,
                    {every_winner_counts, failures_are({errc::transaction_aborted})},
                    {all_win, one_loses});
    }

    void explore_unchecked(std::string form, isolation level, make_session const& make)
    {
        bool const is_permitted = level == isolation::read_committed;
        explore_two(
            std::move(form), level, make, {failures_are(at(level, {}))}, {}, true, is_permitted);
    }
};

TEST_P(LostUpdate, CheckedWritesLoseNothing)
{
    for (auto const level : levels())
        explore_checked(
            "checked write", level, [&](auto name) { return adds(name, in_unit(level)); });
}

TEST_P(LostUpdate, ChangesWrittenAtTheCommitLoseNothing)
{
    for (auto const level : levels())
        explore_checked("checked write at the commit", level, [&](auto name) {
            auto const mine = std::make_shared<account*>();
            return session(name, in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *mine = &on.work().load<account>(1);
                          on.saw((*mine)->balance);
                      })
                .step("change", [=](stage&) { (*mine)->balance += 1; });
        });
}

TEST_P(LostUpdate, OptimisticLocksLoseNothing)
{
    for (auto const level : levels()) {
        explore_checked("optimistic", level, [&](auto name) {
            return adds(name, in_unit(level), lock_mode::optimistic);
        });
        explore_checked("optimistic_force_increment", level, [&](auto name) {
            return adds(name, in_unit(level), lock_mode::optimistic_force_increment);
        });
    }
}

TEST_P(LostUpdate, UnitsThatLockWhatTheyReadAllWin)
{
    for (auto const level : levels()) {
        explore_locked("pessimistic_write", level, [&](auto name) {
            return adds(name, in_unit(level), lock_mode::pessimistic_write);
        });
        explore_locked("pessimistic_force_increment", level, [&](auto name) {
            return adds(name, in_unit(level), lock_mode::pessimistic_force_increment);
        });
        explore_locked(
            "pessimistic unit", level, [&](auto name) { return adds(name, in_unit(level, true)); });
    }
}

TEST_P(LostUpdate, ALockOnARowReadBeforeComparesVersions)
{
    for (auto const level : levels()) {
        explore_checked("read, then pessimistic_write", level, [&](auto name) {
            return reads_then_locks(name, in_unit(level), lock_mode::pessimistic_write);
        });
        if (!runs_all())
            continue;
        explore_checked("read, then pessimistic_force_increment", level, [&](auto name) {
            return reads_then_locks(name, in_unit(level), lock_mode::pessimistic_force_increment);
        });
    }
}

TEST_P(LostUpdate, SharedLocksThatAreUpgradedEndOneOfTwo)
{
    for (auto const level : levels()) {
        auto const make = [&](auto name) {
            return adds(name, in_unit(level), lock_mode::pessimistic_read);
        };
        if (is_sqlite())
            explore_locked("pessimistic_read", level, make);
        else
            explore_two("pessimistic_read",
                        level,
                        make,
                        {every_winner_counts, failures_are({errc::transaction_aborted})},
                        {all_win, one_loses});
    }
}

TEST_P(LostUpdate, RepositoriesAnswerWhoLost)
{
    auto const one_of_two = [&](std::string form, make_session const& make, claim failures) {
        explore_two(std::move(form),
                    isolation::engine_default,
                    make,
                    {every_winner_counts, std::move(failures)},
                    {all_win, one_loses});
    };
    auto const reads = [](auto name, auto write) {
        auto const mine = std::make_shared<account>();
        return session(name, alone())
            .step("read",
                  [=](stage& on) {
                      *mine = repository<account>(on.db()).find(1).value();
                      on.saw(mine->balance);
                  })
            .step("write", [=](stage& on) {
                mine->balance += 1;
                write(on, repository<account>(on.db()), *mine);
            });
    };
    one_of_two(
        "save of a detached object",
        [&](auto name) {
            return reads(name, [](stage&, auto rows, account& changed) { rows.save(changed); });
        },
        failures_are({errc::precondition_failed}));
    one_of_two(
        "update_if version",
        [&](auto name) {
            return reads(name, [](stage& on, auto rows, account const& changed) {
                (void)on.won(rows.update_if(
                    1, changed.version, field<& account::balance> = changed.balance));
            });
        },
        failures_are({}));
    one_of_two(
        "update_if the value is as read",
        [&](auto name) {
            return reads(name, [](stage& on, auto rows, account const& changed) {
                (void)on.won(rows.update_if(1,
                                            field<&account::balance> == changed.balance - 1,
                                            field<& account::balance> = changed.balance));
            });
        },
        failures_are({}));
}

TEST_P(LostUpdate, ConditionalChangesInAUnitLoseNothing)
{
    for (auto const level : levels()) {
        explore_checked("update_if in a unit", level, [&](auto name) {
            auto const mine = std::make_shared<account>();
            return session(name, in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *mine = repository<account>(on.work()).find(1).value();
                          on.saw(mine->balance);
                      })
                .step("write", [=](stage& on) {
                    (void)on.won(repository<account>(on.work()).update_if(
                        1, mine->version, field<& account::balance> = mine->balance + 1));
                });
        });
        auto const merges = [&](auto name) {
            auto const mine = std::make_shared<account>();
            return session(name, in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *mine = repository<account>(on.work()).find(1).value();
                          on.saw(mine->balance);
                      })
                .step("merge",
                      [=](stage& on) {
                          mine->balance += 1;
                          (void)on.work().merge(*mine);
                      })
                .step("write", [=](stage& on) { on.work().flush(); });
        };
        explore_checked("detached object merged", level, merges, errc::precondition_failed);
    }
}

TEST_P(LostUpdate, OfManyConditionalChangesSoManySucceedAsTheStockAllows)
{
    auto const takes = [](auto name) {
        return session(name, alone()).step("take", [](stage& on) {
            (void)on.won(repository<account>(on.db()).update_if(
                1, field<&account::balance> > 0, field<& account::balance> -= 1));
        });
    };
    explore({.anomaly = "lost update",
             .form = "update_if there is stock",
             .before = {.accounts = {{.id = 1, .balance = 2}}},
             .sessions =
                 [&] {
                     return std::vector{takes("A"), takes("B"), takes("C")};
                 },
             .goes_wrong = {"more is taken than there was, or less than asked for",
                            [](order_result const& came) {
                                return came.winners() != 2 || came.after.balance() != 0;
                            }},
             .always = {{"every winner is a version",
                         [](order_result const& came) {
                             return came.after.version() == 1 + came.winners();
                         }},
                        failures_are({})}});
}

TEST_P(LostUpdate, WithoutACheckUpdatesAreLostWhereTheLevelPermitsIt)
{
    auto const select = select_balance(1);
    auto const update = update_balance(1);
    for (auto const level : levels()) {
        explore_unchecked("own SQL", level, [&](auto name) {
            auto const mine = std::make_shared<std::int64_t>();
            return session(name, in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *mine = on.work().query<std::int64_t>(select).at(0);
                          on.saw(*mine);
                      })
                .step("write", [=](stage& on) { on.work().execute(update, *mine + 1); });
        });
        explore_unchecked("entity without version", level, [&](auto name) {
            auto const mine = std::make_shared<unchecked_account*>();
            return session(name, in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *mine = &on.work().load<unchecked_account>(1);
                          on.saw((*mine)->balance);
                      })
                .step("write", [=](stage& on) {
                    (*mine)->balance += 1;
                    on.work().flush();
                });
        });
    }
}

TIEBREAK_ON_SHARED_ENGINES(LostUpdate);

}  // namespace

}  // namespace tiebreak::test
