// Two sessions, each of which holds what the other wants. The engine ends one of them, which runs
// again: right, and slow. A unit of work writes in an order in which this cannot come about.
#include "exploration.hpp"

namespace tiebreak::test {

namespace {

std::vector<account> const both_accounts{{.id = 1, .balance = 10}, {.id = 2, .balance = 10}};

class Deadlock : public interleaving_test {
protected:
    using make_session = std::function<session(std::string, std::int64_t, std::int64_t)>;

    struct kind {
        std::string form{};
        bool is_permitted = false;  // then the form is one that the library would not choose
        std::vector<claim> always{};
        std::vector<claim> sometimes{};
    };

    // A begins with account 1, B with account 2.
    void explore_crossed(kind how, isolation level, make_session const& make)
    {
        how.always.push_back(somebody_wins);
        explore({.anomaly = "deadlock",
                 .form = std::move(how.form),
                 .is_control = how.is_permitted,
                 .before = {.accounts = both_accounts},
                 .sessions =
                     [&] {
                         return std::vector{make("A", 1, 2), make("B", 2, 1)};
                     },
                 .goes_wrong = somebody_is_aborted,
                 .is_permitted = how.is_permitted && !is_sqlite(),
                 .always = std::move(how.always),
                 .sometimes = std::move(how.sometimes),
                 .has_one_outcome_because =
                     how.is_permitted && is_sqlite() ? "writers come one after the other" : ""},
                level);
    }

    static claim both_count()
    {
        return {"each account counts the winners", [](order_result const& came) {
                    return came.after.balance(1) == 10 + came.winners() &&
                           came.after.balance(2) == 10 + came.winners();
                }};
    }
};

TEST_P(Deadlock, LocksTakenCrosswiseEndOneOfTwo)
{
    for (auto const mode : {lock_mode::pessimistic_write, lock_mode::pessimistic_read}) {
        if (mode == lock_mode::pessimistic_read && !runs_all())
            continue;
        explore_crossed(
            {.form = std::string{mode == lock_mode::pessimistic_write ? "pessimistic_write"
                                                                      : "pessimistic_read"} +
                     ", crosswise",
             .is_permitted = true,
             .always = {both_count(), failures_are({errc::transaction_aborted})}},
            isolation::read_committed,
            [&](std::string name, std::int64_t first, std::int64_t second) {
                auto const locks = [=](std::int64_t id) {
                    return [=](stage& on) {
                        on.work().load<account>(id, mode).balance += 1;
                        on.work().flush();
                    };
                };
                return session(std::move(name), in_unit(isolation::read_committed))
                    .step("first", locks(first))
                    .step("second", locks(second));
            });
    }
}

TEST_P(Deadlock, SharedLocksOfOneRowEndOneOfTwoThatWriteIt)
{
    explore_crossed({.form = "pessimistic_read of one row, then written",
                     .is_permitted = true,
                     .always = {failures_are({errc::transaction_aborted}),
                                {"the account counts the winners",
                                 [](order_result const& came) {
                                     return came.after.balance(1) == 10 + came.winners();
                                 }}}},
                    isolation::read_committed,
                    [](std::string name, std::int64_t, std::int64_t) {
                        auto const mine = std::make_shared<account*>();
                        return session(std::move(name), in_unit(isolation::read_committed))
                            .step("hold",
                                  [=](stage& on) {
                                      *mine =
                                          &on.work().load<account>(1, lock_mode::pessimistic_read);
                                  })
                            .step("write", [=](stage& on) {
                                (*mine)->balance += 1;
                                on.work().flush();
                            });
                    });
}

TEST_P(Deadlock, AFlushWritesByKeySoWhoChangesCrosswiseQueues)
{
    explore_crossed({.form = "changes crosswise, one flush",
                     .always = {both_count(), failures_are({errc::stale_version})},
                     .sometimes = {all_win, one_loses}},
                    isolation::read_committed,
                    [](std::string name, std::int64_t first, std::int64_t second) {
                        return session(std::move(name), in_unit(isolation::read_committed))
                            .step("change",
                                  [=](stage& on) {
                                      on.work().load<account>(first).balance += 1;
                                      on.work().load<account>(second).balance += 1;
                                  })
                            .step("flush", [](stage& on) { on.work().flush(); });
                    });
}

TEST_P(Deadlock, AFlushVerifiesAndWritesInOneOrder)
{
    explore_crossed({.form = "writes one, verifies the other, crosswise",
                     .always = {failures_are({errc::stale_version})},
                     .sometimes = {one_loses}},
                    isolation::read_committed,
                    [](std::string name, std::int64_t first, std::int64_t second) {
                        return session(std::move(name), in_unit(isolation::read_committed))
                            .step("change",
                                  [=](stage& on) {
                                      on.work().load<account>(first).balance += 1;
                                      (void)on.work().load<account>(second, lock_mode::optimistic);
                                  })
                            .step("flush", [](stage& on) { on.work().flush(); });
                    });
}

claim const entries_count_the_winners{
    "entries and balance count the winners", [](order_result const& came) {
        return static_cast<std::int64_t>(came.after.entries.size()) == came.winners() &&
               came.after.balance(1) == 10 + came.winners();
    }};

// An entry points to its account: on MariaDB its insert holds the account's row shared.
TEST_P(Deadlock, InsertingBeforeTheCheckedWriteDeadlocksWhereAReferenceHoldsTheRow)
{
    auto const inserts_first = [](std::string name) {
        auto const mine = std::make_shared<account*>();
        return session(std::move(name), in_unit())
            .step("insert",
                  [=](stage& on) {
                      *mine = &on.work().load<account>(1);
                      on.work().insert(entry{.account_id = 1});
                  })
            .step("write", [=](stage& on) {
                (*mine)->balance += 1;
                on.work().flush();
            });
    };
    auto const version_first = [](std::string name) {
        return session(std::move(name), in_unit())
            .step("change",
                  [](stage& on) {
                      on.work().add(entry{.account_id = 1});
                      on.work().load<account>(1).balance += 1;
                  })
            .step("flush", [](stage& on) { on.work().flush(); });
    };
    auto const explore_order = [&](std::string form, bool is_control, auto const& make) {
        auto failures = std::vector{errc::stale_version};
        bool const is_permitted = is_control && is_mariadb();
        if (is_permitted)
            failures.push_back(errc::transaction_aborted);
        explore({.anomaly = "deadlock",
                 .form = std::move(form),
                 .is_control = is_control,
                 .before = {.accounts = both_accounts},
                 .sessions =
                     [&] {
                         return std::vector{make("A"), make("B")};
                     },
                 .goes_wrong = somebody_is_aborted,
                 .is_permitted = is_permitted,
                 .always = {entries_count_the_winners, failures_are(failures), somebody_wins}});
    };
    explore_order("insert first, then the row it points to", true, inserts_first);
    explore_order("version first, then what points to it", false, version_first);
}

TIEBREAK_ON_SHARED_ENGINES(Deadlock);

}  // namespace

}  // namespace tiebreak::test
