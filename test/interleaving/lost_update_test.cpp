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

constexpr std::int64_t start_balance = 10;

claim const every_winner_counts{"balance and version count the winners",
                                [](order_result const& came) {
                                    return came.after.balance() == start_balance + came.winners() &&
                                           came.after.version() == 1 + came.winners();
                                }};
claim const somebody_wins{"somebody wins",
                          [](order_result const& came) { return came.winners() >= 1; }};
claim const one_loses{"one loses", [](order_result const& came) { return came.winners() == 1; }};
claim const all_win{"all win", [](order_result const& came) { return came.all_won(); }};
claim const update_is_lost{"lost update", [](order_result const& came) {
                               return came.after.balance() < start_balance + came.winners();
                           }};
claim const no_update_is_lost{"no acknowledged update is lost", [](order_result const& came) {
                                  return came.after.balance() == start_balance + came.winners();
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

    // Two alike; `always` beside what is always claimed.
    void explore_two(std::string name,
                     isolation level,
                     make_session const& make,
                     std::vector<claim> always,
                     std::vector<claim> sometimes)
    {
        always.push_back(somebody_wins);
        explore({.name = "lost update: " + std::move(name),
                 .before = {.accounts = {{.id = 1, .balance = start_balance}}},
                 .sessions =
                     [&] {
                         return std::vector{make("A"), make("B")};
                     },
                 .always = std::move(always),
                 .sometimes = std::move(sometimes)},
                level);
    }

    // A unit on SQLite at this level holds the turn from its first statement.
    [[nodiscard]] bool is_serial(isolation level)
    {
        return is_sqlite() && level >= isolation::repeatable_read;
    }

    // Units with checked writes: who loses is told so, unless nobody can.
    void explore_checked(std::string name,
                         isolation level,
                         make_session const& make,
                         errc told = errc::stale_version)
    {
        if (is_serial(level))
            return explore_two(std::move(name), level, make, {every_winner_counts, all_win}, {});
        explore_two(std::move(name),
                    level,
                    make,
                    {every_winner_counts, failures_at(level, told)},
                    {all_win, one_loses});
    }

    // Units that lock what they read: nobody loses, but where the engine compares snapshots.
    void explore_locked(std::string name, isolation level, make_session const& make)
    {
        bool const compares_snapshots =
            (db().engine() == "postgresql" && level >= isolation::repeatable_read) ||
            (is_mariadb() && level == isolation::serializable);
        if (!compares_snapshots)
            return explore_two(std::move(name), level, make, {every_winner_counts, all_win}, {});
        explore_two(std::move(name),
                    level,
                    make,
                    {every_winner_counts, failures_are({errc::transaction_aborted})},
                    {all_win, one_loses});
    }

    static claim failures_at(isolation level, errc told)
    {
        if (level >= isolation::repeatable_read)
            return failures_are({told, errc::transaction_aborted});
        return failures_are({told});
    }

    // Where an unchecked write over an old read is let through.
    [[nodiscard]] bool is_permitted(isolation level) { return level == isolation::read_committed; }

    void explore_unchecked(std::string name, isolation level, make_session const& make)
    {
        if (is_permitted(level))
            explore_two(std::move(name), level, make, {}, {update_is_lost, no_update_is_lost});
        else
            explore_two(std::move(name),
                        level,
                        make,
                        {no_update_is_lost, failures_are({errc::transaction_aborted})},
                        {});
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
    auto const one_of_two = [&](std::string name, make_session const& make, claim failures) {
        explore_two(std::move(name),
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
    explore({.name = "last piece: update_if stock",
             .before = {.accounts = {{.id = 1, .balance = 2}}},
             .sessions =
                 [&] {
                     return std::vector{takes("A"), takes("B"), takes("C")};
                 },
             .always = {{"two of three win, and nothing is left",
                         [](order_result const& came) {
                             return came.winners() == 2 && came.after.balance() == 0 &&
                                    came.after.version() == 3;
                         }},
                        failures_are({})}});
}

TEST_P(LostUpdate, WithoutACheckUpdatesAreLostWhereTheLevelPermitsIt)
{
    auto const select = "SELECT balance FROM " + table_of<account>(db()) + " WHERE id = 1";
    auto const update = "UPDATE " + table_of<account>(db()) +
                        " SET balance = " + placeholder(db(), 1) + " WHERE id = 1";
    for (auto const level : levels()) {
        explore_unchecked("UNCHECKED own SQL", level, [&](auto name) {
            auto const mine = std::make_shared<std::int64_t>();
            return session(name, in_unit(level))
                .step("read",
                      [=](stage& on) {
                          *mine = on.work().query<std::int64_t>(select).at(0);
                          on.saw(*mine);
                      })
                .step("write", [=](stage& on) { on.work().execute(update, *mine + 1); });
        });
        explore_unchecked("UNCHECKED entity without version", level, [&](auto name) {
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
